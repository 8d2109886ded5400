import type { OnNodeDrag } from "@xyflow/react";
import { type RefObject, useMemo, useRef } from "react";
import { inside, moveTo } from "../../graph/arrange";
import { copy, paste } from "../../graph/clipboard";
import { splice } from "../../graph/connect";
import type { Change } from "../../graph/model";
import { type FlowNode, placed, selectOnly, sizedNodes } from "../../store/canvas";
import type { Editor } from "../../store/editor";
import { preferences } from "../../store/preferences";
import { endsOf } from "./ends";
import { moving, settled } from "./moving";
import { type Ends, WireFinder } from "./paths";

interface Carried {
  /** Nodes that move because their frame does: id → place at the beginning. */
  along: Map<string, { x: number; y: number }>;
  from: { x: number; y: number };
}

const SEND_MS = 50;
/** How wide a wire is for a node that is dropped on it, on the screen. */
const REACH_PX = 18;

/** Moving nodes about: written to the graph once, at the end; others see it on the way. */
export function useDragging(editor: Editor, canvas: RefObject<HTMLDivElement | null>) {
  const carried = useRef<Carried | null>(null);
  const sent = useRef(0);
  return useMemo(() => {
    let finder: WireFinder | null = null;
    let target: string | null = null;
    const onNodeDragStart: OnNodeDrag<FlowNode> = (_, node, nodes) => {
      moving(canvas.current, "node");
      carried.current = carriedBy(editor, node, nodes);
      finder = nodes.length === 1 && node.type === "node" ? findable(editor, node.id) : null;
    };
    const onNodeDrag: OnNodeDrag<FlowNode> = (event, node, nodes) => {
      if (carried.current) carry(editor, carried.current, node);
      if (finder) target = light(editor, finder, event as MouseEvent | TouchEvent, node.id);
      if (performance.now() - sent.current < SEND_MS) return;
      sent.current = performance.now();
      const moving = nodes.filter((one) => one.type === "node").slice(0, 100);
      editor.room.present({ drag: Object.fromEntries(moving.map(({ id, position }) => [id, position])) });
    };
    const onNodeDragStop: OnNodeDrag<FlowNode> = (event, node, nodes) => {
      settled(canvas.current);
      mark(null);
      const all = [...nodes, ...along(editor, carried.current)];
      carried.current = null;
      editor.room.present({ drag: null });
      if (event.altKey) duplicateTo(editor, nodes);
      else editor.edit(moves(all));
      const spliced = target === null ? null : splice(editor.view, editor.catalogue, node.id, target);
      if (spliced) editor.edit(spliced);
      [finder, target] = [null, null];
    };
    return { onNodeDragStart, onNodeDrag, onNodeDragStop };
  }, [editor, canvas]);
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
      return start ? placed({ ...node, position: { x: start.x + dx, y: start.y + dy } }) : node;
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

/** Wires that a node could go into where it is dropped: all that it has no part in, as they lie when the drag begins. */
function findable(editor: Editor, node: string): WireFinder {
  const wires = editor.canvas.getState().edges.flatMap((edge): [string, Ends][] => {
    if (edge.source === node || edge.target === node) return [];
    const ends = endsOf(editor, edge);
    return ends ? [[edge.id, ends]] : [];
  });
  return new WireFinder(wires, preferences.getState().edges);
}

/** Marks the wire below the pointer if the node can go into it; returns which one. */
function light(editor: Editor, finder: WireFinder, event: MouseEvent | TouchEvent, node: string): string | null {
  const { flow } = editor.canvas.getState();
  if (!flow || !("clientX" in event)) return null;
  const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false });
  const key = finder.at(x, y, REACH_PX / Math.min(flow.getZoom(), 1));
  const found = key !== null && splice(editor.view, editor.catalogue, node, key) ? key : null;
  mark(found);
  return found;
}

function mark(key: string | null): void {
  const before = document.querySelector<SVGElement>(".react-flow__edge.splicing");
  if (before?.dataset.id === key) return;
  before?.classList.remove("splicing");
  if (key !== null)
    document.querySelector(`.react-flow__edge[data-id="${CSS.escape(key)}"]`)?.classList.add("splicing");
}
