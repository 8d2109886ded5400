import type { TargetPort } from "../../graph/catalogue";
import { connect, edgeOf, verdicts } from "../../graph/connect";
import type { Change, GraphView, NodeView } from "../../graph/model";
import { edgesInto } from "../../graph/wiring";
import { useEditor, useGraph } from "../../hooks/editor";
import type { Editor } from "../../store/editor";
import { label, typeColor } from "../node/appearance";

/** What feeds a node, to be chosen from all that fits: connecting without a pointer. */
export function Inputs({ node }: { node: NodeView }) {
  const editor = useEditor();
  const view = useGraph((all) => all);
  const ports = editor.catalogue
    .targets(node.type)
    .filter((port) => port.param === null || edgesInto(view, node.id, port.name).length > 0);
  if (ports.length === 0) return null;
  return (
    <section>
      <h2>Fed by</h2>
      {ports.map((port) => (
        <Input key={port.name} node={node} port={port} view={view} />
      ))}
    </section>
  );
}

function Input({ node, port, view }: { node: NodeView; port: TargetPort; view: GraphView }) {
  const editor = useEditor();
  const edges = edgesInto(view, node.id, port.name);
  const sources = sourcesFor(editor, view, node.id, port.name);
  const current = port.list ? "" : edges[0] ? `${edges[0].source}\n${edges[0].sourcePort}` : "";
  const choose = (value: string) => {
    const [source = "", sourcePort = ""] = value.split("\n");
    const removal = edges.map((edge): Change => ({ op: "edge.delete", key: edge.key }));
    const edge = edgeOf({ node: source, port: sourcePort }, { node: node.id, port: port.name });
    editor.edit(value === "" ? removal : connect(view, editor.catalogue, edge));
  };
  return (
    <label className="fed">
      <i style={{ background: typeColor(port.type) }} />
      <span>
        {label(port.name)}
        {port.list && edges.length > 0 && <small> {edges.length}</small>}
      </span>
      <select value={current} onChange={(event) => choose(event.target.value)}>
        <option value="">{port.list ? (edges.length > 0 ? "add, or take all off" : "nothing") : "nothing"}</option>
        {sources.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

function sourcesFor(editor: Editor, view: GraphView, node: string, port: string): { value: string; title: string }[] {
  const judge = verdicts(view, editor.catalogue, { node, port, side: "target" });
  return [...view.nodes.values()].flatMap((other) => {
    const spec = editor.catalogue.get(other.type);
    return (spec?.outputs ?? [])
      .filter((output) => judge(other.id, output.name).ok)
      .map((output) => ({
        value: `${other.id}\n${output.name}`,
        title: `${other.title ?? spec?.title} (${other.id}) · ${label(output.name)}`,
      }));
  });
}
