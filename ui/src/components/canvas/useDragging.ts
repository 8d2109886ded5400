import type { OnNodeDrag } from "@xyflow/react";
import { useMemo, useRef } from "react";
import { inside, moveTo } from "../../graph/arrange";
import { copy, paste } from "../../graph/clipboard";
import { splice } from "../../graph/connect";
import type { Change } from "../../graph/model";
import { type FlowNode, selectOnly, sizedNodes } from "../../store/canvas";
import type { Editor } from "../../store/editor";

interface Carried {
  /** Nodes that move because their frame does: id → place at the beginning. */
  along: Map<string, { x: number; y: number }>;
  from: { x: number; y: number };
}

const SEND_MS = 50;

/** Moving nodes about: written to the graph once, at the end; others see it on the way. */
export function useDragging(editor: Editor) {
  const carried = useRef<Carried | null>(null);
  const sent = useRef(0);
  return useMemo(() => {
    const onNodeDragStart: OnNodeDrag<FlowNode> = (_, node, nodes) => {
      carried.current = carriedBy(editor, node, nodes);
    };
    const onNodeDrag: OnNodeDrag<FlowNode> = (event, node, nodes) => {
      if (carried.current) carry(editor, carried.current, node);
      if (nodes.length === 1 && node.type === "node") highlight(editor, event, node.id);
      if (performance.now() - sent.current < SEND_MS) return;
      sent.current = performance.now();
      const moving = nodes.filter((one) => one.type === "node").slice(0, 100);
      editor.room.present({ drag: Object.fromEntries(moving.map(({ id, position }) => [id, position])) });
    };
    const onNodeDragStop: OnNodeDrag<FlowNode> = (event, node, nodes) => {
      const target = highlight(editor, null, null);
      const all = [...nodes, ...along(editor, carried.current)];
      carried.current = null;
      editor.room.present({ drag: null });
      if (event.altKey) duplicateTo(editor, nodes);
      else editor.edit(moves(all));
      const spliced = target && nodes.length === 1 ? splice(editor.view, editor.catalogue, node.id, target) : null;
      if (spliced) editor.edit(spliced);
    };
    return { onNodeDragStart, onNodeDrag, onNodeDragStop };
  }, [editor]);
}

function carriedBy(editor: Editor, node: FlowNode, nodes: FlowNode[]): Carried | null {
  if (node.type !== "group") return null;
  const { width, height } = node.data.group;
  const moving = new Set(nodes.map(({ id }) => id));
  const within = new Set(inside({ ...node.position, width, height }, sizedNodes(editor.canvas)));
  const pinned = (id: string) => editor.view.nodes.get(id)?.pinned === true;
  const found = editor.canvas.getState().nodes.filter(({ id }) => within.has(id) && !moving.has(id) && !pinned(id));
  return {
    along: new Map(found.map(({ id, position }) => [id, position])),
    from: { x: node.data.group.x, y: node.data.group.y },
  };
}

function carry(editor: Editor, { along, from }: Carried, group: FlowNode): void {
  const [dx, dy] = [group.position.x - from.x, group.position.y - from.y];
  editor.canvas.setState(({ nodes }) => ({
    nodes: nodes.map((node) => {
      const start = along.get(node.id);
      return start ? { ...node, position: { x: start.x + dx, y: start.y + dy } } : node;
    }),
  }));
}

function along(editor: Editor, carried: Carried | null): FlowNode[] {
  return carried ? editor.canvas.getState().nodes.filter(({ id }) => carried.along.has(id)) : [];
}

function moves(nodes: readonly FlowNode[]): Change[] {
  return nodes.map((node): Change => {
    const [x, y] = [Math.round(node.position.x), Math.round(node.position.y)];
    if (node.type === "group") return { op: "group.set", group: { ...node.data.group, x, y } };
    if (node.type === "note") return { op: "note.set", note: { ...node.data.note, x, y } };
    return moveTo(node.id, x, y);
  });
}

/** With Alt, what was dragged stays where it was, and copies lie where it was dropped. */
function duplicateTo(editor: Editor, nodes: readonly FlowNode[]): void {
  const ids = new Set(nodes.filter((node) => node.type === "node").map(({ id }) => id));
  const at = {
    x: Math.round(Math.min(...nodes.map(({ position }) => position.x))),
    y: Math.round(Math.min(...nodes.map(({ position }) => position.y))),
  };
  const pasted = paste(editor.view, editor.catalogue, copy(editor.view, { nodes: ids }), { at, keepIncoming: true });
  editor.edit(pasted.changes);
  editor.refresh();
  selectOnly(editor.canvas, new Set(pasted.nodes));
}

let lit: Element | null = null;

/** Marks the edge below the pointer into which the node could go; returns the one that was marked. */
function highlight(
  editor: Editor,
  event: MouseEvent | TouchEvent | React.MouseEvent | null,
  node: string | null,
): string | null {
  const before = (lit as HTMLElement | null)?.dataset.id ?? null;
  lit?.classList.remove("splicing");
  lit = null;
  if (!event || node === null || !("clientX" in event)) return before;
  const wires = document.elementsFromPoint(event.clientX, event.clientY);
  const edge = wires.map((element) => element.closest(".react-flow__edge")).find(Boolean);
  const key = (edge as HTMLElement | undefined)?.dataset.id;
  if (edge && key && splice(editor.view, editor.catalogue, node, key)) {
    lit = edge;
    edge.classList.add("splicing");
  }
  return before;
}
