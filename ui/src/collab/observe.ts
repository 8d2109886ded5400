// The shared document as a store of immutable views: what did not change stays the same object, so that only those
// parts of the page are drawn again whose part of the graph changed.

import type * as Y from "yjs";
import { EMPTY_GRAPH, type GraphView } from "../graph/model";
import {
  isMark,
  MARKS,
  type Mark,
  type Root,
  type Roots,
  readEdge,
  readGroup,
  readInput,
  readNode,
  readNote,
  readOutput,
  rootsOf,
} from "./shape";

type Reader = (key: string, value: unknown, roots: Roots) => object | null;
type TableName = Exclude<Root, "meta" | Mark>;

const READERS: Record<TableName, Reader> = {
  nodes: readNode,
  edges: readEdge,
  groups: readGroup,
  notes: readNote,
  inputs: readInput,
  outputs: readOutput,
};
const TABLES = Object.keys(READERS) as TableName[];

export class ObservedGraph {
  readonly #roots: Roots;
  readonly #listeners = new Set<() => void>();
  readonly #stop: () => void;
  /** With edges whose nodes are gone. */
  #whole: GraphView;
  #view: GraphView;

  constructor(doc: Y.Doc) {
    this.#roots = rootsOf(doc);
    this.#whole = this.#readAll();
    this.#view = withoutDangling(this.#whole, null);
    const observe = (transaction: Y.Transaction) => this.#take(transaction);
    doc.on("afterTransaction", observe);
    this.#stop = () => doc.off("afterTransaction", observe);
  }

  get view(): GraphView {
    return this.#view;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  destroy(): void {
    this.#stop();
    this.#listeners.clear();
  }

  #readAll(): GraphView {
    const tables = TABLES.map((name) => [name, readTable(this.#roots, name)]);
    return { ...EMPTY_GRAPH, name: this.#name(), ...Object.fromEntries(tables) } as GraphView;
  }

  #name(): string {
    const name = this.#roots.meta.get("name");
    return typeof name === "string" ? name : "";
  }

  #take(transaction: Y.Transaction): void {
    const changed = changedKeys(transaction, this.#roots);
    // Its marks are read with the node.
    for (const id of MARKS.flatMap((mark) => [...(changed.get(mark) ?? [])])) {
      changed.set("nodes", (changed.get("nodes") ?? new Set()).add(id));
    }
    if (changed.size === 0) return;
    const next: Record<string, unknown> = { ...this.#whole };
    for (const [name, keys] of changed) {
      if (name === "meta") next.name = this.#name();
      else if (!isMark(name)) next[name] = updated(this.#whole[name], this.#roots, name, keys);
    }
    this.#whole = next as unknown as GraphView;
    this.#view = withoutDangling(this.#whole, this.#view);
    for (const listener of this.#listeners) listener();
  }
}

function readTable(roots: Roots, name: TableName): Map<string, object> {
  const found = new Map<string, object>();
  for (const [key, value] of roots[name]) {
    const item = READERS[name](key, value, roots);
    if (item) found.set(key, item);
  }
  return found;
}

/** Root → keys below it that a transaction touched, at whatever depth. */
function changedKeys(transaction: Y.Transaction, roots: Roots): Map<Root, Set<string>> {
  const names = new Map<Y.AbstractType<unknown>, Root>();
  for (const [name, map] of Object.entries(roots)) names.set(map as Y.AbstractType<unknown>, name as Root);
  const found = new Map<Root, Set<string>>();
  const note = (name: Root, key: string) => {
    const keys = found.get(name);
    if (keys) keys.add(key);
    else found.set(name, new Set([key]));
  };
  for (const [type, keys] of transaction.changed) {
    const own = names.get(type as Y.AbstractType<unknown>);
    if (own) for (const key of keys) key !== null && note(own, key);
    else {
      const above = entryAbove(type as Y.AbstractType<unknown>, names);
      if (above) note(above.name, above.key);
    }
  }
  return found;
}

function entryAbove(
  type: Y.AbstractType<unknown>,
  names: ReadonlyMap<Y.AbstractType<unknown>, Root>,
): { name: Root; key: string } | null {
  for (let item = type._item; item; item = (item.parent as Y.AbstractType<unknown>)._item) {
    const name = names.get(item.parent as Y.AbstractType<unknown>);
    if (name) return item.parentSub === null ? null : { name, key: item.parentSub };
  }
  return null;
}

function updated(before: ReadonlyMap<string, object>, roots: Roots, name: TableName, keys: Set<string>) {
  const next = new Map(before);
  for (const key of keys) {
    const item = roots[name].has(key) ? READERS[name](key, roots[name].get(key), roots) : null;
    if (item) next.set(key, item);
    else next.delete(key);
  }
  return next;
}

/**
 * Somebody may delete a node while another one connects it: such edges are not shown. They stay in the document, for
 * the node may come back by an undo. The table of edges stays the same object where it holds the same edges.
 */
function withoutDangling(whole: GraphView, before: GraphView | null): GraphView {
  const { nodes, edges } = whole;
  const kept = new Map([...edges].filter(([, edge]) => nodes.has(edge.source) && nodes.has(edge.target)));
  if (before && sameEntries(before.edges, kept)) return { ...whole, edges: before.edges };
  return kept.size === edges.size ? whole : { ...whole, edges: kept };
}

function sameEntries<T>(one: ReadonlyMap<string, T>, other: ReadonlyMap<string, T>): boolean {
  if (one.size !== other.size) return false;
  for (const [key, item] of one) if (other.get(key) !== item) return false;
  return true;
}
