// What turns one graph into another, and what of that still has a place in a third: edits that were made alone are done
// again in a document that has moved on.

import { type Change, type GraphView, NODE_DEFAULTS, type NodeFields, type NodeView } from "./model";

const SETTABLE = ["x", "y", ...Object.keys(NODE_DEFAULTS)] as (keyof Omit<NodeFields, "type">)[];

export function difference(before: GraphView, after: GraphView): Change[] {
  const changes: Change[] = before.name === after.name ? [] : [{ op: "graph.rename", name: after.name }];
  for (const key of removed(before.edges, after.edges)) changes.push({ op: "edge.delete", key });
  for (const name of removed(before.inputs, after.inputs)) changes.push({ op: "input.delete", name });
  for (const name of removed(before.outputs, after.outputs)) changes.push({ op: "output.delete", name });
  for (const id of removed(before.nodes, after.nodes)) changes.push({ op: "node.delete", id });
  for (const id of removed(before.groups, after.groups)) changes.push({ op: "group.delete", id });
  for (const id of removed(before.notes, after.notes)) changes.push({ op: "note.delete", id });
  for (const [id, node] of after.nodes) changes.push(...nodeChanges(before.nodes.get(id), node));
  for (const edge of added(before.edges, after.edges)) changes.push({ op: "edge.create", edge });
  for (const group of added(before.groups, after.groups)) changes.push({ op: "group.set", group });
  for (const note of added(before.notes, after.notes)) changes.push({ op: "note.set", note });
  for (const input of added(before.inputs, after.inputs)) changes.push({ op: "input.set", input });
  for (const output of added(before.outputs, after.outputs)) changes.push({ op: "output.set", output });
  return changes;
}

/** Without what belongs to nodes that others have deleted meanwhile, and without what is there already. */
export function stillFitting(changes: readonly Change[], view: GraphView): Change[] {
  const nodes = new Set(view.nodes.keys());
  for (const change of changes) if (change.op === "node.create") nodes.add(change.id);
  return changes.filter((change) => {
    switch (change.op) {
      case "node.create":
        return !view.nodes.has(change.id);
      case "node.set":
      case "param.set":
      case "param.clear":
        return nodes.has(change.id);
      case "edge.create":
        return nodes.has(change.edge.source) && nodes.has(change.edge.target);
      case "input.set":
        return nodes.has(change.input.node);
      case "output.set":
        return nodes.has(change.output.node);
      default:
        return true;
    }
  });
}

function nodeChanges(before: NodeView | undefined, after: NodeView): Change[] {
  if (before === after) return [];
  if (before === undefined || before.type !== after.type) {
    const { id, params, ...node } = after;
    const create: Change = { op: "node.create", id, node, params };
    return before === undefined ? [create] : [{ op: "node.delete", id }, create];
  }
  const { id } = after;
  const fields = Object.fromEntries(
    SETTABLE.filter((name) => !same(before[name], after[name])).map((n) => [n, after[n]]),
  );
  const changes: Change[] = Object.keys(fields).length > 0 ? [{ op: "node.set", id, fields }] : [];
  for (const name of Object.keys(before.params)) {
    if (!(name in after.params)) changes.push({ op: "param.clear", id, name });
  }
  for (const [name, value] of Object.entries(after.params)) {
    if (!same(before.params[name], value)) changes.push({ op: "param.set", id, name, value });
  }
  return changes;
}

const removed = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): string[] =>
  [...before.keys()].filter((key) => !after.has(key));

const added = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): T[] =>
  [...after].filter(([key, value]) => !same(before.get(key), value)).map(([, value]) => value);

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
