import { describe, expect, it } from "vitest";
import source from "../../../vortex_prefect/core/nodespec.py?raw";
import { accepts, CONVERSIONS, fitOf, maps } from "./ports";

describe("what fits", () => {
  it.each([
    ["IMAGE", "IMAGE", "same"],
    ["INT", "FLOAT", "converted"],
    ["IMAGE", "TENSOR", "converted"],
    ["ANY", "MASK", "converted"],
    ["LIST[INT]", "LIST[FLOAT]", "converted"],
    ["LIST[IMAGE]", "IMAGE", "each item"],
  ])("%s → %s: %s", (source, target, how) => {
    expect(fitOf(source, target)).toEqual({ fits: true, how });
  });

  it.each([
    ["FLOAT", "INT"],
    ["STRING", "IMAGE"],
    ["LIST[STRING]", "IMAGE"],
    ["LIST[LIST[IMAGE]]", "IMAGE"],
    ["IMAGE", "LIST[IMAGE]"],
  ])("%s does not fit %s, and says so", (source, target) => {
    expect(fitOf(source, target)).toEqual({ fits: false, reason: `${source} does not fit ${target}` });
  });

  it("gathers the items of a list where a port takes any number", () => {
    expect(fitOf("LIST[FLOAT]", "JSON", true).fits).toBe(true);
    expect(fitOf("LIST[IMAGE]", "FLOAT", true).fits).toBe(false);
  });

  it("takes a list whole before item by item", () => {
    expect(maps("LIST[IMAGE]", "ANY")).toBe(false);
    expect(accepts("LIST[IMAGE]", "ANY")).toBe(true);
  });
});

it("has the table of the server", () => {
  const table = /^CONVERSIONS[^{]*\{([\s\S]*?)^\}/m.exec(source)![1]!;
  const rows = [...table.matchAll(/"(\w+)": frozenset\(\{([^}]*)\}\)/g)];
  const found = Object.fromEntries(
    rows.map(([, from, to]) => [from, [...to!.matchAll(/"(\w+)"/g)].map((match) => match[1]).sort()]),
  );
  const own = Object.fromEntries(Object.entries(CONVERSIONS).map(([from, to]) => [from, [...to].sort()]));
  expect(found).toEqual(own);
});
