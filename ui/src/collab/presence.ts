// Who else is here: names, cursors, selections, what they are dragging. Never part of the document.

import type { Awareness } from "y-protocols/awareness";

export interface Person {
  name: string;
  color: string;
}

export interface Presence {
  user: Person;
  /** On the canvas, in its own units; null while the pointer is elsewhere. */
  cursor: { x: number; y: number } | null;
  selection: string[];
  /** Nodes under way: id → where they are now. */
  drag: Record<string, { x: number; y: number }> | null;
  /** What the person looks at, for those who follow: the canvas point in the middle, and the zoom. */
  viewport: { x: number; y: number; zoom: number } | null;
}

export interface Peer extends Presence {
  client: number;
}

/** The other people's states; those without a user are no people. */
export function peersOf(awareness: Awareness): Peer[] {
  const found: Peer[] = [];
  for (const [client, state] of awareness.getStates()) {
    if (client !== awareness.clientID && isPresence(state)) found.push({ ...defaults(state), client });
  }
  return found.sort((a, b) => a.client - b.client);
}

function isPresence(state: unknown): state is Partial<Presence> & { user: Person } {
  const user = (state as Partial<Presence> | null)?.user;
  return typeof user?.name === "string" && typeof user.color === "string";
}

function defaults(state: Partial<Presence> & { user: Person }): Presence {
  const selection = Array.isArray(state.selection) ? state.selection : [];
  const { user, cursor = null, drag = null, viewport = null } = state;
  // A colour comes from another machine, and goes into styles.
  const color = /^#[0-9a-f]{6}$/i.test(user.color) ? user.color : "#888888";
  return { user: { name: user.name.slice(0, 60), color }, cursor, selection, drag, viewport };
}

/** Where black and white stand out equally, by the contrast of WCAG 2.2. */
const MIDDLE = 0.179;

/** The colour of a text on `#rrggbb`: black or white, whichever stands out more; 4.5 to 1 at least. */
export function inkOn(color: string): "#000" | "#fff" {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE ? "#000" : "#fff";
}

const COLORS = ["#e5484d", "#30a46c", "#0090ff", "#f76b15", "#8e4ec6", "#12a594", "#d6409f", "#ad7f58"];
const NAMES = ["Otter", "Heron", "Lynx", "Finch", "Marten", "Wren", "Badger", "Swift", "Hare", "Kestrel"];

export function somebody(): Person {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;
  return { name: `${pick(NAMES)} ${Math.floor(Math.random() * 90) + 10}`, color: pick(COLORS) };
}
