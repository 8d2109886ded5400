// Rules and commands of connecting: who fits, what is replaced, what would make a loop.

import type { Catalogue } from "./catalogue";
import { type Change, type EdgeFields, edgeKey, type GraphView } from "./model";
import { fitOf } from "./ports";
import { downstream, edgesFrom, edgesInto, givenType, upstream } from "./wiring";

export type Verdict = { ok: true; how: string } | { ok: false; reason: string };

/** One end of an edge that is being drawn. */
export interface End {
  node: string;
  port: string;
  side: "source" | "target";
}

/** Whether an edge may be drawn; every reason is one that a person can act on. */
export function mayConnect(view: GraphView, catalogue: Catalogue, edge: EdgeFields): Verdict {
  const target = view.nodes.get(edge.target);
  const given = givenType(view, catalogue, edge.source, edge.sourcePort);
  const input = target && catalogue.target(target.type, edge.targetPort);
  if (given === null || !input) return refuse("one of the ports is not in the catalogue");
  const found = fitOf(given, input.type, input.list);
  if (!found.fits) return refuse(found.reason);
  if (edge.source === edge.target) return refuse("a node cannot feed itself");
  if (downstream(view, [edge.target]).has(edge.source)) return refuse("this would make a loop");
  return { ok: true, how: found.how };
}

const refuse = (reason: string): Verdict => ({ ok: false, reason });

/**
 * What an end that is being dragged may meet, asked for every port on the canvas: the far side of the graph is walked
 * once, not for each.
 */
export function verdicts(view: GraphView, catalogue: Catalogue, end: End): (node: string, port: string) => Verdict {
  const outward = end.side === "source";
  const given = outward ? givenType(view, catalogue, end.node, end.port) : null;
  const taken = outward ? null : catalogue.target(view.nodes.get(end.node)?.type ?? "", end.port);
  const looped = loopedWith(view, end);
  return (node, port) => {
    const type = view.nodes.get(node)?.type ?? "";
    const from = outward ? given : givenType(view, catalogue, node, port);
    const into = outward ? catalogue.target(type, port) : taken;
    if (from === null || !into) return refuse("one of the ports is not in the catalogue");
    const found = fitOf(from, into.type, into.list);
    if (!found.fits) return refuse(found.reason);
    if (node === end.node) return refuse("a node cannot feed itself");
    return looped.has(node) ? refuse("this would make a loop") : { ok: true, how: found.how };
  };
}

function loopedWith(view: GraphView, end: End): Set<string> {
  return end.side === "target" ? downstream(view, [end.node]) : upstream(view, [end.node]);
}

/** Draws an edge; what a single input had before goes. */
export function connect(view: GraphView, catalogue: Catalogue, edge: EdgeFields): Change[] {
  const single = catalogue.single(view.nodes.get(edge.target)?.type ?? "", edge.targetPort);
  const key = edgeKey(edge, single);
  const replaced = single ? edgesInto(view, edge.target, edge.targetPort).filter((old) => old.key !== key) : [];
  const removals = replaced.map((old): Change => ({ op: "edge.delete", key: old.key }));
  return [...removals, { op: "edge.create", edge: { ...edge, key } }];
}

/** Where an edge from (or to) `end` may go on a node: free ports before occupied ones, inputs before parameters. */
export function firstFit(view: GraphView, catalogue: Catalogue, end: End, node: string): EdgeFields | null {
  const type = view.nodes.get(node)?.type ?? "";
  const outward = end.side === "source";
  const names = outward ? catalogue.targets(type) : (catalogue.get(type)?.outputs ?? []);
  const judge = verdicts(view, catalogue, end);
  const edges = [...names]
    .filter(({ name }) => judge(node, name).ok)
    .sort((a, b) => rankOf(judge(node, a.name)) - rankOf(judge(node, b.name)))
    .map(({ name }) => (outward ? edgeOf(end, { node, port: name }) : edgeOf({ node, port: name }, end)));
  const free = edges.find((edge) => edgesInto(view, edge.target, edge.targetPort).length === 0);
  return free ?? edges[0] ?? null;
}

function rankOf(verdict: Verdict): number {
  return verdict.ok && verdict.how === "same" ? 0 : 1;
}

/** Whether some port of a node type takes (or gives) what an end gives (or takes). */
export function typeFits(view: GraphView, catalogue: Catalogue, end: End, type: string): boolean {
  if (end.side === "source") {
    const given = givenType(view, catalogue, end.node, end.port);
    return given !== null && catalogue.targets(type).some((port) => fitOf(given, port.type, port.list).fits);
  }
  const taken = catalogue.target(view.nodes.get(end.node)?.type ?? "", end.port);
  const outputs = catalogue.get(type)?.outputs ?? [];
  return taken !== undefined && outputs.some((output) => fitOf(output.type, taken.type, taken.list).fits);
}

export function edgeOf(source: { node: string; port: string }, target: { node: string; port: string }): EdgeFields {
  return { source: source.node, sourcePort: source.port, target: target.node, targetPort: target.port };
}

/** Puts an unconnected node into an edge: what fed the edge's target feeds the node, which feeds the target. */
export function splice(view: GraphView, catalogue: Catalogue, node: string, key: string): Change[] | null {
  const edge = view.edges.get(key);
  if (!edge || edge.source === node || edge.target === node) return null;
  if (edgesInto(view, node).length > 0 || edgesFrom(view, node).length > 0) return null;
  const into = firstFit(view, catalogue, { node: edge.source, port: edge.sourcePort, side: "source" }, node);
  const out = firstFit(view, catalogue, { node: edge.target, port: edge.targetPort, side: "target" }, node);
  if (!into || !out) return null;
  return [{ op: "edge.delete", key }, ...connect(view, catalogue, into), ...connect(view, catalogue, out)];
}
