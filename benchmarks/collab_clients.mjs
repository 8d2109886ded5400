// `node collab_clients.mjs ORDER`: clients of `collab`, in one process, so that there is one clock.
//
// ORDER is JSON: {"do": "deliver" | "sustain" | "fill" | "open", "url", "room", …}. Each answer is a line of JSON, the
// last one when it has ended. An edit is the move of one node of a hundred in turn to x = its number, as the editor
// makes it: one transaction, one update, two items of the document.
import { createRequire } from "node:module";
import { setTimeout as after, setImmediate as nextTurn } from "node:timers/promises";

const require = createRequire(new URL("../ui/package.json", import.meta.url));
const Y = require("yjs");
const { WebsocketProvider } = require("y-websocket");
const { WebSocket } = require("ws");

/** So many nodes are moved in turn; no more edits than that are ever on their way at once. */
const MOVED = 100;
const WINDOW = 64;
const PATIENCE_MS = 20_000;

/** A client that comes back by itself no more, and counts what went wrong. */
class Client {
  errors = 0;

  constructor({ url, room }) {
    this.doc = new Y.Doc();
    this.began = performance.now();
    this.provider = new WebsocketProvider(url, room, this.doc, {
      WebSocketPolyfill: WebSocket,
      disableBc: true,
      shouldReconnect: () => false,
    });
    this.nodes = this.doc.getMap("nodes");
    this.closed = new Promise((resolve) => this.provider.on("connection-close", resolve));
    this.closed.then(() => this.errors++);
    this.provider.on("connection-error", () => this.errors++);
  }

  /** Wait until `ready` is so, as often as the document or the connection changes. */
  until(ready, what) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!ready()) return;
        end();
        resolve();
      };
      const end = () => {
        clearTimeout(timer);
        this.doc.off("update", look);
        this.provider.off("sync", look);
        this.provider.off("status", look);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${what} not within ${PATIENCE_MS} ms`));
      }, PATIENCE_MS);
      this.doc.on("update", look);
      this.provider.on("sync", look);
      this.provider.on("status", look);
      look();
    });
  }

  synced() {
    return this.until(() => this.provider.synced, "synced");
  }

  move(number) {
    const node = this.nodes.get(`n${number % MOVED}`);
    this.doc.transact(() => {
      node.set("x", number);
      node.set("y", 0);
    });
  }

  /** Call `told` with the number of each edit of others, when it is observed. */
  observe(told) {
    this.nodes.observeDeep((events, transaction) => {
      if (transaction.local) return;
      for (const event of events) if (event.keysChanged?.has("x")) told(event.target.get("x"));
    });
  }

  vector() {
    return Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(this.doc)));
  }
}

/** Clients in one room whose document has the nodes. A bare relay has no document: the first client makes them. */
async function room(order, count) {
  const first = new Client(order);
  if (order.bare) {
    await first.until(() => first.provider.wsconnected, "connected");
    createNodes(first, MOVED);
  } else await first.synced();
  const others = Array.from({ length: count - 1 }, () => new Client(order));
  const ready = (client) => client.nodes.size >= MOVED;
  await Promise.all([first, ...others].map((client) => client.until(() => ready(client), "nodes")));
  return [first, ...others];
}

function createNodes(client, count) {
  client.doc.transact(() => {
    for (let index = client.nodes.size; index < count; index++) {
      const fields = { type: "image.blur", x: 0, y: 0, title: null, mode: "active", params: new Y.Map() };
      client.nodes.set(`n${index}`, new Y.Map(Object.entries(fields)));
    }
  });
}

/** Edits at fixed times by the writers in turn; how long each took to each of the others, in microseconds. */
async function deliver(order) {
  const { clients: count, writers, rate, seconds } = order;
  const clients = await room(order, count);
  const total = Math.floor(rate * seconds);
  const sent = new Float64Array(total + 1);
  const seen = clients.map(() => new Set());
  const delays = [];
  clients.forEach((client, index) => {
    client.observe((number) => {
      // What comes with a node's other items has been counted.
      if (number < 1 || seen[index].has(number)) return;
      seen[index].add(number);
      delays.push(Math.round((performance.now() - sent[number]) * 1000));
    });
  });
  const began = performance.now();
  for (let number = 1; number <= total; number++) {
    const wait = began + ((number - 1) * 1000) / rate - performance.now();
    if (wait > 0) await after(wait);
    sent[number] = performance.now();
    seen[number % writers].add(number);
    clients[number % writers].move(number);
  }
  const span_s = (performance.now() - began) / 1000;
  const all = (client, index) => client.until(() => seen[index].size === total, "all edits").catch(() => {});
  await Promise.all(clients.map(all));
  const lost = seen.reduce((sum, numbers) => sum + total - numbers.size, 0);
  say({
    delays_us: delays.sort((a, b) => a - b),
    lost,
    edits_per_s: total / span_s,
    errors: errors(clients),
    ...end(clients),
  });
}

/** As many edits as there is time for; the reader's sight of them paces the writer. Goes on until it is cut off. */
async function sustain(order) {
  const [writer, reader] = await room(order, 2);
  let [number, seen, on] = [0, 0, true];
  let wake = () => {};
  const received = new Set();
  reader.observe((found) => {
    received.add(found);
    seen = Math.max(seen, found);
    wake();
  });
  writer.closed.then(() => {
    on = false;
    wake();
  });
  const began = performance.now();
  const stop = began + order.seconds * 1000;
  let told = false;
  while (on) {
    writer.move(++number);
    if (number % 8 === 0) await nextTurn();
    while (on && number - seen >= WINDOW) await new Promise((resolve) => (wake = resolve));
    if (!told && performance.now() >= stop) {
      told = true;
      say({
        updates_per_s: (seen * 1000) / (performance.now() - began),
        lost: seen - received.size,
        errors: errors([writer, reader]),
      });
    }
  }
  await reader.closed;
  say(end([reader]));
}

/** A graph with a history. */
async function fill(order) {
  const [writer, reader] = await room(order, 2);
  createNodes(writer, order.nodes);
  let [seen, wake] = [0, () => {}];
  reader.observe((number) => {
    seen = Math.max(seen, number);
    wake();
  });
  for (let number = 1; number <= order.edits; number++) {
    writer.move(number);
    while (number - seen >= WINDOW || (number === order.edits && seen < number)) {
      await new Promise((resolve) => (wake = resolve));
    }
  }
  say({ errors: errors([writer, reader]), ...end([reader]) });
}

/** From the start of the connection until the document is there; and its bytes once more, without a server. */
async function open(order) {
  const client = new Client(order);
  await client.synced();
  const open_ms = performance.now() - client.began;
  const update = Y.encodeStateAsUpdate(client.doc);
  const began = performance.now();
  Y.applyUpdate(new Y.Doc(), update);
  const apply_ms = performance.now() - began;
  say({
    open_ms,
    apply_ms,
    nodes: client.nodes.size,
    bytes: update.length,
    errors: errors([client]),
    ...end([client]),
  });
}

function errors(clients) {
  return clients.reduce((sum, client) => sum + client.errors, 0);
}

/** What somebody has seen is what must be there after a crash. */
function end(clients) {
  const vector = {};
  for (const client of clients) {
    for (const [id, clock] of Object.entries(client.vector())) vector[id] = Math.max(vector[id] ?? 0, clock);
  }
  return { vector };
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

// Every provider listens for the end of the process.
process.setMaxListeners(0);
const order = JSON.parse(process.argv[2]);
await { deliver, sustain, fill, open }[order.do](order);
process.exit(0);
