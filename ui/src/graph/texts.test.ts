import { describe, expect, it } from "vitest";
import { fromDocument, isDocument, toDocument } from "./document";
import { pngTexts } from "./pngText";
import { connectedPorts, paramProblem, problemsOf } from "./problems";
import { rank, score } from "./search";
import { BINDINGS, keymap, pressed, written } from "./shortcuts";
import { CATALOGUE, graph, param } from "./testing";

describe("search", () => {
  const names = ["Blur", "Box blur", "Blend", "Sharpen", "Absolute value"];
  const found = (query: string) => rank(query, names, [{ of: (name) => name, weight: 1 }]);
  it("puts what begins so before what holds it", () => {
    expect(found("bl").slice(0, 2).sort()).toEqual(["Blend", "Blur"]);
    expect(found("blur")).toEqual(["Blur", "Box blur"]);
  });
  it("takes all words, in any order, and letters in order", () => {
    expect(found("blur box")).toEqual(["Box blur"]);
    expect(found("shpn")).toEqual(["Sharpen"]);
    expect(found("zz")).toEqual([]);
  });
  it("gives everything in its order for nothing", () => expect(found(" ")).toEqual(names));
  it("knows how far a text is an answer", () => expect(score("x", "blur")).toBeNull());
});

describe("keys", () => {
  const press = (code: string, fields = {}) =>
    pressed({ code, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...fields }, false);
  it("go by their place, whatever the layout writes there", () => {
    expect(keymap().get(press("KeyZ", { ctrlKey: true }))).toBe("undo");
    expect(keymap().get(press("KeyZ", { ctrlKey: true, shiftKey: true }))).toBe("redo");
    expect(keymap().get(press("NumpadEnter", { ctrlKey: true }))).toBe("run");
  });
  it("are ⌘ on a Mac", () => {
    const event = { code: "KeyC", ctrlKey: false, metaKey: true, shiftKey: false, altKey: false };
    expect(keymap().get(pressed(event, true))).toBe("copy");
    expect(written("Mod+KeyC", true)).toEqual(["⌘", "C"]);
  });
  it("may be a person's own", () => {
    const own = keymap({ run: ["KeyR"], undo: [] });
    expect(own.get("KeyR")).toBe("run");
    expect([...own.values()]).not.toContain("undo");
  });
  it("stand for one command each", () => {
    const keys = BINDINGS.map((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("problems", () => {
  const codes = (view: ReturnType<typeof graph>) =>
    problemsOf(view, CATALOGUE).map(({ code, node, port }) => `${code} ${node} ${port}`);
  it("are told of what is missing, unknown, or out of bounds", () => {
    expect(codes(graph({ b: "test.blur" }, [], { b: { radius: 11 } }))).toEqual(["VE-007 b image", "VE-010 b radius"]);
    expect(codes(graph({ x: "test.nothing" }))).toEqual(["VE-003 x null"]);
    expect(codes(graph({ a: "test.image", b: "test.blur" }, ["a.image > b.image"]))).toEqual([]);
  });
  it("are not told of muted nodes, nor of a parameter that an edge overrides", () => {
    const view = graph(
      { a: "test.image", n: "test.number", b: "test.blur" },
      ["a.image > b.image", "n.out > b.radius"],
      { b: { radius: 99 } },
    );
    expect(codes(view)).toEqual([]);
    expect(connectedPorts(view).get("b")).toEqual(new Set(["image", "radius"]));
  });
  it.each([
    [param("p", "INT"), "18446744073709551615", null],
    [param("p", "INT"), 1.5, "VE-009"],
    [param("p", "FLOAT"), "1", "VE-009"],
    [param("p", "STRING", { choices: ["a", "b"] }), "c", "VE-010"],
    [param("p", "BOOL"), true, null],
    [param("p", "PATH", { required: true }), null, "VE-009"],
    [param("p", "STRING"), null, null],
    [param("p", "FLOAT", { bounds: { min: 0, max: null } }), -1, "VE-010"],
  ])("of a value", (spec, value, code) => {
    expect(paramProblem(spec, value)?.code ?? null).toBe(code);
  });
});

describe("documents", () => {
  const document = {
    schema: "vortex.graph/1" as const,
    name: "G",
    nodes: {
      n: { type: "test.number", position: { x: 1, y: 2 } },
      m: { type: "test.number", title: "M", retries: 3 },
      c: { type: "test.collect", params: { a: [1] }, mode: "muted" as const },
    },
    edges: [
      { source: { node: "m", port: "out" }, target: { node: "c", port: "items" } },
      { source: { node: "n", port: "out" }, target: { node: "c", port: "items" } },
    ],
    groups: [{ id: "g", title: "T", position: { x: 0, y: 0 }, size: { width: 5, height: 6 } }],
    outputs: [{ name: "o", node: "c", port: "out" }],
  };
  it("come back as they were, in the order of their edges", () => {
    const view = fromDocument(document, CATALOGUE);
    const back = toDocument(view);
    expect(back.edges).toEqual(document.edges);
    expect(back.nodes?.m).toEqual({
      type: "test.number",
      title: "M",
      retries: 3,
      params: {},
      position: { x: 0, y: 0 },
    });
    expect(back.outputs).toEqual(document.outputs);
    expect(fromDocument(back, CATALOGUE)).toEqual(view);
  });
  it("are told from other JSON", () => {
    expect(isDocument(document)).toBe(true);
    expect(isDocument({ nodes: [] })).toBe(false);
    expect(isDocument(null)).toBe(false);
  });
});

describe("texts in a PNG", () => {
  const chunk = (type: string, data: number[]) => [
    0,
    0,
    0,
    data.length,
    ...[...type].map((letter) => letter.charCodeAt(0)),
    ...data,
    0,
    0,
    0,
    0,
  ];
  const letters = (text: string) => [...new TextEncoder().encode(text)];
  const png = (...chunks: number[][]) =>
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...chunks.flat()]);
  it("are read, plain and international", () => {
    const found = pngTexts(
      png(
        chunk("tEXt", [...letters("a"), 0, ...letters("one")]),
        chunk("iTXt", [...letters("b"), 0, 0, 0, 0, 0, ...letters("zwöl")]),
        chunk("IEND", []),
      ),
    );
    expect(found).toEqual(
      new Map([
        ["a", "one"],
        ["b", "zwöl"],
      ]),
    );
  });
  it("are none in other files, and a torn one ends the reading", () => {
    expect(pngTexts(new Uint8Array([1, 2, 3]))).toBeNull();
    expect(pngTexts(png([0xff, 0xff, 0xff, 0xff, 0x74]))).toEqual(new Map());
  });
});
