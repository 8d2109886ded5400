import { memo } from "react";
import type { NodeSpec } from "../../contract/api";
import type { NodeView } from "../../graph/model";
import { useConnected, useEditor } from "../../hooks/editor";
import { ParamField } from "../widgets/ParamField";
import { label } from "./appearance";
import { Port } from "./Port";

interface BodyProps {
  node: NodeView;
  spec: NodeSpec;
}

/** Ports in rows, inputs on the left, outputs on the right; parameters below, each of them an input too. */
export const NodeBody = memo(function NodeBody({ node, spec }: BodyProps) {
  const editor = useEditor();
  const taken = new Set(useConnected(node.id).split("\n"));
  const rows = Math.max(spec.inputs.length, spec.outputs.length);
  return (
    <div className="node-body">
      {Array.from({ length: rows }, (_, row) => (
        <PortRow key={row} spec={spec} row={row} taken={taken} />
      ))}
      {spec.params.map((param) => (
        <div className="param-row" key={param.name}>
          <Port
            name={param.name}
            type={param.type}
            side="target"
            connected={taken.has(param.name)}
            title={`${label(param.name)}: ${param.type}${param.doc ? `. ${param.doc}` : ""}`}
          />
          <ParamField
            param={param}
            value={node.params[param.name]}
            connected={taken.has(param.name)}
            onStep={() => editor.room.step()}
            onChange={(value) => editor.room.edit([{ op: "param.set", id: node.id, name: param.name, value }])}
            onReset={() => editor.edit([{ op: "param.clear", id: node.id, name: param.name }])}
          />
        </div>
      ))}
    </div>
  );
});

function PortRow({ spec, row, taken }: { spec: NodeSpec; row: number; taken: ReadonlySet<string> }) {
  const [input, output] = [spec.inputs[row], spec.outputs[row]];
  return (
    <div className="port-row">
      {input && (
        <>
          <Port
            name={input.name}
            type={input.type}
            side="target"
            list={input.list}
            required={input.required}
            connected={taken.has(input.name)}
            title={`Input ${label(input.name)}: ${input.type}${input.required ? "" : ", optional"}${input.doc ? `. ${input.doc}` : ""}`}
          />
          <span className="port-in" data-optional={!input.required}>
            {label(input.name)}
          </span>
        </>
      )}
      {output && (
        <>
          <span className="port-out">{label(output.name)}</span>
          <Port
            name={output.name}
            type={output.type}
            side="source"
            title={`Output ${label(output.name)}: ${output.type}${output.doc ? `. ${output.doc}` : ""}`}
          />
        </>
      )}
    </div>
  );
}

/** A node that shows only its head: its ports are still there for the edges. */
export const CollapsedPorts = memo(function CollapsedPorts({ spec }: { spec: NodeSpec }) {
  return (
    <div className="collapsed-ports" aria-hidden="true">
      {[...spec.inputs, ...spec.params].map((port) => (
        <Port key={port.name} name={port.name} type={port.type} side="target" title={label(port.name)} />
      ))}
      {spec.outputs.map((port) => (
        <Port key={port.name} name={port.name} type={port.type} side="source" title={label(port.name)} />
      ))}
    </div>
  );
});
