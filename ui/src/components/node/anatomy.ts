// Where the ports of a node are, in its own pixels. The style sheet lays full nodes out; this says the same of plain
// ones, which have no rows.

import type { NodeSpec, ParamSpec } from "../../contract/api";

export const WIDTH = 236;
/** Half a port, which stands on the node's border. */
export const HALF_PORT = 5.5;
export const BORDER = 1;
export const HEAD = 30;
const ABOVE = 6;
const BELOW = 8;
const ROW = 22;
const PARAM = 28;
/** The ports of a collapsed node, which is all head. */
export const COLLAPSED_Y = HEAD / 2;
const TALL: Readonly<Record<string, number>> = { text: 90, curve: 150, file: 58 };

export interface PortPlace {
  name: string;
  type: string;
  side: "source" | "target";
  /** A parameter's port is shown only where a wire may end in it. */
  param: boolean;
  list: boolean;
  /** The middle of the port, from the upper edge of the head. */
  y: number;
}

export interface Anatomy {
  bodyHeight: number;
  ports: readonly PortPlace[];
}

const known = new WeakMap<NodeSpec, Anatomy>();

export function anatomyOf(spec: NodeSpec): Anatomy {
  const found = known.get(spec);
  if (found) return found;
  const made = measure(spec);
  known.set(spec, made);
  return made;
}

function measure(spec: NodeSpec): Anatomy {
  const top = HEAD + ABOVE;
  const inRow = (row: number) => top + row * ROW + ROW / 2;
  const ports: PortPlace[] = [
    ...spec.inputs.map(({ name, type, list }, row): PortPlace => {
      return { name, type, side: "target", param: false, list: Boolean(list), y: inRow(row) };
    }),
    ...spec.outputs.map(({ name, type }, row): PortPlace => {
      return { name, type, side: "source", param: false, list: false, y: inRow(row) };
    }),
  ];
  let next = top + Math.max(spec.inputs.length, spec.outputs.length) * ROW;
  for (const param of spec.params) {
    const height = heightOf(param);
    ports.push({ name: param.name, type: param.type, side: "target", param: true, list: false, y: next + height / 2 });
    next += height;
  }
  return { bodyHeight: next - HEAD + BELOW, ports };
}

function heightOf({ widget, type }: ParamSpec): number {
  return TALL[widget ?? (type === "JSON" ? "text" : "")] ?? PARAM;
}

/** Where a wire meets a port; all ports of a collapsed node, and those that nobody knows, are at its head. */
export function wireEnd(
  node: { x: number; y: number; collapsed: boolean },
  spec: NodeSpec | undefined,
  port: string,
  side: "source" | "target",
): { x: number; y: number } {
  const place = node.collapsed || !spec ? undefined : anatomyOf(spec).ports.find((one) => isPort(one, port, side));
  const x = side === "source" ? node.x + WIDTH + HALF_PORT - BORDER : node.x - HALF_PORT + BORDER;
  return { x, y: node.y + BORDER + (place?.y ?? COLLAPSED_Y) };
}

const isPort = (one: PortPlace, name: string, side: "source" | "target") => one.name === name && one.side === side;
