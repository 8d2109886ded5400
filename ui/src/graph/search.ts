// Ranking of names for what a person types.

/**
 * How well a text answers a query, or null if it does not. Words of the query have to be there, each as the beginning
 * of a word, else within one, else as letters in order; earlier and shorter is better.
 */
export function score(query: string, text: string): number | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const low = text.toLowerCase();
  let total = 0;
  for (const word of words) {
    const found = wordScore(word, low);
    if (found === null) return null;
    total += found;
  }
  return total - low.length / 200;
}

function wordScore(word: string, text: string): number | null {
  const at = text.indexOf(word);
  if (at === 0) return text.length === word.length ? 12 : 10;
  if (at > 0) return /[^a-z0-9]/.test(text[at - 1]!) ? 8 : 5;
  return inOrder(word, text) ? 1 : null;
}

function inOrder(letters: string, text: string): boolean {
  let at = -1;
  for (const letter of letters) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

export interface Field<T> {
  of: (item: T) => string;
  weight: number;
  /** Long texts are full of letters in some order: only words count there. */
  wordsOnly?: boolean;
}

/** Items that answer a query, best first; all of them, in their order, for an empty one. */
export function rank<T>(query: string, items: readonly T[], fields: readonly Field<T>[]): T[] {
  if (!query.trim()) return [...items];
  const found: { item: T; value: number }[] = [];
  for (const item of items) {
    const values = fields.flatMap((field) => {
      const value = score(query, field.of(item));
      return value === null || (field.wordsOnly && value < 4) ? [] : [value * field.weight];
    });
    if (values.length) found.push({ item, value: Math.max(...values) });
  }
  return found.sort((a, b) => b.value - a.value).map(({ item }) => item);
}
