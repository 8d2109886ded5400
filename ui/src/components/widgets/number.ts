// How numbers are shown, typed and dragged; free of the page, so that it can be tested.

import type { Bounds, ParamSpec } from "../../contract/api";

/** Pixels of a drag over the whole of a bounded range; without bounds a pixel is a step. */
const DRAG_PX = 200;

export function stepOf(param: ParamSpec): number {
  if (param.bounds?.step) return param.bounds.step;
  if (param.type === "INT") return 1;
  const { min, max } = param.bounds ?? {};
  return min != null && max != null && max - min <= 20 ? 0.01 : 0.1;
}

export function clamp(value: number, bounds: Bounds | null | undefined): number {
  return Math.min(Math.max(value, bounds?.min ?? -Infinity), bounds?.max ?? Infinity);
}

/** The value after a drag of so many pixels; `fine` is a tenth as fast. */
export function dragged(param: ParamSpec, from: number, pixels: number, fine: boolean): number {
  const step = stepOf(param);
  const { min, max } = param.bounds ?? {};
  const range = min != null && max != null && max - min <= 10_000 ? max - min : null;
  const perPixel = range === null ? step : range / DRAG_PX;
  const moved = from + pixels * perPixel * (fine ? 0.1 : 1);
  return clamp(round(Math.round(moved / step) * step), param.bounds);
}

/** Drops the digits that binary fractions add: 0.30000000000000004 → 0.3. */
export function round(value: number): number {
  return Number(value.toPrecision(12));
}

export function shown(value: number, param: ParamSpec): string {
  if (param.type === "INT" || Number.isInteger(value)) return String(value);
  const digits = Math.max(2, Math.ceil(-Math.log10(stepOf(param))));
  return Number(value.toFixed(digits)).toString();
}

/** What a person typed: a number, or a simple sum of numbers (`512*2`, `1/3`); null if it is none. */
export function typed(text: string, param: ParamSpec): number | null {
  const value = evaluate(text.trim().replaceAll(",", "."));
  if (value === null || !Number.isFinite(value)) return null;
  return param.type === "INT" ? Math.round(value) : value;
}

function evaluate(text: string): number | null {
  const tokens = text.match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|[-+*/()]|\S/gi) ?? [];
  let at = 0;
  const sum = (): number => {
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "-")
      value = tokens[at++] === "+" ? value + product() : value - product();
    return value;
  };
  const product = (): number => {
    let value = atom();
    while (tokens[at] === "*" || tokens[at] === "/") value = tokens[at++] === "*" ? value * atom() : value / atom();
    return value;
  };
  const atom = (): number => {
    const token = tokens[at++];
    if (token === "-") return -atom();
    if (token === "+") return atom();
    if (token === "(") {
      const value = sum();
      return tokens[at++] === ")" ? value : Number.NaN;
    }
    return token === undefined ? Number.NaN : Number(token);
  };
  const value = sum();
  return at === tokens.length && !Number.isNaN(value) ? value : null;
}
