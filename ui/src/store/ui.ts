// What is open on this page at the moment, and what it says to the person.

import { createStore } from "zustand/vanilla";
import type { ConvertedGraph, ErrorDetail } from "../contract/api";
import type { End } from "../graph/connect";

export type Dialog =
  | "shortcuts"
  | "deploy"
  | "preferences"
  | "palette"
  | "open"
  | "login"
  | "subgraph"
  | "publish"
  | null;

export interface SearchRequest {
  /** Where the panel opens, in CSS pixels of the window. */
  at: { x: number; y: number };
  /** Where the node goes, in the canvas's units. */
  place: { x: number; y: number };
  /** The wire that was dropped; null: any node will do. */
  end: End | null;
  /** The edge into which the node goes. */
  into?: string;
}

export interface Toast {
  id: number;
  kind: "info" | "error";
  title: string;
  text: string;
}

export interface Viewed {
  url: string;
  title: string;
  other?: { url: string; title: string };
}

export interface Ui {
  dialog: Dialog;
  search: SearchRequest | null;
  menu: { x: number; y: number; target: MenuTarget } | null;
  toasts: readonly Toast[];
  viewer: Viewed | null;
  /** An error whose whole text is open. */
  failure: { node: string; error: ErrorDetail } | null;
  /** The node whose title is being typed. */
  renaming: string | null;
  following: number | null;
  /** What was made of a workflow of another program, and what not. */
  imported: ({ file: string } & Omit<ConvertedGraph, "graph">) | null;
}

export type MenuTarget =
  | { kind: "canvas"; place: { x: number; y: number } }
  | { kind: "node"; id: string }
  /** A group or a note, by its id on the canvas. */
  | { kind: "frame"; id: string }
  | { kind: "edge"; key: string };

export const ui = createStore<Ui>(() => ({
  dialog: null,
  search: null,
  menu: null,
  toasts: [],
  viewer: null,
  failure: null,
  renaming: null,
  following: null,
  imported: null,
}));

let count = 0;
const SHOWN_MS = 7000;

export function say(kind: Toast["kind"], title: string, text = ""): void {
  count += 1;
  const id = count;
  ui.setState(({ toasts }) => ({ toasts: [...toasts.slice(-3), { id, kind, title, text }] }));
  setTimeout(() => unsay(id), SHOWN_MS);
}

export function unsay(id: number): void {
  ui.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}
