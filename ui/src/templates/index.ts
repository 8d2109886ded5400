// Graphs to begin with: each runs as it is, without files of one's own. A test of the packs sees to that.

import type { Graph } from "../contract/api";
import type { Catalogue } from "../graph/catalogue";

const FOUND = import.meta.glob<Graph>("./*.json", { eager: true, import: "default" });

export interface Template {
  key: string;
  name: string;
  doc: string;
  graph: Graph;
}

export const TEMPLATES: readonly Template[] = Object.entries(FOUND).map(([path, graph]) => ({
  key: path.replace(/^\.\/|\.json$/g, ""),
  name: graph.name ?? "",
  doc: graph.notes?.[0]?.text ?? "",
  graph,
}));

/** Those whose nodes this server has. */
export function templatesFor(catalogue: Catalogue): Template[] {
  const known = (graph: Graph) => Object.values(graph.nodes ?? {}).every((node) => catalogue.get(node.type));
  return TEMPLATES.filter(({ graph }) => known(graph));
}
