// Changes as one Yjs transaction. A key is set only to make something: what exists is changed in place, so that two
// people's edits of one node are both kept, and an edit does not bring a deleted node back.

import * as Y from "yjs";
import { type Change, type EdgeFields, NODE_DEFAULTS, type NodeFields, type Params, sharesPort } from "../graph/model";
import { isMark, MARKS, type Roots, rootsOf } from "./shape";

/** Marks the transactions of this page's user: undo takes back these only. */
export const LOCAL = Symbol("local");

export function apply(doc: Y.Doc, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  const roots = rootsOf(doc);
  doc.transact(() => {
    for (const change of changes) applyOne(roots, change);
  }, LOCAL);
}

function applyOne(roots: Roots, change: Change): void {
  switch (change.op) {
    case "node.create":
      roots.nodes.set(change.id, newNode(change.node, change.params ?? {}));
      for (const mark of MARKS) if (change.node[mark]) roots[mark].set(change.id, true);
      break;
    case "node.delete":
      roots.nodes.delete(change.id);
      for (const mark of MARKS) roots[mark].delete(change.id);
      break;
    case "node.set":
      setNode(roots, change.id, change.fields);
      break;
    case "node.type": {
      const node = roots.nodes.get(change.id);
      if (node instanceof Y.Map && node.get("type") !== change.type) node.set("type", change.type);
      break;
    }
    case "param.set":
      paramsOf(roots.nodes.get(change.id))?.set(change.name, change.value);
      break;
    case "param.clear":
      paramsOf(roots.nodes.get(change.id))?.delete(change.name);
      break;
    case "edge.create": {
      const { key, order: _, ...edge } = change.edge;
      roots.edges.set(key, sharesPort(key) ? { ...edge, order: lastEdge(roots, edge) + 1 } : edge);
      break;
    }
    case "edge.delete":
      roots.edges.delete(change.key);
      break;
    default:
      applyToFrames(roots, change);
  }
}

function applyToFrames(roots: Roots, change: Change): void {
  switch (change.op) {
    case "group.set":
      setFrame(roots.groups, change.group);
      break;
    case "group.delete":
      roots.groups.delete(change.id);
      break;
    case "note.set":
      setFrame(roots.notes, change.note);
      break;
    case "note.delete":
      roots.notes.delete(change.id);
      break;
    case "input.set": {
      const { name, ...rest } = change.input;
      roots.inputs.set(name, { ...rest, order: orderOf(roots.inputs, name) });
      break;
    }
    case "input.delete":
      roots.inputs.delete(change.name);
      break;
    case "output.set": {
      const { name, ...rest } = change.output;
      roots.outputs.set(name, { ...rest, order: orderOf(roots.outputs, name) });
      break;
    }
    case "output.delete":
      roots.outputs.delete(change.name);
      break;
    case "graph.rename":
      roots.meta.set("name", change.name);
  }
}

/** A field that has its default is absent: that is how it is reset, too. */
function newNode(fields: Partial<NodeFields>, params: Params): Y.Map<unknown> {
  const node = new Y.Map<unknown>();
  for (const [name, value] of Object.entries(fields)) {
    if (!isMark(name) && value !== undefined && !isDefault(name, value)) node.set(name, value);
  }
  node.set("params", new Y.Map(Object.entries(params)));
  return node;
}

function isDefault(name: string, value: unknown): boolean {
  const known: unknown = NODE_DEFAULTS[name as keyof typeof NODE_DEFAULTS];
  return known === value || (Array.isArray(value) && value.length === 0);
}

function setNode(roots: Roots, id: string, fields: Partial<NodeFields>): void {
  const node = roots.nodes.get(id);
  if (!(node instanceof Y.Map)) return;
  for (const [name, value] of Object.entries(fields)) {
    if (isMark(name)) setMark(roots[name], id, value === true);
    else if (isDefault(name, value)) node.delete(name);
    else if (node.get(name) !== value) node.set(name, value);
  }
}

function setMark(marks: Y.Map<unknown>, id: string, set: boolean): void {
  if (set) marks.set(id, true);
  else marks.delete(id);
}

/** Groups and notes are changed in place, as nodes are; a new one stands last. */
function setFrame(map: Y.Map<unknown>, { id, ...fields }: { id: string }): void {
  const known = map.get(id);
  const frame: Y.Map<unknown> = known instanceof Y.Map ? known : new Y.Map<unknown>([["order", orderOf(map, id)]]);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) frame.delete(name);
    else if (frame !== known || frame.get(name) !== value) frame.set(name, value);
  }
  if (frame !== known) map.set(id, frame);
}

/** The place that an entry has, or that of a new one: behind all others. */
function orderOf(map: Y.Map<unknown>, key: string): number {
  const own = orderIn(map.get(key));
  return own ?? Math.max(-1, ...[...map.values()].map((value) => orderIn(value) ?? -1)) + 1;
}

function orderIn(value: unknown): number | null {
  const order: unknown =
    value instanceof Y.Map ? value.get("order") : (value as { order?: unknown } | null | undefined)?.order;
  return typeof order === "number" && Number.isFinite(order) ? order : null;
}

function lastEdge(roots: Roots, edge: EdgeFields): number {
  let last = -1;
  for (const value of roots.edges.values()) {
    const other = value as Partial<EdgeFields> | null;
    if (other?.target === edge.target && other.targetPort === edge.targetPort)
      last = Math.max(last, orderIn(value) ?? -1);
  }
  return last;
}

function paramsOf(node: unknown): Y.Map<unknown> | null {
  if (!(node instanceof Y.Map)) return null;
  const params = node.get("params");
  if (params instanceof Y.Map) return params;
  const made = new Y.Map<unknown>();
  node.set("params", made);
  return made;
}
