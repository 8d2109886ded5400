import { memo, useEffect, useState } from "react";
import type { NodeSpec } from "../../contract/api";
import { useEditor, useNodeRun, useShown } from "../../hooks/editor";
import { outputUrl } from "../../session/api";
import { getJson } from "../../session/http";

/** Types whose values are short enough to be read on a node. */
const READABLE = new Set(["FLOAT", "INT", "BOOL", "STRING", "JSON", "PATH"]);
const LONGEST = 160;

/** What a node gave, where that is a value and no picture. */
export const NodeValue = memo(function NodeValue({ id, spec }: { id: string; spec: NodeSpec }) {
  const output = spec.outputs[0];
  const readable = output !== undefined && (READABLE.has(output.type) || output.type === "ANY");
  // A node that only holds a value shows it in its field.
  const holder = spec.inputs.length === 0 && spec.params.length === 1;
  if (!readable || holder) return null;
  // Of a node that is a graph itself, one within gives it.
  const giver = output.source ? { id: `${id}:${output.source[0]}`, port: output.source[1] } : { id, port: output.name };
  return <Value {...giver} />;
});

function Value({ id, port }: { id: string; port: string }) {
  const { runs } = useEditor();
  const execution = useShown((shown) => shown.id);
  const state = useNodeRun(id)?.state;
  const [text, setText] = useState<string | null>(null);
  const done = state === "completed" || state === "cached";
  useEffect(() => {
    setText(null);
    if (!done || execution === null) return;
    const left = new AbortController();
    const read = async () => {
      const found = await getJson<{ value?: unknown; items?: unknown[] }>(outputUrl(execution, id, port), left.signal);
      if (runs.shown.getState().id === execution) setText(shortened(found));
    };
    // A picture, a tensor, or something that is no longer held: there is nothing to read.
    read().catch(() => undefined);
    return () => left.abort();
  }, [done, execution, id, port, runs]);
  return text === null ? null : (
    <output className="node-value" title={text}>
      {text}
    </output>
  );
}

function shortened({ value, items }: { value?: unknown; items?: unknown[] }): string {
  if (items) return `${items.length} items`;
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
