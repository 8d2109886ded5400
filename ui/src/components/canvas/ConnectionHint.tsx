import { useConnection } from "@xyflow/react";
import type { RefObject } from "react";
import type { Connecting } from "./useConnecting";

/** Why a wire may not end where the pointer is, or what happens to what flows through it. */
export function ConnectionHint({ state }: { state: RefObject<Connecting> }) {
  const connection = useConnection();
  const { judge } = state.current;
  if (!connection.inProgress || !connection.toHandle || !judge) return null;
  const verdict = judge(connection.toHandle.nodeId, connection.toHandle.id ?? "");
  const text = verdict.ok ? (verdict.how === "same" ? null : verdict.how) : verdict.reason;
  if (!text) return null;
  const { x, y } = connection.pointer;
  return (
    <div className="connection-hint" data-ok={verdict.ok} role="status" style={{ left: x + 14, top: y + 14 }}>
      {text}
    </div>
  );
}
