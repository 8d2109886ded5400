// States of documents in a form that can be compared.
import { createHash } from "node:crypto";
import { documentOf } from "./edits.mjs";
import { Y } from "./packages.mjs";

/**
 * The document's state as bytes that are equal where the states are.
 *
 * `encodeStateAsUpdate` writes down how a document came about too: an item that was split stays in two parts, runs of
 * deleted items are merged or not, as the updates happened to come. A new document that is given all of it in one
 * transaction merges whatever can be merged, so that this one's encoding depends on the content alone: every item with
 * its client, clock and neighbours, and every deletion.
 */
export function canonicalOf(doc) {
  const fresh = new Y.Doc();
  try {
    Y.applyUpdate(fresh, Y.encodeStateAsUpdate(doc));
    const update = Y.encodeStateAsUpdate(fresh);
    return { update, hash: createHash("sha256").update(update).digest("hex") };
  } finally {
    fresh.destroy();
  }
}

/** All that there is to know of a client's document. */
export function stateOf(client) {
  const canonical = canonicalOf(client.doc);
  return {
    update: Buffer.from(canonical.update).toString("base64"),
    hash: canonical.hash,
    vector: client.vector(),
    document: documentOf(client.doc),
  };
}
