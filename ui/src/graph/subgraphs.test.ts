import { describe, expect, it } from "vitest";
import { Catalogue } from "./catalogue";
import { fromDocument } from "./document";
import { keyOf } from "./exposed";
import type { Change, GraphView } from "./model";
import { giverOf, makeSubgraph, outerNode, unpack } from "./subgraphs";
import { applied, CATALOGUE, edgesOf, graph, param, spec } from "./testing";

/** Two pictures blended, blurred, and blurred again. */
const VIEW = graph(
  { a: "test.image", b: "test.image", mix: "test.blend", blur: "test.blur", end: "test.blur" },
  ["a.image > mix.base", "b.image > mix.layer", "mix.image > blur.image", "blur.image > end.image"],
  { blur: { radius: 3 } },
);
const TYPE = "graph.soft@1";
const SOFT = spec(TYPE, { base: "IMAGE", layer: "IMAGE" }, { image: "IMAGE" }, [param("radius", "FLOAT")]);
const WITH = new Catalogue([...CATALOGUE.types, SOFT]);

const picked = (...ids: string[]) => ({ nodes: new Set(ids) });
const exposing = (view: GraphView): GraphView =>
  applied(view, [
    { op: "input.set", input: { name: "amount", node: "blur", param: "radius" } },
    { op: "output.set", output: { name: "result", node: "blur", port: "image" } },
  ]);

/** The view with the selection replaced, and the id of the new node. */
function made(view: GraphView, ...ids: string[]): { view: GraphView; inner: GraphView; id: string } {
  const found = makeSubgraph(view, CATALOGUE, picked(...ids), "Soft")!;
  const { changes, node } = found.place(WITH, TYPE);
  return { view: applied(view, changes), inner: fromDocument(found.document, CATALOGUE), id: node };
}

describe("a subgraph of the selection", () => {
  it("holds the nodes and edges between them, and exposes the wires that were cut", () => {
    const { view, inner, id } = made(VIEW, "mix", "blur");
    expect([...inner.nodes.keys()].sort()).toEqual(["blur", "mix"]);
    expect(inner.nodes.get("blur")!.params).toEqual({ radius: 3 });
    expect(edgesOf(inner)).toEqual(["mix.image > blur.image"]);
    expect([...inner.inputs.values()]).toEqual([
      { name: "base", node: "mix", param: "base" },
      { name: "layer", node: "mix", param: "layer" },
    ]);
    expect([...inner.outputs.values()]).toEqual([{ name: "image", node: "blur", port: "image" }]);
    expect([...view.nodes.keys()].sort()).toEqual(["a", "b", "end", id].sort());
    const wired = [`${id}.image > end.image`, `a.image > ${id}.base`, `b.image > ${id}.layer`];
    expect(edgesOf(view)).toEqual(wired.sort());
  });
  it("keeps what the graph around exposes", () => {
    const { view, inner, id } = made(exposing(VIEW), "mix", "blur");
    expect([...inner.inputs.keys()]).toEqual(["base", "layer", "amount"]);
    expect(view.inputs.get("amount")).toEqual({ name: "amount", node: id, param: "amount" });
    expect(view.outputs.get("result")).toEqual({ name: "result", node: id, port: "image" });
  });
  it("gives what nobody takes where it would give nothing", () => {
    expect([...made(VIEW, "end").inner.outputs.values()]).toEqual([{ name: "image", node: "end", port: "image" }]);
  });
  it("has one name for each port of one name", () => {
    const view = graph({ a: "test.image", x: "test.blur", y: "test.blur" }, ["a.image > x.image", "a.image > y.image"]);
    expect([...made(view, "x", "y").inner.inputs.keys()]).toEqual(["image", "image_2"]);
  });
  it("has the names that were chosen, and wires to them", () => {
    const chosen = new Map([
      [keyOf({ side: "inputs", node: "mix", port: "layer" }), " over "],
      [keyOf({ side: "outputs", node: "blur", port: "image" }), "soft"],
    ]);
    const found = makeSubgraph(VIEW, CATALOGUE, picked("mix", "blur"), "Soft", chosen)!;
    expect(found.exposed.map(({ side, name, node, port }) => `${side} ${name} ${node}.${port}`)).toEqual([
      "inputs base mix.base",
      "inputs over mix.layer",
      "outputs soft blur.image",
    ]);
    expect(found.document.inputs?.map(({ name }) => name)).toEqual(["base", "over"]);
    const { changes, node } = found.place(WITH, TYPE);
    const wired = [`${node}.soft > end.image`, `a.image > ${node}.base`, `b.image > ${node}.over`];
    expect(edgesOf(applied(VIEW, changes))).toEqual(wired.sort());
  });
  it("is none where the node would feed itself", () => {
    expect(makeSubgraph(VIEW, CATALOGUE, picked("mix", "end"), "Loop")).toBeNull();
  });
});

describe("unpacking", () => {
  it("is the way back", () => {
    const packed = made(exposing(VIEW), "mix", "blur");
    const { changes, nodes } = unpack(packed.view, WITH, packed.id, packed.inner);
    const view = applied(packed.view, changes);
    const named = Object.fromEntries(nodes.map((id) => [view.nodes.get(id)!.type, id]));
    const [mix, blur] = [named["test.blend"]!, named["test.blur"]!];
    const wired = ["a.image > MIX.base", "b.image > MIX.layer", "MIX.image > BLUR.image", "BLUR.image > end.image"];
    expect(edgesOf(view)).toEqual(wired.map((edge) => edge.replace("MIX", mix).replace("BLUR", blur)).sort());
    expect(view.nodes.get(blur)!.params).toEqual({ radius: 3 });
    expect(view.inputs.get("amount")).toEqual({ name: "amount", node: blur, param: "radius" });
    expect(view.outputs.get("result")).toEqual({ name: "result", node: blur, port: "image" });
    const [before, after] = [VIEW.nodes.get("blur")!, view.nodes.get(blur)!];
    expect([after.x, after.y]).toEqual([before.x, before.y]);
  });
  it("brings the node's values, mode and retries along", () => {
    const packed = made(exposing(VIEW), "mix", "blur");
    const set = applied(packed.view, [
      { op: "node.set", id: packed.id, fields: { mode: "muted", retries: 2 } } as Change,
    ]);
    const outer = { ...set.nodes.get(packed.id)!, params: { amount: 9 } };
    const given = { ...set, nodes: new Map(set.nodes).set(packed.id, outer) };
    const view = applied(given, unpack(given, WITH, packed.id, packed.inner).changes);
    const blur = [...view.nodes.values()].find((node) => node.type === "test.blur" && node.id !== "end")!;
    expect(blur).toMatchObject({ params: { radius: 9 }, mode: "muted", retries: 2 });
  });
});

it("finds the outer node of what runs, as the server names it", () => {
  const nodes = new Set(["a", "a:b", "c"]);
  const found = ["c", "c:d", "c:d:e", "a:b", "a:b:c", "a:x", "z:d"].map((id) => outerNode(id, nodes));
  expect(found).toEqual(["c", "c", "c", "a:b", "a:b", "a", null]);
});

it("finds which running node gives an output", () => {
  const source = { ...SOFT, outputs: [{ ...SOFT.outputs[0]!, source: ["in:blur", "image"] as [string, string] }] };
  const known = new Catalogue([source]);
  expect(giverOf(known, TYPE, "x", "image")).toEqual({ node: "x:in:blur", port: "image" });
  expect(giverOf(CATALOGUE, "test.blur", "b", "image")).toEqual({ node: "b", port: "image" });
});
