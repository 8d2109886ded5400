import type { Change, NodeView } from "../../graph/model";
import { edgesInto } from "../../graph/wiring";
import { useCanvas, useEditor, useGraph, useNodeRun } from "../../hooks/editor";
import { duration, label } from "../node/appearance";
import { ParamField } from "../widgets/ParamField";
import { Exposure } from "./Exposure";
import { GraphFacts } from "./GraphFacts";
import { Inputs } from "./Inputs";
import { Logs } from "./Logs";
import { Policy } from "./Policy";

/** The node that is selected: parameters, how it is run, what it told. Without one, the graph itself. */
export function Inspector() {
  const picked = useCanvas((state) => {
    const ids = state.nodes.filter((node) => node.selected && node.type === "node").map((node) => node.id);
    return ids.length > 1 ? `+${ids.length}` : (ids[0] ?? "");
  });
  const node = useGraph((view) => view.nodes.get(picked));
  if (picked.startsWith("+") && !node) return <p className="empty">{picked.slice(1)} nodes are selected.</p>;
  return node ? <NodeFacts key={node.id} node={node} /> : <GraphFacts />;
}

function NodeFacts({ node }: { node: NodeView }) {
  const editor = useEditor();
  const spec = editor.catalogue.get(node.type);
  const edges = useGraph((view) => edgesInto(view, node.id));
  const connected = new Set(edges.map((edge) => edge.targetPort));
  const set = (fields: Extract<Change, { op: "node.set" }>["fields"]) =>
    editor.edit([{ op: "node.set", id: node.id, fields }]);
  return (
    <div className="inspector">
      <h2>{node.title ?? spec?.title ?? node.type}</h2>
      <code>{node.type}</code> <code className="quiet">{node.id}</code>
      {spec?.doc && <p className="doc">{spec.doc}</p>}
      <RunFacts id={node.id} />
      <Inputs node={node} />
      {spec?.params.map((param) => (
        <div key={param.name} className="inspector-param">
          <ParamField
            param={param}
            value={node.params[param.name]}
            connected={connected.has(param.name)}
            onStep={() => editor.room.step()}
            onChange={(value) => editor.room.edit([{ op: "param.set", id: node.id, name: param.name, value }])}
            onReset={() => editor.edit([{ op: "param.clear", id: node.id, name: param.name }])}
          />
          {param.doc && <small>{param.doc}</small>}
        </div>
      ))}
      <Policy node={node} set={set} />
      {spec && <Exposure node={node} spec={spec} />}
      <Logs id={node.id} />
    </div>
  );
}

function RunFacts({ id }: { id: string }) {
  const run = useNodeRun(id);
  if (!run) return null;
  return (
    <dl className="figures">
      <dt>State</dt>
      <dd>{label(run.state)}</dd>
      {run.tookMs !== null && (
        <>
          <dt>Took</dt>
          <dd>{duration(run.tookMs)}</dd>
        </>
      )}
      {run.worker && (
        <>
          <dt>Worker</dt>
          <dd>{run.worker}</dd>
        </>
      )}
      {run.why && (
        <>
          <dt>Why</dt>
          <dd>{run.why}</dd>
        </>
      )}
    </dl>
  );
}
