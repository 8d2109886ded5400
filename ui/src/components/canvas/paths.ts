// How wires run, and which of them a point is on.

import { getBezierPath, getSmoothStepPath, getStraightPath, Position } from "@xyflow/react";
import type { EdgeStyle } from "../../store/preferences";

export const PATHS = { curved: getBezierPath, straight: getStraightPath, stepped: getSmoothStepPath };

export interface Ends {
  from: { x: number; y: number };
  to: { x: number; y: number };
}

export function pathOf(style: EdgeStyle, { from, to }: Ends): string {
  const [path] = PATHS[style]({
    sourceX: from.x,
    sourceY: from.y,
    sourcePosition: Position.Right,
    targetX: to.x,
    targetY: to.y,
    targetPosition: Position.Left,
  });
  return path;
}

/** How far a wire may reach beyond the box of its ends: one that runs backwards swings out. */
const SWING = 0.35;
const SWING_LEAST = 40;

interface Laid {
  key: string;
  ends: Ends;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Finds the wire below a point, of wires that do not move meanwhile: only those near to it are laid out. */
export class WireFinder {
  readonly #laid: Laid[];
  readonly #style: EdgeStyle;
  readonly #pen = new OffscreenCanvas(1, 1).getContext("2d");

  constructor(wires: Iterable<readonly [key: string, ends: Ends]>, style: EdgeStyle) {
    this.#laid = [...wires].map(([key, ends]) => laid(key, ends));
    this.#style = style;
  }

  /** `width` is how far to both sides together a point may be off, on the canvas. */
  at(x: number, y: number, width: number): string | null {
    if (!this.#pen) return null;
    this.#pen.lineWidth = width;
    for (const wire of this.#laid) {
      if (x < wire.left || x > wire.right || y < wire.top || y > wire.bottom) continue;
      if (this.#pen.isPointInStroke(new Path2D(pathOf(this.#style, wire.ends)), x, y)) return wire.key;
    }
    return null;
  }
}

function laid(key: string, ends: Ends): Laid {
  const { from, to } = ends;
  const room = SWING_LEAST + SWING * Math.max(from.x - to.x, 0);
  return {
    key,
    ends,
    left: Math.min(from.x, to.x) - room,
    right: Math.max(from.x, to.x) + room,
    top: Math.min(from.y, to.y) - SWING_LEAST,
    bottom: Math.max(from.y, to.y) + SWING_LEAST,
  };
}
