import { expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
const { exported, imported, prefer, preferences } = await import("./preferences");

it("come back from a file", () => {
  prefer({ theme: "light", snap: true });
  const file = exported();
  prefer({ theme: "dark", snap: false });
  prefer(imported(file));
  expect(preferences.getState()).toMatchObject({ theme: "light", snap: true });
});

it("take nothing of another kind, and no other file", () => {
  expect(imported(JSON.stringify({ schema: "vortex.preferences/1", snap: "yes", recent: {}, unknown: 1 }))).toEqual({});
  expect(() => imported("{}")).toThrow("no preferences");
});
