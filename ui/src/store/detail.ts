// How much of the graph is drawn, and how: nodes in and around the view with their fields, all others plainly; from far
// away all of them plainly, and the edges as one picture.

import type { Rect } from "../graph/model";
import type { Canvas, FlowEdge, FlowNode } from "./canvas";
import { KeyedStore } from "./keyed";

/** Below this zoom texts are not legible, and their drawing only costs time. */
const FAR = 0.42;
/** Below this one, ports are less than two pixels wide. */
const VERY_FAR = 0.18;
/** Parts of the view, to each side: so near to it, nodes get their fields; further off than that, they lose them. */
const NEAR_BY = 0.15;
const AWAY = 0.4;
/** Once one has zoomed in so far, what is kept is more than is looked at. */
const WIDEST = 2;
/** A wire may swing out of the box of its ends by so much, on the canvas. */
const SWING = 160;

export interface Look {
  x: number;
  y: number;
  zoom: number;
}

export class Detail {
  readonly full = new KeyedStore<true>();
  readonly #canvas: Canvas;
  #nodes: readonly FlowNode[] = [];
  #edges: readonly FlowEdge[] = [];
  /** Of the nodes that are drawn with their fields. */
  #types = new Map<string, string>();
  /** As long as the view is within, nothing changes. */
  #kept: Rect | null = null;

  constructor(canvas: Canvas) {
    this.#canvas = canvas;
  }

  /**
   * Takes what is looked at: the view's corner in pixels, and the size of the window.
   *
   * Returns:
   *     The nodes whose ports are others now, or elsewhere: they are drawn with their fields from now on, or are of another
   *     type.
   */
  look({ x, y, zoom }: Look, size: { width: number; height: number }): string[] {
    const { nodes, edges } = this.#canvas.getState();
    const [far, veryFar] = [zoom < FAR, zoom < VERY_FAR];
    const view = { x: -x / zoom, y: -y / zoom, width: size.width / zoom, height: size.height / zoom };
    const before = this.#canvas.getState();
    const still = this.#nodes === nodes || nodes.some((node) => node.dragging);
    const same = still && edges === this.#edges && far === before.far && veryFar === before.veryFar;
    if (same && (far || this.#suffices(view))) return [];
    [this.#nodes, this.#edges] = [nodes, edges];
    const near = grown(view, NEAR_BY);
    this.#kept = far ? null : near;
    const drawn = far ? [] : edgesNear(nodes, edges, near);
    this.#canvas.setState((state) => ({ far, veryFar, drawn: sameItems(state.drawn, drawn) ? state.drawn : drawn }));
    return this.#dress(far ? [] : nodes, near, grown(view, AWAY));
  }

  #suffices(view: Rect): boolean {
    return this.#kept !== null && holds(this.#kept, view) && this.#kept.width < WIDEST * view.width;
  }

  #dress(nodes: readonly FlowNode[], near: Rect, around: Rect): string[] {
    const types = new Map<string, string>();
    const come: string[] = [];
    this.full.batch(() => {
      for (const node of nodes) {
        if (node.type !== "node") continue;
        const box = boxOf(node);
        const had = this.full.get(node.id) ?? false;
        if (!overlap(box, had ? around : near) && !(had && isUsed(node.id))) continue;
        const { type } = node.data.node;
        types.set(node.id, type);
        if (!had || this.#types.get(node.id) !== type) come.push(node.id);
        this.full.set(node.id, true);
      }
      for (const [id] of [...this.full.entries()]) if (!types.has(id)) this.full.delete(id);
    });
    this.#types = types;
    return come;
  }
}

/** Whether somebody types in it: what is typed must not be lost when the node goes out of sight. */
function isUsed(id: string): boolean {
  return document.activeElement?.closest<HTMLElement>(".node")?.dataset.node === id;
}

function edgesNear(nodes: readonly FlowNode[], edges: readonly FlowEdge[], near: Rect): FlowEdge[] {
  const boxes = new Map(nodes.map((node) => [node.id, boxOf(node)]));
  return edges.filter((edge) => {
    const [source, target] = [boxes.get(edge.source), boxes.get(edge.target)];
    if (edge.selected || !source || !target) return true;
    const [left, top] = [Math.min(source.x, target.x), Math.min(source.y, target.y)];
    const right = Math.max(source.x + source.width, target.x + target.width);
    const bottom = Math.max(source.y + source.height, target.y + target.height);
    const box = { x: left - SWING, y: top - SWING, width: right - left + 2 * SWING, height: bottom - top + 2 * SWING };
    return overlap(box, near);
  });
}

function boxOf({ position, measured }: FlowNode): Rect {
  return { ...position, width: measured?.width ?? 0, height: measured?.height ?? 0 };
}

function grown({ x, y, width, height }: Rect, by: number): Rect {
  const [right, down] = [width * by, height * by];
  return { x: x - right, y: y - down, width: width + 2 * right, height: height + 2 * down };
}

const overlap = (a: Rect, b: Rect) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const holds = (outer: Rect, inner: Rect) =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
