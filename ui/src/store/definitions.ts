// The graphs behind node types that are graphs: what was published never changes, so each is asked for once.

import type { Graph } from "../contract/api";
import type { Catalogue } from "../graph/catalogue";
import { fromDocument } from "../graph/document";
import type { Definitions } from "../graph/exposed";
import type { GraphView } from "../graph/model";
import { api } from "../session/api";

const known = new Map<string, Promise<GraphView>>();

/** What stands behind a type; ApiError where it cannot be had. */
export function definitionOf(type: string, catalogue: Catalogue): Promise<GraphView> {
  const found = known.get(type) ?? read(type, catalogue);
  known.set(type, found);
  found.catch(() => known.delete(type));
  return found;
}

async function read(type: string, catalogue: Catalogue): Promise<GraphView> {
  return fromDocument((await api.publishedGraph(type)).graph as unknown as Graph, catalogue);
}

/** Of all nodes of a graph, and of those within them, that are graphs. */
export async function definitionsIn(view: GraphView, catalogue: Catalogue): Promise<Definitions> {
  const found = new Map<string, GraphView>();
  const waiting = [view];
  for (let graph = waiting.pop(); graph; graph = waiting.pop()) {
    for (const { type } of graph.nodes.values()) {
      if (found.has(type) || !catalogue.get(type)?.graph) continue;
      const definition = await definitionOf(type, catalogue);
      found.set(type, definition);
      waiting.push(definition);
    }
  }
  return found;
}
