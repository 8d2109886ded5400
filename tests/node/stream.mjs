// Many edits, one after the other, while everything else goes on.
import { setTimeout as after, setImmediate as nextTurn } from "node:timers/promises";

/**
 * Move a node and number it (`params.seq`), `count` times, each time an update of its own.
 * @param {import("./client.mjs").Client} client
 * @param {import("./client.mjs").Client | null} watcher whose sight of the numbers paces the writer: without it, all
 *     that a kill of the server could lose would be in the sockets' buffers
 * @param {{node: string, count: number, first?: number, window?: number, every_ms?: number}} given
 * @returns the last number
 */
export async function stream(client, watcher, { node, count, first = 1, window = 200, every_ms = 0 }) {
  const end = first + count;
  for (let number = first; number < end; number++) {
    client.doc.transact(() => {
      const found = client.doc.getMap("nodes").get(node);
      if (found === undefined) throw new Error(`there is no node ${node}`);
      found.set("x", number);
      found.get("params").set("seq", number);
    }, client);
    if (every_ms) await after(every_ms);
    else if (number % 5 === 0) await nextTurn();
    if (watcher !== null) await caughtUp(client, watcher, node, number - window);
  }
  return end - 1;
}

function caughtUp(client, watcher, node, number) {
  const seen = () => watcher.doc.getMap("nodes").get(node)?.get("params").get("seq") ?? 0;
  // Who is cut off sees nothing, and the writer works on by himself.
  const ready = () => !client.open || !watcher.open || seen() >= number;
  if (ready()) return null;
  return new Promise((resolve) => {
    const look = () => {
      if (!ready()) return;
      for (const off of offs) off();
      resolve();
    };
    const offs = [client.onChange(look), watcher.onChange(look)];
  });
}
