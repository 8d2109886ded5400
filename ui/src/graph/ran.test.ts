import { describe, expect, it } from "vitest";
import { EMPTY_GRAPH, type GraphView } from "./model";
import { differs } from "./ran";
import { applied, graph } from "./testing";

/** Blurs twice, the first time as callers say. */
const TWICE = applied(
  graph({ one: "test.blur", two: "test.blur" }, ["one.image > two.image"], { one: { radius: 2 }, two: { radius: 3 } }),
  [
    { op: "input.set", input: { name: "image", node: "one", param: "image" } },
    { op: "input.set", input: { name: "radius", node: "one", param: "radius" } },
    { op: "output.set", output: { name: "image", node: "two", port: "image" } },
  ],
);
/** That one before a blur of its own, which callers may set. */
const OUTER = applied(graph({ in: "graph.twice@1", last: "test.blur" }, [], { in: { radius: 7 } }), [
  {
    op: "edge.create",
    edge: { key: "last:image", source: "in", sourcePort: "image", target: "last", targetPort: "image" },
  },
  { op: "input.set", input: { name: "image", node: "in", param: "image" } },
  { op: "input.set", input: { name: "end", node: "last", param: "radius" } },
]);
const DEFINITIONS = new Map([["graph.twice@1", TWICE]]);

/** What the server makes of `x`, a node of OUTER, beside a picture that leads into it. */
const RAN = graph(
  { image: "test.image", "x:in:one": "test.blur", "x:in:two": "test.blur", "x:last": "test.blur" },
  ["image.image > x:in:one.image", "x:in:one.image > x:in:two.image", "x:in:two.image > x:last.image"],
  { "x:in:one": { radius: 7 }, "x:in:two": { radius: 3 }, "x:last": { radius: 9 } },
);

const set = (view: GraphView, id: string, fields: object): GraphView => ({
  ...view,
  nodes: new Map(view.nodes).set(id, { ...view.nodes.get(id)!, ...fields }),
});
const changed = (view: GraphView) => differs(view, RAN, "x:", DEFINITIONS);

describe("a graph beside what ran of it", () => {
  it("is the same, nested ones unfolded, with what callers set and wired", () => {
    expect(changed(OUTER)).toBe(false);
    expect(differs(TWICE, RAN, "x:in:", DEFINITIONS)).toBe(false);
    expect(changed(set(OUTER, "last", { params: { radius: 4 }, x: 40, title: "End", collapsed: true }))).toBe(false);
  });
  it("is another one with other nodes, types, values or modes", () => {
    expect(changed(applied(OUTER, [{ op: "node.create", id: "more", node: { type: "test.blur" } }]))).toBe(true);
    expect(changed(set(OUTER, "last", { type: "test.any" }))).toBe(true);
    expect(changed(set(OUTER, "last", { mode: "bypassed" }))).toBe(true);
    expect(changed(set(OUTER, "in", { params: { radius: 6 } }))).toBe(true);
    expect(differs(set(TWICE, "two", { params: {} }), RAN, "x:in:", DEFINITIONS)).toBe(true);
    expect(differs(EMPTY_GRAPH, RAN, "x:", DEFINITIONS)).toBe(true);
  });
  it("is another one with another version within, or other wires", () => {
    const second = new Map([["graph.twice@1", set(TWICE, "two", { params: { radius: 1 } })]]);
    expect(differs(OUTER, RAN, "x:", second)).toBe(true);
    expect(changed(applied(OUTER, [{ op: "edge.delete", key: "last:image" }]))).toBe(true);
    const other = { key: "two:image", source: "two", sourcePort: "image", target: "two", targetPort: "image" };
    expect(differs(applied(TWICE, [{ op: "edge.create", edge: other }]), RAN, "x:in:", DEFINITIONS)).toBe(true);
  });
  it("may have wires within that one from outside took the place of", () => {
    const led = applied(TWICE, [
      { op: "node.create", id: "own", node: { type: "test.image" } },
      {
        op: "edge.create",
        edge: { key: "one:image", source: "own", sourcePort: "image", target: "one", targetPort: "image" },
      },
    ]);
    const ran = applied(RAN, [{ op: "node.create", id: "x:in:own", node: { type: "test.image" } }]);
    expect(differs(led, ran, "x:in:", DEFINITIONS)).toBe(false);
  });
  it("is the same where the node around it was muted", () => {
    const muted = {
      ...RAN,
      nodes: new Map([...RAN.nodes].map(([id, node]) => [id, { ...node, mode: "muted" as const }])),
    };
    expect(differs(OUTER, muted, "x:", DEFINITIONS)).toBe(false);
  });
});
