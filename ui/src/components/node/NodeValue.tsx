import { memo } from "react";
import type { NodeSpec } from "../../contract/api";
import { giverOf } from "../../graph/subgraphs";
import { useEditor, useNodeRun, useShown } from "../../hooks/editor";
import { outputUrl } from "../../session/api";
import { isReadable, useOutputText } from "./useOutputText";

/** What a node gave, where that is a value and no picture. */
export const NodeValue = memo(function NodeValue({ id, spec }: { id: string; spec: NodeSpec }) {
  const { catalogue } = useEditor();
  const output = spec.outputs[0];
  const readable = output !== undefined && (isReadable(output.type) || output.type === "ANY");
  // A node that only holds a value shows it in its field.
  const holder = spec.inputs.length === 0 && spec.params.length === 1;
  if (!readable || holder) return null;
  // Of a node that is a graph itself, one within gives it.
  return <Value {...giverOf(catalogue, spec.type, id, output.name)} />;
});

function Value({ node, port }: { node: string; port: string }) {
  const { runs } = useEditor();
  const execution = useShown((shown) => shown.id);
  const state = useNodeRun(node)?.state;
  const done = execution !== null && (state === "completed" || state === "cached");
  const text = useOutputText(done ? outputUrl(execution, runs.flatId(node), port) : null);
  return text === null ? null : (
    <output className="node-value" title={text}>
      {text}
    </output>
  );
}
