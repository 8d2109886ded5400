import { useEffect, useState } from "react";
import { getJson } from "../../session/http";

/** Types whose values are short enough to be read. */
const READABLE: readonly string[] = ["FLOAT", "INT", "BOOL", "STRING", "JSON", "PATH"];
const LONGEST = 160;

export const isReadable = (type: string): boolean => READABLE.includes(type);

/** The value at an output's address, as text; null while there is none. */
export function useOutputText(url: string | null): string | null {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    setText(null);
    if (url === null) return;
    const left = new AbortController();
    const read = async () =>
      setText(shortened(await getJson<{ value?: unknown; items?: unknown[] }>(url, left.signal)));
    // A picture, a tensor, or something that is no longer held: there is nothing to read.
    read().catch(() => undefined);
    return () => left.abort();
  }, [url]);
  return text;
}

function shortened({ value, items }: { value?: unknown; items?: unknown[] }): string {
  if (items) return `${items.length} items`;
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
