import { Columns2, Download } from "lucide-react";
import { useState } from "react";
import type { OutputResource } from "../../contract/api";
import { outerNode } from "../../graph/subgraphs";
import { useEditor, useGraph, useShown } from "../../hooks/editor";
import { selectOnly } from "../../store/canvas";
import { COMMANDS } from "../../store/commands";
import { pictureUrl } from "../../store/runs";
import { ui } from "../../store/ui";
import { isReadable, useOutputText } from "../node/useOutputText";
import { LongText } from "./LongText";

/** What the shown execution gave. Two pictures can be compared. */
export function OutputsPanel() {
  const outputs = useShown((shown) => shown.outputs);
  const status = useShown((shown) => shown.status);
  const [first, setFirst] = useState<{ url: string; title: string } | null>(null);
  const entries = Object.entries(outputs);
  if (entries.length === 0) {
    return (
      <p className="empty">{status ? "This run has given nothing yet." : "Run the graph to see what it gives."}</p>
    );
  }
  return (
    <div className="outputs">
      {first && <p className="hint">Choose what to compare “{first.title}” with.</p>}
      {entries.map(([name, output]) => (
        <Output
          key={name}
          name={name}
          output={output}
          onCompare={(picture) => {
            if (first) ui.setState({ viewer: { ...first, other: picture } });
            setFirst(first ? null : picture);
          }}
        />
      ))}
    </div>
  );
}

interface OutputProps {
  name: string;
  output: OutputResource;
  onCompare: (picture: { url: string; title: string }) => void;
}

function Output({ name, output, onCompare }: OutputProps) {
  const url = pictureUrl(output);
  return (
    <figure className="output">
      {url ? (
        <button
          type="button"
          className="output-picture"
          aria-label={`${name}, larger`}
          onClick={() => ui.setState({ viewer: { url, title: name } })}
        >
          <img src={url} alt={`Output ${name}`} loading="lazy" decoding="async" />
        </button>
      ) : (
        <OutputValue name={name} output={output} />
      )}
      <figcaption>
        <NodeLink output={output} name={name} />
        <small>{output.type}</small>
        <span className="topbar-gap" />
        {url && (
          <button
            type="button"
            className="icon-button"
            aria-label={`Compare ${name}`}
            title="Compare"
            onClick={() => onCompare({ url, title: name })}
          >
            <Columns2 size={14} />
          </button>
        )}
        <a
          className="icon-button"
          // The picture that is saved carries its graph; a file is what it is.
          href={url === null ? output.url : url === output.url ? `${url}?graph=true` : url}
          download={name}
          aria-label={`Download ${name}`}
          title="Download"
        >
          <Download size={14} />
        </a>
      </figcaption>
    </figure>
  );
}

function NodeLink({ output, name }: { output: OutputResource; name: string }) {
  const editor = useEditor();
  // What gives it may stand within a node that is a graph itself.
  const node = useGraph((view) => outerNode(output.node, view.nodes));
  if (node === null) return <b>{name}</b>;
  const show = () => {
    selectOnly(editor.canvas, new Set([node]));
    COMMANDS["fit.selection"]?.(editor);
  };
  return (
    <button type="button" className="link" title="Show the node" onClick={show}>
      {name}
    </button>
  );
}

function OutputValue({ name, output }: Pick<OutputProps, "name" | "output">) {
  // Tables, sounds and conditionings lie in the arena as Arrow streams: their bytes' count says nothing.
  if (output.type === "TABLE" || output.type === "AUDIO" || output.type === "CONDITIONING")
    return <pre className="value">An Arrow stream, to be downloaded</pre>;
  if (output.shape) return <pre className="value">{`${output.dtype ?? "tensor"} [${output.shape.join(" × ")}]`}</pre>;
  if (output.value === undefined && !output.items && isReadable(output.type))
    return <ReadValue name={name} url={output.url} />;
  if (output.value === undefined && output.items) return <pre className="value">{`${output.items.length} items`}</pre>;
  const text = typeof output.value === "string" ? output.value : JSON.stringify(output.value, null, 2);
  return (
    <LongText className="value" name={`Output ${name}`}>
      {text ?? "–"}
    </LongText>
  );
}

/** Of what a graph around ran only the address is known. */
function ReadValue({ name, url }: { name: string; url: string }) {
  return (
    <LongText className="value" name={`Output ${name}`}>
      {useOutputText(url) ?? "–"}
    </LongText>
  );
}
