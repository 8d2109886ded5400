import { describe, expect, it } from "vitest";
import { aroundOf, type Crumb } from "./trail";

const crumb = (id: string, node: string, run: string | null, own: boolean): Crumb => {
  return { id, name: id.toUpperCase(), node, seen: { run, pinned: false, own } };
};

describe("the graph whose run is shown", () => {
  it("is the one around, on any depth", () => {
    expect(aroundOf([crumb("a", "twice", "r", true)])).toMatchObject({ graph: "a", prefix: "twice:", run: "r" });
    const nested = [crumb("a", "twice", "r", true), crumb("b", "first", "s", false)];
    // Meanwhile a newer run had begun.
    expect(aroundOf(nested)).toEqual({ graph: "a", name: "A", prefix: "twice:first:", run: "s", pinned: false });
  });
  it("is the last one that showed a run of its own", () => {
    const own = [crumb("a", "twice", "r", true), crumb("b", "first", "s", true), crumb("c", "x", "s", false)];
    expect(aroundOf(own)).toMatchObject({ graph: "b", prefix: "first:x:", run: "s" });
  });
  it("is none where nobody came through one, or none had run", () => {
    expect(aroundOf([])).toBeNull();
    expect(aroundOf([crumb("a", "twice", null, true)])).toBeNull();
  });
});
