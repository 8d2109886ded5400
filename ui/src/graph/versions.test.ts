import { describe, expect, it } from "vitest";
import { Catalogue } from "./catalogue";
import { type Exposed, successors } from "./exposed";
import type { GraphView } from "./model";
import { applied, CATALOGUE, edgesOf, graph, param, spec } from "./testing";
import { retype, updateOf } from "./versions";

const VERSIONS = new Catalogue([
  ...CATALOGUE.types,
  {
    ...spec("graph.x@1", { a: "IMAGE", b: "IMAGE" }, { o: "IMAGE", p: "IMAGE" }, [param("size", "FLOAT")]),
    graph: "g",
    hidden: true,
  },
  { ...spec("graph.x@2", { a: "IMAGE" }, { o: "IMAGE" }), graph: "g", version: 2 },
  {
    ...spec("graph.x@3", { a: "IMAGE", over: "IMAGE" }, { q: "IMAGE", o: "IMAGE" }, [param("amount", "FLOAT")]),
    graph: "g",
    version: 3,
  },
]);

const edge = (source: string, sourcePort: string, target: string, targetPort: string) => ({
  op: "edge.create" as const,
  edge: { source, sourcePort, target, targetPort, key: `${target}:${targetPort}` },
});

/** A node of the first version with all that it can have. */
const VIEW = applied(
  graph({ i: "test.image", x: "graph.x@1", s: "test.blur", t: "test.blur" }, [], { x: { size: 4 } }),
  [
    edge("i", "image", "x", "a"),
    edge("i", "image", "x", "b"),
    edge("x", "o", "s", "image"),
    edge("x", "p", "t", "image"),
    { op: "input.set", input: { name: "how much", node: "x", param: "size" } },
    { op: "output.set", output: { name: "result", node: "x", port: "p" } },
  ],
);

const port = (side: Exposed["side"], name: string, node: string): Exposed => ({ side, name, node, port: "image" });
const OLD = [
  port("inputs", "a", "n1"),
  port("inputs", "b", "n2"),
  port("inputs", "size", "n3"),
  port("outputs", "o", "n4"),
  port("outputs", "p", "n5"),
];

function updated(type: string, now: readonly Exposed[]): { view: GraphView; lost: string[] } {
  const { changes, lost } = retype(VIEW, VERSIONS, "x", type, successors(OLD, now));
  return { view: applied(VIEW, changes), lost };
}

describe("versions", () => {
  it("offer the newest one, and the others not", () => {
    expect(updateOf(VERSIONS, "graph.x@1")).toBe("graph.x@2");
    expect(updateOf(VERSIONS, "graph.x@2")).toBeNull();
    expect(VERSIONS.offered.map(({ type }) => type)).not.toContain("graph.x@1");
  });
  it("lose what was at ports that went, and tell it", () => {
    const { view, lost } = updated("graph.x@2", [port("inputs", "a", "n1"), port("outputs", "o", "n4")]);
    expect(view.nodes.get("x")).toMatchObject({ type: "graph.x@2", params: {} });
    expect(edgesOf(view)).toEqual(["i.image > x.a", "x.o > s.image"]);
    expect([view.inputs.size, view.outputs.size]).toEqual([0, 0]);
    expect(lost).toEqual([
      "the wire from image",
      "the wire to blur",
      "the value of size",
      "the input how much",
      "the output result",
    ]);
  });
  it("take wires, values and exposures along to ports that are called otherwise, and change places with others", () => {
    const { view, lost } = updated("graph.x@3", [
      port("inputs", "a", "n1"),
      port("inputs", "over", "n2"),
      port("inputs", "amount", "n3"),
      port("outputs", "q", "n4"),
      port("outputs", "o", "n5"),
    ]);
    expect(lost).toEqual([]);
    expect(edgesOf(view)).toEqual(["i.image > x.a", "i.image > x.over", "x.o > t.image", "x.q > s.image"]);
    expect(view.nodes.get("x")!.params).toEqual({ amount: 4 });
    expect(view.inputs.get("how much")).toMatchObject({ param: "amount" });
    expect(view.outputs.get("result")).toMatchObject({ port: "o" });
  });
  it("keep the order of wires into a list", () => {
    const into = (source: string, sourcePort: string, order: number) => {
      const key = `all:items:${source}:${sourcePort}`;
      const fields = { source, sourcePort, target: "all", targetPort: "items" };
      return { op: "edge.create" as const, edge: { ...fields, key, order } };
    };
    const view = applied(graph({ x: "graph.x@1", n: "test.number", all: "test.collect" }), [
      into("x", "o", 0),
      into("n", "out", 1),
      into("x", "p", 2),
    ]);
    const now = [port("outputs", "q", "n4"), port("outputs", "o", "n5")];
    const { changes } = retype(view, VERSIONS, "x", "graph.x@3", successors(OLD, now));
    const made = changes.flatMap((change) => (change.op === "edge.create" ? [change.edge.key] : []));
    expect(made).toEqual(["all:items:x:q", "all:items:n:out", "all:items:x:o"]);
    expect(changes.filter(({ op }) => op === "edge.delete").length).toBe(3);
  });
});
