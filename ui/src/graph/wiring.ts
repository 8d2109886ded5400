// What is connected to what, kept for as long as the edges stay as they are.

import type { Catalogue } from "./catalogue";
import type { EdgeView, GraphView } from "./model";
import { maps } from "./ports";

export interface Wiring {
  incoming: ReadonlyMap<string, readonly EdgeView[]>;
  outgoing: ReadonlyMap<string, readonly EdgeView[]>;
}

const known = new WeakMap<GraphView["edges"], Wiring>();
const NONE: readonly EdgeView[] = [];

export function wiringOf(view: GraphView): Wiring {
  const found = known.get(view.edges);
  if (found) return found;
  const [incoming, outgoing] = [new Map<string, EdgeView[]>(), new Map<string, EdgeView[]>()];
  for (const edge of view.edges.values()) {
    push(incoming, edge.target, edge);
    push(outgoing, edge.source, edge);
  }
  const made = { incoming, outgoing };
  known.set(view.edges, made);
  return made;
}

function push(table: Map<string, EdgeView[]>, id: string, edge: EdgeView): void {
  const edges = table.get(id);
  if (edges) edges.push(edge);
  else table.set(id, [edge]);
}

export function edgesInto(view: GraphView, target: string, port?: string): readonly EdgeView[] {
  const edges = wiringOf(view).incoming.get(target) ?? NONE;
  return port === undefined ? edges : edges.filter((edge) => edge.targetPort === port);
}

export function edgesFrom(view: GraphView, source: string, port?: string): readonly EdgeView[] {
  const edges = wiringOf(view).outgoing.get(source) ?? NONE;
  return port === undefined ? edges : edges.filter((edge) => edge.sourcePort === port);
}

/** The nodes themselves and all that they feed. */
export function downstream(view: GraphView, from: Iterable<string>): Set<string> {
  return closure(from, (id) => edgesFrom(view, id).map((edge) => edge.target));
}

/** The nodes themselves and all that feeds them. */
export function upstream(view: GraphView, from: Iterable<string>): Set<string> {
  return closure(from, (id) => edgesInto(view, id).map((edge) => edge.source));
}

function closure(from: Iterable<string>, next: (id: string) => string[]): Set<string> {
  const seen = new Set(from);
  const waiting = [...seen];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const other of next(id)) {
      if (seen.has(other)) continue;
      seen.add(other);
      waiting.push(other);
    }
  }
  return seen;
}

/** The type of what leaves an output: a node that takes the items of a list one by one gives lists. */
export function givenType(view: GraphView, catalogue: Catalogue, node: string, port: string): string | null {
  let known = mapped.get(view);
  if (known?.catalogue !== catalogue) {
    known = { catalogue, nodes: new Map() };
    mapped.set(view, known);
  }
  return typeFrom(view, catalogue, node, port, known.nodes);
}

/** Which nodes map, as far as somebody asked: a chain is walked once, not for each of its edges. */
const mapped = new WeakMap<GraphView, { catalogue: Catalogue; nodes: Map<string, boolean> }>();

function typeFrom(
  view: GraphView,
  catalogue: Catalogue,
  node: string,
  port: string,
  seen: Map<string, boolean>,
): string | null {
  const declared = catalogue.output(view.nodes.get(node)?.type ?? "", port)?.type;
  if (!declared) return null;
  return isMapped(view, catalogue, node, seen) ? `LIST[${declared}]` : declared;
}

function isMapped(view: GraphView, catalogue: Catalogue, node: string, seen: Map<string, boolean>): boolean {
  const before = seen.get(node);
  if (before !== undefined) return before;
  // Drafts may hold a loop: who is asked while being looked at is taken for one that maps nothing.
  seen.set(node, false);
  const type = view.nodes.get(node)?.type ?? "";
  const found = edgesInto(view, node).some((edge) => {
    const port = catalogue.target(type, edge.targetPort);
    const given = port && !port.list ? typeFrom(view, catalogue, edge.source, edge.sourcePort, seen) : null;
    return port && given !== null && maps(given, port.type);
  });
  seen.set(node, found);
  return found;
}
