// What a person prefers, in this browser's localStorage. The graph never lives here.

import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { type Person, somebody } from "../collab/presence";

export type Theme = "light" | "dark" | "system";
export type EdgeStyle = "curved" | "straight" | "stepped";

export interface Preferences {
  theme: Theme;
  edges: EdgeStyle;
  /** What a drag of the left button on the empty canvas does. */
  drag: "select" | "pan";
  grid: boolean;
  snap: boolean;
  minimap: boolean;
  previews: boolean;
  /** Left and right panels: which is open, and how wide they are, in CSS pixels. */
  left: LeftPanel | null;
  right: RightPanel | null;
  leftWidth: number;
  rightWidth: number;
  person: Person;
  /** Own keys by command, see `graph/shortcuts`. */
  keys: Record<string, string[]>;
  favourites: string[];
  recent: string[];
}

export type LeftPanel = "nodes" | "graphs";
export type RightPanel = "inspector" | "outputs" | "runs" | "problems" | "stack";

const KEY = "vortex-preferences";
const VERSION = 1;

const defaults = (): Preferences => ({
  theme: "system",
  edges: "curved",
  drag: "select",
  grid: true,
  snap: false,
  minimap: true,
  previews: true,
  left: "nodes",
  right: "inspector",
  leftWidth: 248,
  rightWidth: 304,
  person: somebody(),
  keys: {},
  favourites: [],
  recent: [],
});

export const preferences = createStore<Preferences>()(persist(defaults, { name: KEY, version: VERSION }));

export function prefer(fields: Partial<Preferences>): void {
  preferences.setState(fields);
}

export function exported(): string {
  return JSON.stringify({ schema: "vortex.preferences/1", ...preferences.getState() }, null, 2);
}

/** Takes a file's preferences; what is missing, unknown or of another kind stays as it is. */
export function imported(text: string): Partial<Preferences> {
  const data = JSON.parse(text) as Record<string, unknown>;
  if (data.schema !== "vortex.preferences/1") throw new Error("this file holds no preferences");
  const known = Object.entries(defaults()).filter(([name, value]) => sameKind(data[name], value));
  return Object.fromEntries(known.map(([name]) => [name, data[name]])) as Partial<Preferences>;
}

function sameKind(value: unknown, example: unknown): boolean {
  return value !== undefined && typeof value === typeof example && Array.isArray(value) === Array.isArray(example);
}
