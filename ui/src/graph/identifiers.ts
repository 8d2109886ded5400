// Ids that people can read in errors and file names, and that two people do not choose at the same time.

const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";
const TAIL = 5;

/** `image.blur` → `blur-k3m9x`: short, unlikely to be chosen twice (31⁵), and never one that is taken. */
export function newNodeId(type: string, taken: { has(id: string): boolean }): string {
  const stem = type.slice(type.lastIndexOf(".") + 1).replace(/[^A-Za-z0-9_-]/g, "") || "node";
  return newId(stem, taken);
}

export function newId(stem: string, taken: { has(id: string): boolean }): string {
  for (;;) {
    const bytes = crypto.getRandomValues(new Uint8Array(TAIL));
    const tail = [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
    const id = `${stem}-${tail}`;
    if (!taken.has(id)) return id;
  }
}
