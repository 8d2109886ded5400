// States of documents in a form that can be compared.
import { createHash } from "node:crypto";
import { documentOf } from "./edits.mjs";
import { Y } from "./packages.mjs";

/**
 * SHA-256 of the document's canonical form: equal where two documents hold the same items, with client, clock, place
 * and content, and the same deletions.
 *
 * The bytes of `encodeStateAsUpdate` say more than that. An item that was split stays in two parts, and runs of deleted
 * items are merged or not, as the updates happened to come: a new document that is given all of it in one transaction
 * merges whatever can be merged. And a plain object's keys come in any order: a server that decodes and encodes them,
 * as pycrdt does with a hash map, tells each client another one. So what is compared is the merged document, item by
 * item, with all keys sorted.
 */
export function hashOf(doc) {
  const fresh = new Y.Doc();
  try {
    Y.applyUpdate(fresh, Y.encodeStateAsUpdate(doc));
    // Whose predecessors never came is no part of the document, and not everybody is told of it.
    fresh.store.pendingStructs = null;
    fresh.store.pendingDs = null;
    const { structs, ds } = Y.decodeUpdate(Y.encodeStateAsUpdate(fresh));
    const deleted = [...ds.clients].map(([client, items]) => [client, items.map(({ clock, len }) => [clock, len])]);
    const form = JSON.stringify([structs.map(described), deleted], withSortedKeys);
    return createHash("sha256").update(form).digest("hex");
  } finally {
    fresh.destroy();
  }
}

function described(struct) {
  const { id, length, origin, rightOrigin, parent, parentSub, content } = struct;
  const place = [id.client, id.clock, length, struct.constructor.name];
  if (content === undefined) return place;
  const held = content.type ? content.type.constructor.name : content.getContent();
  return [...place, origin, rightOrigin, parent, parentSub, content.constructor.name, held];
}

function withSortedKeys(_key, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** All that there is to know of a client's document. */
export function stateOf(client) {
  return { hash: hashOf(client.doc), vector: client.vector(), document: documentOf(client.doc) };
}

/** All of it as one update, in base64. */
export function updateOf(client) {
  return Buffer.from(Y.encodeStateAsUpdate(client.doc)).toString("base64");
}
