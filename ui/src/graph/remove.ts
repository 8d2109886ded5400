import type { Catalogue } from "./catalogue";
import { connect, mayConnect } from "./connect";
import type { Change, EdgeView, GraphView } from "./model";

export interface Removal {
  nodes?: Iterable<string>;
  edges?: Iterable<string>;
  groups?: Iterable<string>;
  notes?: Iterable<string>;
}

/**
 * Removes what is named, with all edges of the nodes and what the graph exposes of them, as one step that one undo
 * brings back.
 */
export function remove(view: GraphView, what: Removal): Change[] {
  const nodes = new Set(what.nodes ?? []);
  const edges = new Set(what.edges ?? []);
  for (const edge of view.edges.values()) if (nodes.has(edge.source) || nodes.has(edge.target)) edges.add(edge.key);
  const inputs = [...view.inputs.values()].filter((input) => nodes.has(input.node));
  const outputs = [...view.outputs.values()].filter((output) => nodes.has(output.node));
  return [
    ...[...edges].map((key): Change => ({ op: "edge.delete", key })),
    ...inputs.map(({ name }): Change => ({ op: "input.delete", name })),
    ...outputs.map(({ name }): Change => ({ op: "output.delete", name })),
    ...[...nodes].map((id): Change => ({ op: "node.delete", id })),
    ...[...(what.groups ?? [])].map((id): Change => ({ op: "group.delete", id })),
    ...[...(what.notes ?? [])].map((id): Change => ({ op: "note.delete", id })),
  ];
}

/** Removes a node and joins what fed it to what it fed, where the types allow that. */
export function removeAndReconnect(view: GraphView, catalogue: Catalogue, id: string): Change[] {
  const [into, out] = edgesOf(view, id);
  const joined = out.flatMap((after): Change[] => {
    const before = into.find((edge) => fitsAround(view, catalogue, edge, after));
    return before ? connect(view, catalogue, between(before, after)) : [];
  });
  return [...remove(view, { nodes: [id] }), ...joined];
}

function edgesOf(view: GraphView, id: string): [EdgeView[], EdgeView[]] {
  const all = [...view.edges.values()];
  return [all.filter((edge) => edge.target === id), all.filter((edge) => edge.source === id)];
}

function between(before: EdgeView, after: EdgeView) {
  const { source, sourcePort } = before;
  const { target, targetPort } = after;
  return { source, sourcePort, target, targetPort };
}

function fitsAround(view: GraphView, catalogue: Catalogue, before: EdgeView, after: EdgeView): boolean {
  return mayConnect(view, catalogue, between(before, after)).ok;
}
