import type { FlowEdge } from "../../store/canvas";
import type { Editor } from "../../store/editor";
import type { Ends } from "./paths";

/** Where React Flow has measured the ends of an edge; null where it has not. */
export function endsOf(editor: Editor, edge: FlowEdge): Ends | null {
  const from = portOf(editor, edge.source, "source", edge.sourceHandle);
  const to = portOf(editor, edge.target, "target", edge.targetHandle);
  return from && to ? { from, to } : null;
}

function portOf(editor: Editor, id: string, side: "source" | "target", port: string | null | undefined) {
  const node = editor.canvas.getState().flow?.getInternalNode(id);
  const handle = node?.internals.handleBounds?.[side]?.find((one) => one.id === port);
  if (!node || !handle) return null;
  const { x, y } = node.internals.positionAbsolute;
  return { x: x + handle.x + (side === "source" ? handle.width : 0), y: y + handle.y + handle.height / 2 };
}
