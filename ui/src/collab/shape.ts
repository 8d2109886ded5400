// How the shared document holds a graph. docs/collaboration.md describes it; nothing else here knows it.

import * as Y from "yjs";
import type { EdgeView, GroupView, InputView, Json, NodeView, NoteView, OutputView } from "../graph/model";
import { NODE_DEFAULTS } from "../graph/model";

/** The editor's own (node id → true): no part of a graph, and the server passes them by. */
export const MARKS = ["collapsed", "pinned"] as const;
export type Mark = (typeof MARKS)[number];
export const isMark = (name: string): name is Mark => (MARKS as readonly string[]).includes(name);

export type Root = "meta" | "nodes" | "edges" | "groups" | "notes" | "inputs" | "outputs" | Mark;
export const ROOTS: readonly Root[] = ["meta", "nodes", "edges", "groups", "notes", "inputs", "outputs", ...MARKS];

export type Roots = Record<Root, Y.Map<unknown>>;

export function rootsOf(doc: Y.Doc): Roots {
  return Object.fromEntries(ROOTS.map((name) => [name, doc.getMap(name)])) as Roots;
}

const number = (value: unknown, fallback = 0) =>
  typeof value === "number" && Number.isFinite(value) ? value : typeof value === "bigint" ? Number(value) : fallback;
const text = (value: unknown, fallback = "") => (typeof value === "string" ? value : fallback);
const textOrNull = (value: unknown) => (typeof value === "string" ? value : null);
const numberOrNull = (value: unknown) => (value == null ? null : number(value));

/** What may stand in a parameter: integers beyond 53 bits come as BigInt and are shown as decimal text. */
export function plain(value: unknown): Json {
  if (value instanceof Y.AbstractType) return plain(value.toJSON());
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return (value ?? null) as Json;
}

/** A node as it is shown; null for an entry that is none, so that one bad peer hides no graph. */
export function readNode(id: string, value: unknown, roots: Roots): NodeView | null {
  if (!(value instanceof Y.Map)) return null;
  const type = value.get("type");
  if (typeof type !== "string") return null;
  const mode = value.get("mode");
  const tags = plain(value.get("tags"));
  return {
    id,
    type,
    x: number(value.get("x")),
    y: number(value.get("y")),
    title: textOrNull(value.get("title")),
    mode: mode === "muted" || mode === "bypassed" ? mode : "active",
    collapsed: roots.collapsed.get(id) === true,
    pinned: roots.pinned.get(id) === true,
    retries: number(value.get("retries")),
    retry_delay_s: numberOrNull(value.get("retry_delay_s")),
    retry_jitter_factor: numberOrNull(value.get("retry_jitter_factor")),
    timeout_s: numberOrNull(value.get("timeout_s")),
    max_parallel: numberOrNull(value.get("max_parallel")),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : NODE_DEFAULTS.tags,
    params: readParams(value.get("params")),
  };
}

function readParams(value: unknown): Record<string, Json> {
  if (!(value instanceof Y.Map)) return {};
  const found: Record<string, Json> = {};
  for (const [name, item] of value) found[name] = plain(item);
  return found;
}

function fieldsOf(value: unknown): Record<string, unknown> | null {
  const found = value instanceof Y.Map ? value.toJSON() : value;
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : null;
}

export function readEdge(key: string, value: unknown): EdgeView | null {
  const fields = fieldsOf(value);
  if (!fields) return null;
  const { source, sourcePort, target, targetPort } = fields;
  const all = [source, sourcePort, target, targetPort];
  if (!all.every((part) => typeof part === "string")) return null;
  return { key, source, sourcePort, target, targetPort, order: numberOrNull(fields.order) } as EdgeView;
}

export function readGroup(id: string, value: unknown): GroupView | null {
  const fields = fieldsOf(value);
  return fields && { id, title: text(fields.title), color: textOrNull(fields.color), ...readFrame(fields) };
}

export function readNote(id: string, value: unknown): NoteView | null {
  const fields = fieldsOf(value);
  return fields && { id, text: text(fields.text), color: textOrNull(fields.color), ...readFrame(fields) };
}

function readFrame(fields: Record<string, unknown>) {
  return {
    x: number(fields.x),
    y: number(fields.y),
    width: number(fields.width),
    height: number(fields.height),
  };
}

export function readInput(name: string, value: unknown): InputView | null {
  const fields = fieldsOf(value);
  return fields && { name, node: text(fields.node), param: text(fields.param) };
}

export function readOutput(name: string, value: unknown): OutputView | null {
  const fields = fieldsOf(value);
  return fields && { name, node: text(fields.node), port: text(fields.port) };
}
