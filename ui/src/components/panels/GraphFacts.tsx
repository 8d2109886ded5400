import { useEffect, useState } from "react";
import type { VersionResource } from "../../contract/api";
import { useEditor, useGraph, useShown } from "../../hooks/editor";
import { api } from "../../session/api";
import { complain } from "../../store/editor";
import { ago } from "./GraphsPanel";

/** The graph as a whole: how large it is, what it takes and gives, its history. */
export function GraphFacts() {
  const [nodes, edges] = [useGraph((view) => view.nodes.size), useGraph((view) => view.edges.size)];
  const [inputs, outputs] = [useGraph((view) => view.inputs), useGraph((view) => view.outputs)];
  return (
    <div className="inspector">
      <h2>Graph</h2>
      <dl className="figures">
        <dt>Nodes</dt>
        <dd>{nodes}</dd>
        <dt>Edges</dt>
        <dd>{edges}</dd>
      </dl>
      <Names title="Takes" names={[...inputs.values()].map(({ name, node, param }) => [name, `${node}.${param}`])} />
      <Names title="Gives" names={[...outputs.values()].map(({ name, node, port }) => [name, `${node}.${port}`])} />
      <History />
    </div>
  );
}

function Names({ title, names }: { title: string; names: readonly [string, string][] }) {
  if (names.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul className="names">
        {names.map(([name, place]) => (
          <li key={name}>
            <b>{name}</b> <small>{place}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

function History() {
  const editor = useEditor();
  const [versions, setVersions] = useState<readonly VersionResource[]>([]);
  const size = useGraph((view) => view);
  const changes = useShown((shown) => shown.changes);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the graph may have made a version
  useEffect(() => {
    const timer = setTimeout(() => {
      void api.versions(editor.graphId).then(
        ({ versions }) => setVersions(versions),
        () => undefined,
      );
    }, 500);
    return () => clearTimeout(timer);
  }, [editor, size, changes]);
  const restore = (version: number) => {
    void api.restore(editor.graphId, version).catch((error) => complain("Not restored", error));
  };
  return (
    <section>
      <h2>History</h2>
      <SaveAs />
      <ul className="versions">
        {versions.slice(0, 30).map((version, index) => (
          <li key={version.version} data-saved={version.saved !== null}>
            <b>{version.version}</b>
            <span>{summary(version)}</span>
            <small>{ago(version.at)}</small>
            {index > 0 && (
              <button type="button" className="link" onClick={() => restore(version.version)}>
                Restore
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Marks the graph as it is, with a name to find it by. */
function SaveAs() {
  const editor = useEditor();
  const [label, setLabel] = useState("");
  const save = () => void editor.save(label.trim() || null).then(() => setLabel(""));
  return (
    <form
      className="save-as"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <input
        aria-label="Name of this version"
        placeholder="Name this version"
        maxLength={200}
        value={label}
        onChange={(event) => setLabel(event.target.value)}
        onKeyDown={(event) => event.stopPropagation()}
      />
      <button type="submit" className="button">
        Save
      </button>
    </form>
  );
}

function summary({ changes, saved, restored, user }: VersionResource): string {
  if (saved) return saved.label ?? "saved";
  if (restored !== null) return `back to ${restored}`;
  const [first] = Object.keys(changes);
  const words = first ? first.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase() : "changed";
  return user && user !== "anybody" ? `${words}, ${user}` : words;
}
