import { describe, expect, it, vi } from "vitest";
import { aroundOf, type Crumb, crumbsHere, enter, leaveTo, seenHere } from "./trail";

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

it("is kept with each entry of the history, with what was shown there", () => {
  // As a browser does: another address is another entry, and has no state yet.
  const entries: { hash: string; state: unknown }[] = [{ hash: "a", state: null }];
  const here = () => entries.at(-1)!;
  vi.stubGlobal("location", {
    set hash(hash: string) {
      entries.push({ hash, state: null });
    },
  });
  vi.stubGlobal("history", {
    get state() {
      return here().state;
    },
    replaceState(state: unknown) {
      here().state = state;
    },
  });
  const [first, second] = [crumb("a", "twice", "r", true), crumb("b", "first", "r", false)];
  enter(crumbsHere(), first, "b");
  enter(crumbsHere(), second, "c");
  expect([here().hash, crumbsHere(), seenHere()]).toEqual(["c", [first, second], null]);
  leaveTo(crumbsHere(), crumbsHere()[1]!);
  expect([here().hash, crumbsHere(), seenHere()]).toEqual(["b", [first], second.seen]);
  entries.splice(2);
  expect([here().hash, crumbsHere(), seenHere()]).toEqual(["b", [first], second.seen]);
  entries.splice(1);
  expect([here().hash, crumbsHere(), seenHere()]).toEqual(["a", [], first.seen]);
  location.hash = "b";
  expect([crumbsHere(), seenHere()]).toEqual([[], null]);
});
