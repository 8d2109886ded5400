import { describe, expect, it, vi } from "vitest";
import { KeyedStore } from "./keyed";

describe("values by key", () => {
  it("tell only the listeners of a key that it changed", () => {
    const store = new KeyedStore<number>();
    const [one, other] = [vi.fn(), vi.fn()];
    store.subscribe("one", one);
    store.subscribe("other", other);
    store.set("one", 1);
    store.set("one", 1);
    store.delete("one");
    store.delete("one");
    expect(one).toHaveBeenCalledTimes(2);
    expect(other).not.toHaveBeenCalled();
  });

  it("tell of a batch once, when all of it is done, even if it breaks off", () => {
    const store = new KeyedStore<number>();
    const seen: (number | undefined)[] = [];
    store.subscribe("a", () => seen.push(store.get("a")));
    const broken = () =>
      store.batch(() => {
        store.set("a", 1);
        store.batch(() => store.set("a", 2));
        store.set("a", 3);
        throw new Error("broken off");
      });
    expect(broken).toThrow("broken off");
    expect(seen).toEqual([3]);
  });
});
