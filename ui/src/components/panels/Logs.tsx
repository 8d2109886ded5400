import { useCallback, useSyncExternalStore } from "react";
import { useEditor } from "../../hooks/editor";
import { LongText } from "./LongText";

/** What a node logged and printed in the execution that is shown, as far as this page heard it. */
export function Logs({ id }: { id: string }) {
  const { logs } = useEditor().runs;
  const lines = useSyncExternalStore(
    useCallback((listener: () => void) => logs.subscribe(id, listener), [logs, id]),
    () => logs.get(id),
  );
  if (!lines?.length) return null;
  return (
    <section>
      <h2>Log</h2>
      <LongText className="log" name="Log" role="log">
        {lines.map((line, index) => (
          <span key={index} data-level={line.level >= 40 ? "error" : line.level >= 30 ? "warning" : "info"}>
            {line.text}
            {"\n"}
          </span>
        ))}
      </LongText>
    </section>
  );
}
