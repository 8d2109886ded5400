// JSON whose integers beyond 53 bits become decimal text, as the editor keeps seeds, rather than other numbers.

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const revive: Reviver = (_, value, context) => {
  const source = context?.source;
  const rounded =
    typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source);
  return rounded ? source : value;
};

/** Browsers that do not tell a number's text (before 2024) round, as `JSON.parse` does. */
export function parseLossless(text: string): unknown {
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown);
}
