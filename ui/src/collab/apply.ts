// Changes as one Yjs transaction. A key is set only to make something: what exists is changed in place, so that two
// people's edits of one node are both kept, and an edit does not bring a deleted node back.

import * as Y from "yjs";
import { type Change, NODE_DEFAULTS, type NodeFields, type Params } from "../graph/model";
import { type Roots, rootsOf } from "./shape";

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
      break;
    case "node.delete":
      roots.nodes.delete(change.id);
      break;
    case "node.set":
      setFields(roots.nodes.get(change.id), change.fields);
      break;
    case "param.set":
      paramsOf(roots.nodes.get(change.id))?.set(change.name, change.value);
      break;
    case "param.clear":
      paramsOf(roots.nodes.get(change.id))?.delete(change.name);
      break;
    case "edge.create": {
      const { key, ...edge } = change.edge;
      roots.edges.set(key, edge);
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
      roots.inputs.set(name, rest);
      break;
    }
    case "input.delete":
      roots.inputs.delete(change.name);
      break;
    case "output.set": {
      const { name, ...rest } = change.output;
      roots.outputs.set(name, rest);
      break;
    }
    case "output.delete":
      roots.outputs.delete(change.name);
      break;
    case "graph.rename":
      roots.meta.set("name", change.name);
  }
}

function newNode(fields: Partial<NodeFields>, params: Params): Y.Map<unknown> {
  const node = new Y.Map<unknown>();
  for (const [name, value] of Object.entries({ ...NODE_DEFAULTS, ...fields })) node.set(name, value);
  node.set("params", new Y.Map(Object.entries(params)));
  return node;
}

function setFields(node: unknown, fields: object): void {
  if (!(node instanceof Y.Map)) return;
  for (const [name, value] of Object.entries(fields)) if (node.get(name) !== value) node.set(name, value);
}

function setFrame(map: Y.Map<unknown>, { id, ...fields }: { id: string }): void {
  const known = map.get(id);
  if (known instanceof Y.Map) setFields(known, fields);
  else map.set(id, new Y.Map(Object.entries(fields)));
}

function paramsOf(node: unknown): Y.Map<unknown> | null {
  if (!(node instanceof Y.Map)) return null;
  const params = node.get("params");
  if (params instanceof Y.Map) return params;
  const made = new Y.Map<unknown>();
  node.set("params", made);
  return made;
}
