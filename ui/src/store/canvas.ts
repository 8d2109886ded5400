// What React Flow draws: made from the graph, with what is local to this page (selection, sizes, drags under way).

import {
  applyEdgeChanges,
  applyNodeChanges,
  type Edge,
  type EdgeChange,
  type Node,
  type NodeChange,
  type ReactFlowInstance,
} from "@xyflow/react";
import { createStore } from "zustand/vanilla";
import type { Sized } from "../graph/arrange";
import type { EdgeView, GraphView, GroupView, NodeView, NoteView } from "../graph/model";

export type FlowNode =
  | Node<{ node: NodeView }, "node">
  | Node<{ group: GroupView }, "group">
  | Node<{ note: NoteView }, "note">;
export type FlowEdge = Edge<{ edge: EdgeView; type: string }, "wire">;

export interface CanvasState {
  nodes: FlowNode[];
  edges: FlowEdge[];
  flow: ReactFlowInstance<FlowNode, FlowEdge> | null;
  /** Zoomed out so far that texts are not legible: nodes are drawn without their fields. */
  far: boolean;
}

/** Type of what an edge carries, for its colour. */
export type EdgeTyping = (edge: EdgeView) => string;

export function createCanvas() {
  return createStore<CanvasState>(() => ({ nodes: [], edges: [], flow: null, far: true }));
}
export type Canvas = ReturnType<typeof createCanvas>;

/** Takes the graph as it is now; what did not change keeps its object, and is not drawn again. */
export function takeGraph(canvas: Canvas, view: GraphView, typing: EdgeTyping, drags: Drags): void {
  const { nodes, edges } = canvas.getState();
  const before = new Map(nodes.map((node) => [node.id, node]));
  const next = [
    ...[...view.groups.values()].map((group) => flowGroup(group, before.get(frameId(group.id)))),
    ...[...view.notes.values()].map((note) => flowNote(note, before.get(frameId(note.id)))),
    ...[...view.nodes.values()].map((node) => flowNode(node, before.get(node.id), drags.get(node.id))),
  ];
  const known = new Map(edges.map((edge) => [edge.id, edge]));
  const wires = [...view.edges.values()].map((edge) => flowEdge(edge, typing(edge), known.get(edge.key)));
  canvas.setState({
    nodes: same(nodes, next) ? nodes : next,
    edges: same(edges, wires) ? edges : wires,
  });
}

export type Drags = ReadonlyMap<string, { x: number; y: number }>;

function same<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** Frames and nodes have ids of their own, which may be the same text. */
export const frameId = (id: string) => `frame/${id}`;
export const ownId = (flowId: string) => (flowId.startsWith("frame/") ? flowId.slice(6) : flowId);

function flowNode(node: NodeView, before: FlowNode | undefined, drag?: { x: number; y: number }): FlowNode {
  const position = drag ?? { x: node.x, y: node.y };
  if (before?.type !== "node") {
    const ariaLabel = `${node.title ?? node.type}, node`;
    const draggable = !node.pinned;
    return { id: node.id, type: "node", position, data: { node }, draggable, dragHandle: ".node-head", ariaLabel };
  }
  const moved = before.dragging ? before.position : position;
  const still = before.position.x === moved.x && before.position.y === moved.y;
  if (before.data.node === node && still) return before;
  return {
    ...before,
    draggable: !node.pinned,
    position: still ? before.position : moved,
    data: before.data.node === node ? before.data : { node },
  };
}

function flowGroup(group: GroupView, before: FlowNode | undefined): FlowNode {
  if (before?.type === "group" && before.data.group === group) return before;
  const { id, x, y, width, height } = group;
  const kept = before?.type === "group" ? before : {};
  return {
    ...kept,
    id: frameId(id),
    type: "group",
    position: { x, y },
    width,
    height,
    data: { group },
    zIndex: -10,
    dragHandle: ".group-head",
  };
}

function flowNote(note: NoteView, before: FlowNode | undefined): FlowNode {
  if (before?.type === "note" && before.data.note === note) return before;
  const { id, x, y, width, height } = note;
  const kept = before?.type === "note" ? before : {};
  return {
    ...kept,
    id: frameId(id),
    type: "note",
    position: { x, y },
    width,
    height,
    data: { note },
    zIndex: -5,
    dragHandle: ".note-head",
  };
}

function flowEdge(edge: EdgeView, type: string, before: FlowEdge | undefined): FlowEdge {
  if (before?.data?.edge === edge && before.data.type === type) return before;
  return {
    id: edge.key,
    type: "wire",
    source: edge.source,
    sourceHandle: edge.sourcePort,
    target: edge.target,
    targetHandle: edge.targetPort,
    selected: before?.selected ?? false,
    data: { edge, type },
    ariaLabel: `Edge from ${edge.source} ${edge.sourcePort} to ${edge.target} ${edge.targetPort}`,
  };
}

export function changeNodes(canvas: Canvas, changes: NodeChange<FlowNode>[]): void {
  const kept = changes.filter((change) => change.type !== "remove");
  canvas.setState(({ nodes }) => ({ nodes: applyNodeChanges(kept, nodes) }));
}

export function changeEdges(canvas: Canvas, changes: EdgeChange<FlowEdge>[]): void {
  const kept = changes.filter((change) => change.type !== "remove");
  canvas.setState(({ edges }) => ({ edges: applyEdgeChanges(kept, edges) }));
}

export interface Selection {
  nodes: ReadonlySet<string>;
  groups: ReadonlySet<string>;
  notes: ReadonlySet<string>;
  edges: ReadonlySet<string>;
}

export function selectionOf({ nodes, edges }: CanvasState): Selection {
  const picked = (type: FlowNode["type"]) =>
    new Set(nodes.filter((node) => node.selected && node.type === type).map((node) => ownId(node.id)));
  return {
    nodes: picked("node"),
    groups: picked("group"),
    notes: picked("note"),
    edges: new Set(edges.filter((edge) => edge.selected).map((edge) => edge.id)),
  };
}

/** Selects just these nodes (ids of the canvas), and no edges. */
export function selectOnly(canvas: Canvas, ids: ReadonlySet<string>): void {
  canvas.setState(({ nodes, edges }) => ({
    nodes: nodes.map((node) =>
      Boolean(node.selected) === ids.has(node.id) ? node : { ...node, selected: ids.has(node.id) },
    ),
    edges: edges.map((edge) => (edge.selected ? { ...edge, selected: false } : edge)),
  }));
}

/** Where nodes lie, with the sizes that the page measured. */
export function sizedNodes(canvas: Canvas, ids: { has(id: string): boolean } | null = null): Sized[] {
  return canvas
    .getState()
    .nodes.filter((node) => node.type === "node" && (ids === null || ids.has(node.id)))
    .map((node) => ({
      id: node.id,
      x: node.position.x,
      y: node.position.y,
      width: node.measured?.width ?? 220,
      height: node.measured?.height ?? 80,
    }));
}
