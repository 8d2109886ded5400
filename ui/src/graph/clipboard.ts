// What is copied is JSON text: it goes through other tabs, chats and files, and says what it is.

import type { Catalogue } from "./catalogue";
import { newId, newNodeId } from "./identifiers";
import type { NodeFields, Params } from "./model";
import { type Change, type EdgeFields, edgeKey, type GraphView, type GroupView, inOrder, type NoteView } from "./model";

export const CLIP_SCHEMA = "vortex.clip/1";

type CopiedNode = NodeFields & { params: Params };

export interface Clip {
  schema: typeof CLIP_SCHEMA;
  nodes: Record<string, CopiedNode>;
  /** Also those that come in from nodes which were not copied. */
  edges: EdgeFields[];
  groups: GroupView[];
  notes: NoteView[];
}

export interface Picked {
  nodes: ReadonlySet<string>;
  groups?: ReadonlySet<string>;
  notes?: ReadonlySet<string>;
}

export function copy(view: GraphView, picked: Picked): Clip {
  const nodes = [...view.nodes.values()].filter((node) => picked.nodes.has(node.id));
  return {
    schema: CLIP_SCHEMA,
    nodes: Object.fromEntries(nodes.map(({ id, ...fields }) => [id, fields])),
    edges: inOrder(view.edges.values())
      .filter((edge) => picked.nodes.has(edge.target))
      .map(({ key: _, order: __, ...edge }) => edge),
    groups: [...view.groups.values()].filter((group) => picked.groups?.has(group.id)),
    notes: [...view.notes.values()].filter((note) => picked.notes?.has(note.id)),
  };
}

/** Reads text that may be a clip; null if it is something else. */
export function parseClip(text: string): Clip | null {
  try {
    const data: unknown = JSON.parse(text);
    return isClip(data) ? data : null;
  } catch {
    return null;
  }
}

function isClip(data: unknown): data is Clip {
  if (typeof data !== "object" || data === null) return false;
  const { schema, nodes, edges, groups, notes } = data as Record<string, unknown>;
  const tables = typeof nodes === "object" && nodes !== null && [edges, groups, notes].every(Array.isArray);
  return schema === CLIP_SCHEMA && tables && Object.values(nodes).every(isNode);
}

function isNode(data: unknown): boolean {
  const { type, x, y, params } = (data ?? {}) as Record<string, unknown>;
  return typeof type === "string" && Number.isFinite(x) && Number.isFinite(y) && typeof params === "object";
}

export interface PasteOptions {
  /** Where the upper left corner goes; null for where it was, a little aside. */
  at: { x: number; y: number } | null;
  /** Whether edges from nodes outside of the clip come along, where these are still there. */
  keepIncoming: boolean;
}

export interface Pasted {
  changes: Change[];
  /** Ids of the new nodes. */
  nodes: string[];
}

const ASIDE = 32;

/** Nodes, their edges and frames under fresh ids. */
export function paste(view: GraphView, catalogue: Catalogue, clip: Clip, options: PasteOptions): Pasted {
  const move = shift(clip, options.at);
  const taken = new Set(view.nodes.keys());
  const ids = new Map<string, string>();
  for (const [id, node] of Object.entries(clip.nodes)) {
    const fresh = newNodeId(node.type, taken);
    taken.add(fresh);
    ids.set(id, fresh);
  }
  const created = Object.entries(clip.nodes).map(([id, { params, ...node }]): Change => {
    const fields = { ...node, pinned: false, x: node.x + move.x, y: node.y + move.y };
    return { op: "node.create", id: ids.get(id)!, node: fields, params };
  });
  const edges = clip.edges.flatMap((edge) => pastedEdge(view, catalogue, clip, edge, ids, options.keepIncoming));
  const frames = [
    ...clip.groups.map((group): Change => ({ op: "group.set", group: moved(group, "group", move, view.groups) })),
    ...clip.notes.map((note): Change => ({ op: "note.set", note: moved(note, "note", move, view.notes) })),
  ];
  return { changes: [...created, ...edges, ...frames], nodes: [...ids.values()] };
}

function pastedEdge(
  view: GraphView,
  catalogue: Catalogue,
  clip: Clip,
  edge: EdgeFields,
  ids: ReadonlyMap<string, string>,
  keepIncoming: boolean,
): Change[] {
  const target = ids.get(edge.target);
  const inside = ids.get(edge.source);
  const source = inside ?? (keepIncoming && view.nodes.has(edge.source) ? edge.source : undefined);
  if (!target || !source) return [];
  const fields = { ...edge, source, target };
  const key = edgeKey(fields, catalogue.single(clip.nodes[edge.target]!.type, edge.targetPort));
  return [{ op: "edge.create", edge: { ...fields, key } }];
}

function moved<T extends GroupView | NoteView>(
  frame: T,
  stem: string,
  by: { x: number; y: number },
  taken: { has(id: string): boolean },
): T {
  return { ...frame, id: newId(stem, taken), x: frame.x + by.x, y: frame.y + by.y };
}

function shift(clip: Clip, at: { x: number; y: number } | null): { x: number; y: number } {
  if (!at) return { x: ASIDE, y: ASIDE };
  const all = [...Object.values(clip.nodes), ...clip.groups, ...clip.notes];
  if (all.length === 0) return { x: 0, y: 0 };
  return {
    x: at.x - Math.min(...all.map((item) => item.x)),
    y: at.y - Math.min(...all.map((item) => item.y)),
  };
}
