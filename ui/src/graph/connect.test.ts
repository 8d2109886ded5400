import { describe, expect, it } from "vitest";
import { connect, edgeOf, firstFit, mayConnect, splice, typeFits, verdicts } from "./connect";
import { edgeKey } from "./model";
import { applied, CATALOGUE, edgesOf, graph } from "./testing";
import { downstream, givenType, upstream } from "./wiring";

const chain = () =>
  graph({ a: "test.image", b: "test.blur", c: "test.blur" }, ["a.image > b.image", "b.image > c.image"]);
const edge = (source: string, sourcePort: string, target: string, targetPort: string) => ({
  source,
  sourcePort,
  target,
  targetPort,
});

describe("keys of edges", () => {
  it("are one for a single input, whoever feeds it", () => {
    expect(edgeKey(edge("a", "x", "t", "p"), true)).toBe(edgeKey(edge("b", "y", "t", "p"), true));
    expect(edgeKey(edge("a", "x", "t", "p"), false)).not.toBe(edgeKey(edge("b", "y", "t", "p"), false));
  });
  it("are never shared by accident", () => {
    expect(edgeKey(edge("a", "x", "t:p", "q"), true)).toBe("t%3Ap:q");
    expect(edgeKey(edge("a", "x", "t", "p%3Aq"), true)).toBe("t:p%253Aq");
  });
});

describe("whether an edge may be drawn", () => {
  it("says what does not fit", () => {
    const view = graph({ a: "test.number", b: "test.blur" });
    expect(mayConnect(view, CATALOGUE, edge("a", "out", "b", "image"))).toEqual({
      ok: false,
      reason: "INT does not fit IMAGE",
    });
    expect(mayConnect(view, CATALOGUE, edge("a", "out", "b", "radius"))).toEqual({ ok: true, how: "converted" });
  });
  it("makes no loop", () => {
    expect(mayConnect(chain(), CATALOGUE, edge("c", "image", "b", "image"))).toEqual({
      ok: false,
      reason: "this would make a loop",
    });
    expect(mayConnect(chain(), CATALOGUE, edge("b", "image", "b", "image")).ok).toBe(false);
  });
  it("says the same of each port at once as of one", () => {
    const view = chain();
    const judge = verdicts(view, CATALOGUE, { node: "c", port: "image", side: "source" });
    for (const node of view.nodes.keys()) {
      for (const port of ["image", "radius"]) {
        const known = CATALOGUE.target(view.nodes.get(node)!.type, port);
        if (known) expect(judge(node, port).ok).toBe(mayConnect(view, CATALOGUE, edge("c", "image", node, port)).ok);
      }
    }
    const backward = verdicts(view, CATALOGUE, { node: "b", port: "image", side: "target" });
    expect(backward("a", "image").ok).toBe(true);
    expect(backward("c", "image").ok).toBe(false);
  });
});

describe("connecting", () => {
  it("replaces what a single input had", () => {
    const view = graph({ a: "test.image", b: "test.image", c: "test.blur" }, ["a.image > c.image"]);
    const after = applied(view, connect(view, CATALOGUE, edge("b", "image", "c", "image")));
    expect(edgesOf(after)).toEqual(["b.image > c.image"]);
  });
  it("also removes an edge that stands under another key", () => {
    const view = graph({ a: "test.image", b: "test.image", c: "test.blur" });
    const stray = applied(view, [
      { op: "edge.create", edge: { ...edge("a", "image", "c", "image"), key: "elsewhere" } },
    ]);
    expect(edgesOf(applied(stray, connect(stray, CATALOGUE, edge("b", "image", "c", "image"))))).toEqual([
      "b.image > c.image",
    ]);
  });
  it("adds to a list", () => {
    const view = graph({ a: "test.number", b: "test.number", c: "test.collect" }, [
      "a.out > c.items",
      "b.out > c.items",
    ]);
    expect(edgesOf(view)).toHaveLength(2);
  });
  it("takes the first free port that fits when dropped on a node", () => {
    const view = graph({ a: "test.image", b: "test.blend" }, ["a.image > b.base"]);
    const end = { node: "a", port: "image", side: "source" } as const;
    expect(firstFit(view, CATALOGUE, end, "b")).toMatchObject({ targetPort: "layer" });
    const full = applied(view, connect(view, CATALOGUE, edge("a", "image", "b", "layer")));
    expect(firstFit(full, CATALOGUE, end, "b")).toMatchObject({ targetPort: "base" });
    expect(firstFit(view, CATALOGUE, { node: "a", port: "mask", side: "source" }, "b")).toBeNull();
  });
  it("prefers the same type to one that is converted", () => {
    const view = graph({ a: "test.number", b: "test.any", c: "test.blur" });
    expect(firstFit(view, CATALOGUE, { node: "c", port: "radius", side: "target" }, "a")).toEqual(
      edgeOf({ node: "a", port: "out" }, { node: "c", port: "radius" }),
    );
  });
  it("finds node types that a wire fits", () => {
    const view = graph({ a: "test.image" });
    const end = { node: "a", port: "mask", side: "source" } as const;
    expect(
      CATALOGUE.types.filter((spec) => typeFits(view, CATALOGUE, end, spec.type)).map((spec) => spec.type),
    ).toEqual(["test.any"]);
  });
});

describe("splicing", () => {
  const view = applied(chain(), [{ op: "node.create", id: "n", node: { type: "test.blur" } }]);
  const key = [...view.edges.values()].find((one) => one.target === "c")!.key;
  it("puts a node between", () => {
    expect(edgesOf(applied(view, splice(view, CATALOGUE, "n", key)!))).toEqual([
      "a.image > b.image",
      "b.image > n.image",
      "n.image > c.image",
    ]);
  });
  it("leaves alone what is connected already, or does not fit", () => {
    expect(splice(view, CATALOGUE, "a", key)).toBeNull();
    const other = applied(chain(), [{ op: "node.create", id: "n", node: { type: "test.number" } }]);
    expect(splice(other, CATALOGUE, "n", key)).toBeNull();
  });
});

describe("the types of what flows", () => {
  it("become lists behind a node that takes items one by one", () => {
    const view = graph({ l: "test.images", b: "test.blur", c: "test.blur" }, ["l.out > b.image", "b.image > c.image"]);
    expect(givenType(view, CATALOGUE, "c", "image")).toBe("LIST[IMAGE]");
    expect(givenType(view, CATALOGUE, "nobody", "image")).toBeNull();
  });
  it("are found in a draft with a loop, too", () => {
    const view = applied(chain(), [{ op: "edge.create", edge: { ...edge("c", "image", "b", "image"), key: "loop" } }]);
    expect(givenType(view, CATALOGUE, "c", "image")).toBe("IMAGE");
    expect(downstream(view, ["b"])).toEqual(new Set(["b", "c"]));
  });
});

it("walks up and down", () => {
  expect(upstream(chain(), ["b"])).toEqual(new Set(["a", "b"]));
  expect(downstream(chain(), ["b"])).toEqual(new Set(["b", "c"]));
});
