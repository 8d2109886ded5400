// Whether a graph is still what an execution ran of it, told by the flat graph that ran.

import type { Definitions } from "./exposed";
import { type GraphView, inOrder, type Mode } from "./model";
import { inside } from "./subgraphs";

/** A value that whoever used the graph may have set. */
const ANYTHING = Symbol("anything");

type Given = Readonly<Record<string, unknown>>;

interface FlatNode {
  type: string;
  mode: Mode;
  params: Given;
}

interface Flat {
  nodes: Map<string, FlatNode>;
  /** Edges → whether another one, from outside, may have taken their place. */
  edges: Map<string, boolean>;
  /** What takes from a bypassed graph takes from what led into that: edges are not told here. */
  bypassed: boolean;
}

/**
 * Whether a graph is another one than that which ran within a node. What callers may set and what does not run (places,
 * titles, notes) is not looked at.
 *
 * Args:
 *     ran: the flat graph of the execution.
 *     prefix: what ids of the graph's nodes begin with in there.
 *     definitions: the graphs behind node types, of those that are graphs.
 */
export function differs(view: GraphView, ran: GraphView, prefix: string, definitions: Definitions): boolean {
  const now: Flat = { nodes: new Map(), edges: new Map(), bypassed: false };
  const free = new Map<string, Given>();
  for (const { node, param } of view.inputs.values()) free.set(node, { ...free.get(node), [param]: ANYTHING });
  unfold(view, definitions, free, "", "active", now);
  const then = [...ran.nodes.values()].filter((node) => node.id.startsWith(prefix));
  if (then.length !== now.nodes.size) return true;
  // All is muted within a node that is muted itself.
  const muted = then.every(({ mode }) => mode === "muted");
  const other = then.some((node) => {
    const same = now.nodes.get(node.id.slice(prefix.length));
    return same?.type !== node.type || !(muted || same.mode === node.mode) || !agree(same.params, node.params);
  });
  return other || (!now.bypassed && !sameEdges(now.edges, edgesWithin(ran, prefix)));
}

function unfold(
  view: GraphView,
  definitions: Definitions,
  given: ReadonlyMap<string, Given>,
  prefix: string,
  mode: Mode,
  into: Flat,
): void {
  for (const node of view.nodes.values()) {
    const params = { ...node.params, ...given.get(node.id) };
    const within = definitions.get(node.type);
    const runs = mode === "active" ? node.mode : "muted";
    if (!within) {
      into.nodes.set(prefix + node.id, { type: node.type, mode: runs, params });
      continue;
    }
    into.bypassed ||= node.mode === "bypassed";
    const imposed = new Map<string, Given>();
    for (const [name, value] of Object.entries(params)) {
      const item = within.inputs.get(name);
      if (item) imposed.set(item.node, { ...imposed.get(item.node), [item.param]: value });
    }
    unfold(within, definitions, imposed, inside(prefix + node.id, ""), runs, into);
  }
  const exposed = new Set([...view.inputs.values()].map(({ node, param }) => `${node}\n${param}`));
  for (const edge of inOrder(view.edges.values())) {
    const source = giver(view, definitions, edge.source, edge.sourcePort);
    const target = taker(view, definitions, edge.target, edge.targetPort);
    const replaceable = exposed.has(`${edge.target}\n${edge.targetPort}`);
    into.edges.set(`${prefix}${source} > ${prefix}${target}`, replaceable);
  }
}

function giver(view: GraphView, definitions: Definitions, id: string, port: string): string {
  const within = definitions.get(view.nodes.get(id)?.type ?? "");
  const item = within?.outputs.get(port);
  return within && item ? inside(id, giver(within, definitions, item.node, item.port)) : `${id}.${port}`;
}

function taker(view: GraphView, definitions: Definitions, id: string, port: string): string {
  const within = definitions.get(view.nodes.get(id)?.type ?? "");
  const item = within?.inputs.get(port);
  return within && item ? inside(id, taker(within, definitions, item.node, item.param)) : `${id}.${port}`;
}

function edgesWithin(ran: GraphView, prefix: string): Set<string> {
  const inner = [...ran.edges.values()].filter(
    ({ source, target }) => source.startsWith(prefix) && target.startsWith(prefix),
  );
  const within = (id: string) => id.slice(prefix.length);
  return new Set(
    inner.map((edge) => `${within(edge.source)}.${edge.sourcePort} > ${within(edge.target)}.${edge.targetPort}`),
  );
}

function sameEdges(now: ReadonlyMap<string, boolean>, then: ReadonlySet<string>): boolean {
  return [...then].every((edge) => now.has(edge)) && [...now].every(([edge, free]) => free || then.has(edge));
}

function agree(now: Given, then: Given): boolean {
  const names = new Set([...Object.keys(now), ...Object.keys(then)]);
  return [...names].every((name) => now[name] === ANYTHING || JSON.stringify(now[name]) === JSON.stringify(then[name]));
}
