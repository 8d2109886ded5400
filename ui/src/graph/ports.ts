// Which output may feed which input. The same rules as `vortex_prefect/core/nodespec.py`; a test compares the tables.

export const CONVERSIONS: Readonly<Record<string, readonly string[]>> = {
  INT: ["FLOAT", "JSON"],
  FLOAT: ["JSON"],
  BOOL: ["JSON"],
  STRING: ["JSON"],
  PATH: ["STRING", "JSON"],
  IMAGE: ["TENSOR"],
  MASK: ["TENSOR"],
  LATENT: ["TENSOR"],
};

/** T of `LIST[T]`; null for what is no list. */
export function itemType(type: string): string | null {
  return type.startsWith("LIST[") ? type.slice(5, -1) : null;
}

export function accepts(source: string, target: string): boolean {
  if (source === target || source === "ANY" || target === "ANY") return true;
  const [item, taken] = [itemType(source), itemType(target)];
  if (item !== null && taken !== null) return accepts(item, taken);
  return CONVERSIONS[source]?.includes(target) ?? false;
}

/** Whether a node takes the items of a list one by one at a port of type `target`. */
export function maps(source: string, target: string): boolean {
  const item = itemType(source);
  return item !== null && !accepts(source, target) && itemType(item) === null && accepts(item, target);
}

export type Fit = { fits: true; how: "same" | "converted" | "each item" } | { fits: false; reason: string };

/** Whether an output's type fits an input's, and why not. `collects`: the port takes any number of edges. */
export function fitOf(source: string, target: string, collects = false): Fit {
  if (source === target) return { fits: true, how: "same" };
  if (accepts(source, target)) return { fits: true, how: "converted" };
  if (maps(source, target)) return { fits: true, how: "each item" };
  const item = itemType(source);
  if (collects && item !== null && accepts(item, target)) return { fits: true, how: "each item" };
  return { fits: false, reason: `${source} does not fit ${target}` };
}
