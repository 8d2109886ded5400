import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { connect } from "../graph/connect";
import { contents } from "../graph/document";
import { remove } from "../graph/remove";
import { CATALOGUE, graph } from "../graph/testing";
import { apply, LOCAL } from "./apply";
import { ObservedGraph } from "./observe";
import { inkOn } from "./presence";
import { rootsOf } from "./shape";

const chain = () =>
  graph({ a: "test.image", b: "test.blur", c: "test.blur" }, ["a.image > b.image", "b.image > c.image"]);

function opened() {
  const doc = new Y.Doc();
  apply(doc, contents(chain()));
  return { doc, seen: new ObservedGraph(doc) };
}

/** Two people who are not connected yet. */
function two() {
  const { doc: one } = opened();
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one));
  const meet = () => {
    Y.applyUpdate(other, Y.encodeStateAsUpdate(one), "remote");
    Y.applyUpdate(one, Y.encodeStateAsUpdate(other), "remote");
  };
  return { one, other, meet };
}

const undoOf = (doc: Y.Doc) =>
  new Y.UndoManager(Object.values(rootsOf(doc)), { trackedOrigins: new Set([LOCAL]), captureTimeout: 0 });

describe("what is seen", () => {
  it("keeps the objects of all that did not change", () => {
    const { doc, seen } = opened();
    const before = seen.view;
    apply(doc, [{ op: "node.set", id: "b", fields: { x: 7 } }]);
    expect(seen.view.nodes.get("b")).toMatchObject({ x: 7 });
    expect(seen.view.nodes.get("a")).toBe(before.nodes.get("a"));
    expect(seen.view.edges).toBe(before.edges);
    apply(doc, [{ op: "param.set", id: "b", name: "radius", value: 2 }]);
    expect(seen.view.nodes.get("b")!.params).toEqual({ radius: 2 });
    expect(seen.view.nodes.get("c")).toBe(before.nodes.get("c"));
  });
  it("tells of each transaction once", () => {
    const { doc, seen } = opened();
    let told = 0;
    seen.subscribe(() => told++);
    apply(doc, [
      { op: "node.set", id: "b", fields: { x: 1 } },
      { op: "node.set", id: "c", fields: { y: 2 } },
      { op: "graph.rename", name: "N" },
    ]);
    expect(told).toBe(1);
    expect(seen.view.name).toBe("N");
  });
  it("passes by what is no graph's", () => {
    const { doc, seen } = opened();
    doc.getMap("nodes").set("bad", "text");
    doc.getMap("nodes").set("worse", new Y.Map([["x", 1]]));
    doc.getMap("edges").set("bad", { source: 3 });
    expect([...seen.view.nodes.keys()]).toEqual(["a", "b", "c"]);
    expect(seen.view.edges.size).toBe(2);
  });
  it("is a 64-bit integer as text", () => {
    const { doc, seen } = opened();
    (doc.getMap("nodes").get("b") as Y.Map<Y.Map<unknown>>).get("params")!.set("radius", 2n ** 63n);
    expect(seen.view.nodes.get("b")!.params.radius).toBe("9223372036854775808");
  });
  it("collapses nodes beside the graph, for the document knows no such field", () => {
    const { doc, seen } = opened();
    apply(doc, [{ op: "node.set", id: "b", fields: { collapsed: true } }]);
    expect(seen.view.nodes.get("b")!.collapsed).toBe(true);
    expect((doc.getMap("nodes").get("b") as Y.Map<unknown>).has("collapsed")).toBe(false);
  });
  it("leaves out fields that have their default", () => {
    const { doc } = opened();
    apply(doc, [
      { op: "node.set", id: "b", fields: { retries: 2 } },
      { op: "node.set", id: "b", fields: { retries: 0 } },
    ]);
    expect((doc.getMap("nodes").get("b") as Y.Map<unknown>).toJSON()).toEqual({
      type: "test.blur",
      x: 100,
      params: {},
      y: 0,
    });
  });
});

describe("two people", () => {
  it("change two parameters of one node, and both are kept", () => {
    const { one, other, meet } = two();
    apply(one, [{ op: "param.set", id: "b", name: "radius", value: 5 }]);
    apply(other, [
      { op: "param.set", id: "b", name: "other", value: 6 },
      { op: "node.set", id: "b", fields: { title: "T" } },
    ]);
    meet();
    for (const doc of [one, other])
      expect(new ObservedGraph(doc).view.nodes.get("b")).toMatchObject({ title: "T", params: { radius: 5, other: 6 } });
  });
  it("connect one input at once, and it has one edge", () => {
    const { one, other, meet } = two();
    const view = new ObservedGraph(one).view;
    apply(one, connect(view, CATALOGUE, { source: "a", sourcePort: "image", target: "c", targetPort: "image" }));
    apply(other, connect(view, CATALOGUE, { source: "b", sourcePort: "image", target: "c", targetPort: "image" }));
    meet();
    const [first, second] = [one, other].map((doc) => [...new ObservedGraph(doc).view.edges.values()]);
    expect(first).toEqual(second);
    expect(first!.filter((edge) => edge.target === "c")).toHaveLength(1);
  });
  it("delete and edit one node: it is gone, and no ghost of it comes back", () => {
    const { one, other, meet } = two();
    apply(one, remove(new ObservedGraph(one).view, { nodes: ["b"] }));
    apply(other, [
      { op: "node.set", id: "b", fields: { x: 9 } },
      { op: "param.set", id: "b", name: "radius", value: 1 },
    ]);
    meet();
    for (const doc of [one, other]) expect(new ObservedGraph(doc).view.nodes.has("b")).toBe(false);
  });
  it("delete a node and connect it: the edge is not shown, and returns with the node", () => {
    const { one, other, meet } = two();
    const undo = undoOf(one);
    apply(one, remove(new ObservedGraph(one).view, { nodes: ["c"] }));
    apply(
      other,
      connect(new ObservedGraph(other).view, CATALOGUE, {
        source: "a",
        sourcePort: "image",
        target: "c",
        targetPort: "image",
      }),
    );
    const seen = new ObservedGraph(one);
    meet();
    expect([...seen.view.edges.values()].map((edge) => edge.target)).toEqual(["b"]);
    undo.undo();
    expect([...seen.view.edges.values()].some((edge) => edge.target === "c")).toBe(true);
  });
});

describe("undo", () => {
  it("takes back one's own edits only", () => {
    const { one, other, meet } = two();
    const undo = undoOf(one);
    apply(one, [{ op: "node.set", id: "a", fields: { x: 50 } }]);
    apply(other, [{ op: "node.set", id: "c", fields: { x: 60 } }]);
    meet();
    undo.undo();
    const { nodes } = new ObservedGraph(one).view;
    expect([nodes.get("a")!.x, nodes.get("c")!.x]).toEqual([0, 60]);
  });
  it("brings a node back with its edges, in one step, and redo takes it again", () => {
    const { doc, seen } = opened();
    const before = seen.view;
    const undo = undoOf(doc);
    apply(doc, remove(seen.view, { nodes: ["b"] }));
    expect(seen.view.edges.size).toBe(0);
    undo.undo();
    expect(seen.view).toEqual(before);
    undo.redo();
    expect(seen.view.nodes.has("b")).toBe(false);
  });
});

it("appends behind what is there", () => {
  const { doc } = opened();
  apply(doc, [
    { op: "output.set", output: { name: "x", node: "a", port: "image" } },
    { op: "output.set", output: { name: "y", node: "b", port: "image" } },
  ]);
  apply(doc, [{ op: "output.set", output: { name: "x", node: "c", port: "image" } }]);
  expect(doc.getMap("outputs").toJSON()).toEqual({
    x: { node: "c", port: "image", order: 0 },
    y: { node: "b", port: "image", order: 1 },
  });
  const frame = { title: "", color: null, x: 0, y: 0, width: 1, height: 1 };
  apply(doc, [
    { op: "group.set", group: { id: "g", ...frame } },
    { op: "group.set", group: { id: "h", ...frame } },
  ]);
  expect(doc.getMap("groups").toJSON()).toMatchObject({ g: { order: 0 }, h: { order: 1 } });
});

it("writes a person's name so that it stands out from the person's colour", () => {
  expect(["#ffffff", "#12a594", "#f76b15", "#767676"].map(inkOn)).toEqual(["#000", "#000", "#000", "#000"]);
  expect(["#000000", "#8e4ec6", "#0000ff", "#757575"].map(inkOn)).toEqual(["#fff", "#fff", "#fff", "#fff"]);
});
