import { describe, expect, it } from "vitest";
import { type Exposed, exposedOf, keyOf, linesOf, nameFaults, portChanges, renameExposed, successors } from "./exposed";
import type { GraphView } from "./model";
import { applied, CATALOGUE, graph } from "./testing";

const VIEW = applied(graph({ mix: "test.blend", blur: "test.blur" }, ["mix.image > blur.image"]), [
  { op: "input.set", input: { name: "base", node: "mix", param: "base" } },
  { op: "input.set", input: { name: "layer", node: "mix", param: "layer" } },
  { op: "input.set", input: { name: "radius", node: "blur", param: "radius" } },
  { op: "output.set", output: { name: "image", node: "blur", port: "image" } },
]);
const exposed = (view: GraphView) => exposedOf({ inputs: view.inputs.values(), outputs: view.outputs.values() });
const LINES = exposed(VIEW);
const [BASE, LAYER, RADIUS, IMAGE] = LINES.map(keyOf) as [string, string, string, string];

describe("ports of a graph", () => {
  it("are told with their types and where they lead to", () => {
    const lines = linesOf(VIEW, CATALOGUE, LINES);
    expect(lines.map(({ type }) => type)).toEqual(["IMAGE", "IMAGE", "FLOAT", "IMAGE"]);
    expect(lines[0]!.from).toBe("blend · base");
  });
  it("have names that are told apart on their side alone", () => {
    expect(nameFaults(LINES, new Map([[IMAGE, "base"]])).size).toBe(0);
    expect([...nameFaults(LINES, new Map([[LAYER, " base "]])).keys()]).toEqual([BASE, LAYER]);
    expect(nameFaults(LINES, new Map([[LAYER, "Base"]])).size).toBe(0);
  });
  it("have names that the server takes: one character to 200, whatever they are", () => {
    const faulty = (name: string) => nameFaults(LINES, new Map([[BASE, name]])).has(BASE);
    expect(["", "  ", "x".repeat(201), "a\ud800"].map(faulty)).toEqual([true, true, true, true]);
    expect(["ä/b:c.d", "x".repeat(200), "🙂".repeat(200)].map(faulty)).toEqual([false, false, false]);
  });
  it("get other names in their old places, also each other's", () => {
    const renamed = applied(
      VIEW,
      renameExposed(
        VIEW,
        new Map([
          [BASE, "layer"],
          [LAYER, "base "],
          [IMAGE, "image"],
        ]),
      ),
    );
    expect([...renamed.inputs.values()]).toEqual([
      { name: "layer", node: "mix", param: "base" },
      { name: "base", node: "mix", param: "layer" },
      { name: "radius", node: "blur", param: "radius" },
    ]);
    expect(renameExposed(VIEW, new Map([[RADIUS, "radius"]]))).toEqual([]);
  });
});

describe("ports of another version", () => {
  const port = (name: string, node: string): Exposed => ({ side: "outputs", name, node, port: "image" });

  it("are those that lead to the same place, then those of the same name", () => {
    const before = [port("a", "n1"), port("b", "n2"), port("c", "n3")];
    const after = [port("b", "n1"), port("c", "n4"), port("d", "n5")];
    expect(successors(before, after).outputs).toEqual(
      new Map([
        ["a", "b"],
        ["c", "c"],
      ]),
    );
    expect(portChanges(before, after)).toEqual({
      renamed: [{ side: "outputs", name: "b", was: "a" }],
      gone: [{ side: "outputs", name: "b" }],
    });
  });
  it("are one each, where a place is exposed twice", () => {
    const twice = [port("a", "n1"), port("b", "n1")];
    expect(successors(twice, [port("b", "n1")]).outputs).toEqual(new Map([["a", "b"]]));
    expect(successors(twice, [port("b", "n1"), port("a", "n1")]).outputs).toEqual(
      new Map([
        ["a", "a"],
        ["b", "b"],
      ]),
    );
  });
  it("are the same where nothing changed", () => {
    expect(portChanges(LINES, exposed(VIEW))).toEqual({ renamed: [], gone: [] });
  });
});
