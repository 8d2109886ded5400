import { describe, expect, it } from "vitest";
import { align, arrange, distribute, inside, neighbour } from "./arrange";
import { copy, parseClip, paste } from "./clipboard";
import { newNodeId } from "./identifiers";
import { remove, removeAndReconnect } from "./remove";
import { applied, CATALOGUE, edgesOf, graph } from "./testing";

const chain = () =>
  graph({ a: "test.image", b: "test.blur", c: "test.blur" }, ["a.image > b.image", "b.image > c.image"], {
    b: { radius: 3 },
  });

describe("the clipboard", () => {
  it("copies nodes, and pastes them under fresh ids with their edges", () => {
    const view = chain();
    const clip = parseClip(JSON.stringify(copy(view, { nodes: new Set(["b", "c"]) })))!;
    const pasted = paste(view, CATALOGUE, clip, { at: { x: 500, y: 50 }, keepIncoming: false });
    const after = applied(view, pasted.changes);
    expect(after.nodes.size).toBe(5);
    const [b, c] = pasted.nodes;
    expect(edgesOf(after)).toContain(`${b}.image > ${c}.image`);
    expect(after.edges.size).toBe(3);
    expect(after.nodes.get(b!)).toMatchObject({ x: 500, y: 50, params: { radius: 3 } });
    expect(after.nodes.get(c!)).toMatchObject({ x: 600, y: 50 });
  });
  it("keeps edges that come in where that is asked for, and their sources are still there", () => {
    const view = chain();
    const clip = copy(view, { nodes: new Set(["b"]) });
    const pasted = paste(view, CATALOGUE, clip, { at: null, keepIncoming: true });
    expect(edgesOf(applied(view, pasted.changes))).toContain(`a.image > ${pasted.nodes[0]}.image`);
    const elsewhere = paste(graph({}), CATALOGUE, clip, { at: null, keepIncoming: true });
    expect(elsewhere.changes.filter((change) => change.op === "edge.create")).toEqual([]);
  });
  it.each([
    "",
    "hello",
    "[]",
    "null",
    '{"schema": "vortex.clip/1"}',
    '{"schema": "vortex.clip/1", "nodes": {"a": 3}, "edges": [], "groups": [], "notes": []}',
  ])("passes by what is no clip: %s", (text) => expect(parseClip(text)).toBeNull());
});

describe("removing", () => {
  it("takes the edges along, and what was given to callers", () => {
    const view = applied(chain(), [{ op: "output.set", output: { name: "r", node: "b", port: "image" } }]);
    const after = applied(view, remove(view, { nodes: ["b"] }));
    expect([...after.nodes.keys()]).toEqual(["a", "c"]);
    expect(after.edges.size).toBe(0);
    expect(after.outputs.size).toBe(0);
  });
  it("joins the neighbours where they fit", () => {
    const view = chain();
    expect(edgesOf(applied(view, removeAndReconnect(view, CATALOGUE, "b")))).toEqual(["a.image > c.image"]);
    const number = graph({ n: "test.number", b: "test.blur", c: "test.blur" }, [
      "n.out > b.radius",
      "b.image > c.image",
    ]);
    expect(edgesOf(applied(number, removeAndReconnect(number, CATALOGUE, "b")))).toEqual([]);
  });
});

describe("arranging", () => {
  const at = (id: string, x: number, y: number, width = 10, height = 10) => ({ id, x, y, width, height });
  const placed = (changes: ReturnType<typeof align>) =>
    Object.fromEntries(
      changes.map((change) => (change.op === "node.set" ? [change.id, [change.fields.x, change.fields.y]] : [])),
    );
  it("aligns to the outermost edge", () => {
    expect(placed(align([at("a", 0, 0), at("b", 50, 20, 30)], "right"))).toEqual({ a: [70, 0], b: [50, 20] });
    expect(align([at("a", 0, 0)], "left")).toEqual([]);
  });
  it("spaces evenly, whatever the sizes", () => {
    const nodes = [at("a", 0, 0), at("c", 100, 0), at("b", 20, 0, 50)];
    expect(placed(distribute(nodes, "x"))).toEqual({ a: [0, 0], b: [30, 0], c: [100, 0] });
  });
  it("lays out by what feeds what, without overlaps, from where it was", () => {
    const nodes = ["a", "b", "c"].map((id) => at(id, 40, 70, 200, 80));
    const found = placed(arrange(chain(), nodes));
    expect(found.a).toEqual([40, 70]);
    expect(found.b![0]! - found.a![0]!).toBeGreaterThan(200);
    expect(found.c![0]! - found.b![0]!).toBeGreaterThan(200);
  });
  it("finds the neighbour in a direction, and none where there is none", () => {
    const nodes = [at("a", 0, 0), at("b", 100, 5), at("c", 60, 200), at("d", 300, 0)];
    expect(neighbour(nodes[0]!, nodes, "right")).toBe("b");
    expect(neighbour(nodes[0]!, nodes, "down")).toBe("c");
    expect(neighbour(nodes[3]!, nodes, "left")).toBe("b");
    expect(neighbour(nodes[0]!, nodes, "left")).toBeNull();
  });
  it("knows what lies in a frame", () => {
    expect(inside({ x: 0, y: 0, width: 100, height: 100 }, [at("in", 90, 10), at("out", 96, 10)])).toEqual(["in"]);
  });
});

it("makes ids that no node has", () => {
  const taken = new Set<string>();
  for (let count = 0; count < 500; count += 1) taken.add(newNodeId("image.blur", taken));
  expect(taken.size).toBe(500);
  for (const id of taken) expect(id).toMatch(/^blur-[a-z0-9]{5}$/);
});
