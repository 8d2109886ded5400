import { Handle, Position } from "@xyflow/react";
import type { Params } from "../../graph/model";
import { edgesFrom, edgesInto } from "../../graph/wiring";
import { useEditor, useGraph } from "../../hooks/editor";

/** A node whose type this server does not know keeps its values, and its edges: the ports are those that they name. */
export function UnknownBody({ id, params }: { id: string; params: Params }) {
  const editor = useEditor();
  // Drawn again when the edges change.
  useGraph((view) => view.edges);
  const inputs = [...new Set(edgesInto(editor.view, id).map((edge) => edge.targetPort))];
  const outputs = [...new Set(edgesFrom(editor.view, id).map((edge) => edge.sourcePort))];
  return (
    <div className="node-body">
      {inputs.map((name) => (
        <div className="port-row" key={name}>
          <Handle id={name} type="target" position={Position.Left} className="port" />
          <span className="port-in">{name}</span>
        </div>
      ))}
      {outputs.map((name) => (
        <div className="port-row" key={name}>
          <span className="port-out">{name}</span>
          <Handle id={name} type="source" position={Position.Right} className="port" />
        </div>
      ))}
      {Object.entries(params).map(([name, value]) => (
        <div className="port-row unknown-value" key={name} title={`${name} = ${JSON.stringify(value)}`}>
          <span>{name}</span> <code>{JSON.stringify(value)}</code>
        </div>
      ))}
    </div>
  );
}
