// All edges of one port at once to another port of the same side.

import type { Catalogue } from "./catalogue";
import { connect, type End, mayConnect, type Verdict } from "./connect";
import type { Change, EdgeFields, EdgeView, GraphView } from "./model";
import { edgesFrom, edgesInto } from "./wiring";

type Place = { node: string; port: string };

export function edgesOf(view: GraphView, { node, port, side }: End): readonly EdgeView[] {
  return side === "source" ? edgesFrom(view, node, port) : edgesInto(view, node, port);
}

function moved(edge: EdgeView, side: End["side"], { node, port }: Place): EdgeFields {
  const { source, sourcePort, target, targetPort } = edge;
  return side === "source"
    ? { source: node, sourcePort: port, target, targetPort }
    : { source, sourcePort, target: node, targetPort: port };
}

/** The graph as it is without some edges: what they alone keep from being drawn may be drawn then. */
function without(view: GraphView, edges: readonly EdgeView[]): GraphView {
  const gone = new Set(edges.map((edge) => edge.key));
  return { ...view, edges: new Map([...view.edges].filter(([key]) => !gone.has(key))) };
}

/** Whether every edge of a port may go to another one of its side. */
export function mayMove(view: GraphView, catalogue: Catalogue, from: End): (node: string, port: string) => Verdict {
  const edges = edgesOf(view, from);
  const rest = without(view, edges);
  return (node, port) => {
    if (node === from.node && port === from.port) return { ok: false, reason: "this is where they are" };
    const to = { node, port };
    const several = from.side === "target" && edges.length > 1;
    if (several && catalogue.single(view.nodes.get(node)?.type ?? "", port)) {
      return { ok: false, reason: "takes one edge only" };
    }
    const verdicts = edges.map((edge) => mayConnect(rest, catalogue, moved(edge, from.side, to)));
    return verdicts.find((verdict) => !verdict.ok) ?? { ok: true, how: "same" };
  };
}

/** Moves every edge of a port to another one of its side; what a single input had there goes. */
export function moveEdges(view: GraphView, catalogue: Catalogue, from: End, to: Place): Change[] {
  const edges = edgesOf(view, from);
  const rest = without(view, edges);
  return [
    ...edges.map((edge): Change => ({ op: "edge.delete", key: edge.key })),
    ...edges.flatMap((edge) => connect(rest, catalogue, moved(edge, from.side, to))),
  ];
}
