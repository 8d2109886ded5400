// The graph as the editor sees it: immutable values, one object for each thing that did not change.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Params = Readonly<Record<string, Json>>;
export type Mode = "active" | "muted" | "bypassed";

/** Fields of a node that are set one by one; null stands for the document's default. */
export interface NodeFields {
  type: string;
  x: number;
  y: number;
  title: string | null;
  mode: Mode;
  collapsed: boolean;
  /** Whether it stays where it is: not dragged, nudged or laid out. */
  pinned: boolean;
  retries: number;
  retry_delay_s: number | null;
  retry_jitter_factor: number | null;
  timeout_s: number | null;
  max_parallel: number | null;
  tags: readonly string[];
}

export interface NodeView extends NodeFields {
  id: string;
  params: Params;
}

export interface EdgeFields {
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
}

export interface EdgeView extends EdgeFields {
  key: string;
  /** Place among the edges into one list port; null for the last. */
  order?: number | null;
}

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface GroupView extends Rect {
  id: string;
  title: string;
  color: string | null;
}

export interface NoteView extends Rect {
  id: string;
  text: string;
  color: string | null;
}

export interface InputView {
  name: string;
  node: string;
  param: string;
}

export interface OutputView {
  name: string;
  node: string;
  port: string;
}

type Table<T> = ReadonlyMap<string, T>;

export interface GraphView {
  name: string;
  nodes: Table<NodeView>;
  edges: Table<EdgeView>;
  groups: Table<GroupView>;
  notes: Table<NoteView>;
  inputs: Table<InputView>;
  outputs: Table<OutputView>;
}

export const NODE_DEFAULTS: Omit<NodeFields, "type" | "x" | "y"> = {
  title: null,
  mode: "active",
  collapsed: false,
  pinned: false,
  retries: 0,
  retry_delay_s: null,
  retry_jitter_factor: null,
  timeout_s: null,
  max_parallel: null,
  tags: [],
};

export const EMPTY_GRAPH: GraphView = {
  name: "",
  nodes: new Map(),
  edges: new Map(),
  groups: new Map(),
  notes: new Map(),
  inputs: new Map(),
  outputs: new Map(),
};

/** What a person did, as data: applied to the shared document in one transaction, by `collab/apply`. */
export type Change =
  | { op: "node.create"; id: string; node: Partial<NodeFields> & Pick<NodeFields, "type">; params?: Params }
  | { op: "node.delete"; id: string }
  | { op: "node.set"; id: string; fields: Partial<Omit<NodeFields, "type">> }
  | { op: "node.type"; id: string; type: string }
  | { op: "param.set"; id: string; name: string; value: Json }
  | { op: "param.clear"; id: string; name: string }
  | { op: "edge.create"; edge: EdgeView }
  | { op: "edge.delete"; key: string }
  | { op: "group.set"; group: GroupView }
  | { op: "group.delete"; id: string }
  | { op: "note.set"; note: NoteView }
  | { op: "note.delete"; id: string }
  | { op: "input.set"; input: InputView }
  | { op: "input.delete"; name: string }
  | { op: "output.set"; output: OutputView }
  | { op: "output.delete"; name: string }
  | { op: "graph.rename"; name: string };

/**
 * Edges' keys. A single input has one key, so two people who connect it at once agree on one edge; into a list, and into
 * what nobody knows, each source has a key of its own.
 */
export function edgeKey(edge: EdgeFields, single: boolean): string {
  const { target, targetPort, source, sourcePort } = edge;
  return (single ? [target, targetPort] : [target, targetPort, source, sourcePort]).map(part).join(":");
}

const part = (text: string) => text.replaceAll("%", "%25").replaceAll(":", "%3A");

/** Whether a key is one of those that leave room for other edges into the same port. */
export const sharesPort = (key: string) => key.split(":").length > 2;

/** Edges, and whatever else has an order, as they stand in documents. */
export function inOrder<T extends { order?: number | null; key: string }>(items: Iterable<T>): T[] {
  const place = (item: T) => item.order ?? Number.POSITIVE_INFINITY;
  return [...items].sort((a, b) => place(a) - place(b) || (a.key < b.key ? -1 : 1));
}
