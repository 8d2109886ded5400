import { expect, it } from "vitest";
import { CATALOGUE } from "../graph/testing";
import { TEMPLATES, templatesFor } from ".";

it("are graphs whose edges and outputs lead to their nodes", () => {
  expect(TEMPLATES.length).toBeGreaterThanOrEqual(8);
  for (const { name, doc, graph } of TEMPLATES) {
    const nodes = Object.keys(graph.nodes ?? {});
    expect(name && doc).toBeTruthy();
    for (const edge of graph.edges ?? [])
      expect(nodes).toEqual(expect.arrayContaining([edge.source.node, edge.target.node]));
    expect(graph.outputs?.length, name).toBeGreaterThan(0);
  }
});

it("are offered only where all their nodes are", () => {
  expect(templatesFor(CATALOGUE)).toEqual([]);
});
