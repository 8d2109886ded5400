// Where nodes lie: alignment, even spacing, and layout by layers.

import { Graph, layout } from "@dagrejs/dagre";
import type { Change, GraphView, Rect } from "./model";

export type Edge = "left" | "right" | "top" | "bottom" | "centre" | "middle";
export type Sized = Rect & { id: string };

const GAP = { rank: 72, row: 28 };

export function moveTo(id: string, x: number, y: number): Change {
  return { op: "node.set", id, fields: { x: Math.round(x), y: Math.round(y) } };
}

/** Brings nodes to one line: the outermost edge, or the middle of all. */
export function align(nodes: readonly Sized[], edge: Edge): Change[] {
  if (nodes.length < 2) return [];
  const box = bounds(nodes);
  const place: Record<Edge, (node: Sized) => [number, number]> = {
    left: (node) => [box.x, node.y],
    right: (node) => [box.x + box.width - node.width, node.y],
    top: (node) => [node.x, box.y],
    bottom: (node) => [node.x, box.y + box.height - node.height],
    centre: (node) => [box.x + (box.width - node.width) / 2, node.y],
    middle: (node) => [node.x, box.y + (box.height - node.height) / 2],
  };
  return nodes.map((node) => moveTo(node.id, ...place[edge](node)));
}

/** Equal gaps between neighbours; the first and the last stay. */
export function distribute(nodes: readonly Sized[], along: "x" | "y"): Change[] {
  if (nodes.length < 3) return [];
  const size = along === "x" ? "width" : "height";
  const ordered = [...nodes].sort((a, b) => a[along] - b[along]);
  const [first, last] = [ordered[0]!, ordered[ordered.length - 1]!];
  const room = last[along] + last[size] - first[along] - ordered.reduce((sum, node) => sum + node[size], 0);
  const gap = room / (ordered.length - 1);
  let next = first[along];
  return ordered.map((node) => {
    const at = next;
    next += node[size] + gap;
    return along === "x" ? moveTo(node.id, at, node.y) : moveTo(node.id, node.x, at);
  });
}

export function bounds(items: readonly Rect[]): Rect {
  if (items.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const x = Math.min(...items.map((item) => item.x));
  const y = Math.min(...items.map((item) => item.y));
  const right = Math.max(...items.map((item) => item.x + item.width));
  const bottom = Math.max(...items.map((item) => item.y + item.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** Lays nodes out from left to right by what feeds what (dagre's network simplex), their corner where it was. */
export function arrange(view: GraphView, nodes: readonly Sized[]): Change[] {
  if (nodes.length === 0) return [];
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", ranksep: GAP.rank, nodesep: GAP.row });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: node.width, height: node.height });
  for (const edge of view.edges.values()) {
    if (graph.hasNode(edge.source) && graph.hasNode(edge.target)) graph.setEdge(edge.source, edge.target);
  }
  layout(graph);
  const placed = nodes.map((node) => {
    const { x, y } = graph.node(node.id) as { x: number; y: number };
    return { ...node, x: x - node.width / 2, y: y - node.height / 2 };
  });
  const [before, after] = [bounds(nodes), bounds(placed)];
  return placed.map((node) => moveTo(node.id, node.x - after.x + before.x, node.y - after.y + before.y));
}

/** Nodes whose centre lies within a frame. */
export function inside(frame: Rect, nodes: readonly Sized[]): string[] {
  const [right, bottom] = [frame.x + frame.width, frame.y + frame.height];
  const within = (node: Sized) => {
    const [x, y] = [node.x + node.width / 2, node.y + node.height / 2];
    return x >= frame.x && x <= right && y >= frame.y && y <= bottom;
  };
  return nodes.filter(within).map((node) => node.id);
}

export type Direction = "left" | "right" | "up" | "down";

const STEPS: Readonly<Record<Direction, readonly [x: number, y: number]>> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

/** The nearest node in a direction; what lies aside counts double. Null where there is none. */
export function neighbour(from: Sized, nodes: readonly Sized[], direction: Direction): string | null {
  const [dx, dy] = STEPS[direction];
  const centre = (node: Sized) => [node.x + node.width / 2, node.y + node.height / 2] as const;
  const [x, y] = centre(from);
  let best: { id: string; distance: number } | null = null;
  for (const node of nodes) {
    const [there, below] = centre(node);
    const ahead = (there - x) * dx + (below - y) * dy;
    const aside = Math.abs((there - x) * dy) + Math.abs((below - y) * dx);
    if (node.id === from.id || ahead <= 0 || aside > ahead * 3) continue;
    const distance = ahead + 2 * aside;
    if (best === null || distance < best.distance) best = { id: node.id, distance };
  }
  return best?.id ?? null;
}
