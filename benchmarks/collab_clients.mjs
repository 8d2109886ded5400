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
const { Awareness } = require("y-protocols/awareness");
const { WebSocket } = require("ws");

/** So many nodes are moved in turn; no more edits than that are ever on their way at once. */
const MOVED = 100;
const WINDOW = 64;
const PATIENCE_MS = 20_000;
/** Joining is over when nobody has received anything for so long. */
const QUIET_MS = 500;

/** A client that comes back by itself no more, and counts what went wrong. */
class Client {
  errors = 0;

  constructor({ url, room, bare = false }) {
    this.doc = new Y.Doc();
    const awareness = new Awareness(this.doc);
    // The provider tells everybody what it hears of others. A server drops what it knows; a relay multiplies it.
    if (bare) awareness.setLocalState(null);
    this.began = performance.now();
    this.provider = new WebsocketProvider(url, room, this.doc, {
      WebSocketPolyfill: WebSocket,
      awareness,
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
      const fail = (why) => {
        end();
        reject(new Error(`not ${what}: ${why}`));
      };
      const timer = setTimeout(() => fail(`${PATIENCE_MS} ms are over`), PATIENCE_MS);
      this.closed.then((event) => fail(`the connection ended (${event?.code} ${event?.reason})`));
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
      for (const event of events) {
        const number = event.keysChanged?.has("x") ? event.target.get("x") : 0;
        if (number > 0) told(number);
      }
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
  await Promise.all([first, ...others].map((client) => client.until(() => ready(client), "given the nodes")));
  await quiet([first, ...others]);
  return [first, ...others];
}

async function quiet(clients) {
  const last = () => Math.max(...clients.map(({ provider }) => provider.wsLastMessageReceived));
  while (Date.now() - last() < QUIET_MS) await after(QUIET_MS / 10);
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
      if (seen[index].has(number)) return;
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
  const all = (client, index) => client.until(() => seen[index].size === total, "reached by all edits").catch(() => {});
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

/** What a reader has observed of a writer's numbers, for a writer that waits for it. */
class Sight {
  seen = 0;
  received = new Set();
  #wake = () => {};

  constructor(reader) {
    this.on = true;
    reader.observe((number) => {
      this.received.add(number);
      this.seen = Math.max(this.seen, number);
      this.#wake();
    });
    reader.closed.then(() => {
      this.on = false;
      this.#wake();
    });
  }

  /** Whether the number, or a later one, has been observed; false once the reader is cut off, or waits in vain. */
  async reaches(number) {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.on && this.seen < number && performance.now() < deadline) {
      const timer = setTimeout(() => this.#wake(), PATIENCE_MS);
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
      clearTimeout(timer);
    }
    return this.seen >= number;
  }
}

/** As many edits as there is time for; the reader's sight of them paces the writer. Goes on until it is cut off. */
async function sustain(order) {
  const [writer, reader] = await room(order, 2);
  const sight = new Sight(reader);
  const began = performance.now();
  const tell = (lost) => {
    const updates_per_s = (sight.received.size * 1000) / (performance.now() - began);
    say({ updates_per_s, lost, errors: errors([writer, reader]) });
  };
  let told = false;
  for (let number = 1; sight.on; number++) {
    writer.move(number);
    // What the socket has taken is sent, and what has come is read, between turns of the loop only.
    if (number % 8 === 0) await nextTurn();
    const seen = await sight.reaches(number - WINDOW);
    if (!told && (!seen || performance.now() >= began + order.seconds * 1000)) {
      told = true;
      tell(seen ? sight.seen - sight.received.size : number - sight.received.size);
    }
    if (!seen) break;
  }
  await reader.closed;
  say(end([reader]));
}

/** A graph with a history. */
async function fill(order) {
  const [writer, reader] = await room(order, 2);
  createNodes(writer, order.nodes);
  const sight = new Sight(reader);
  for (let number = 1; number <= order.edits; number++) {
    writer.move(number);
    const needed = number === order.edits ? number : number - WINDOW;
    if (!(await sight.reaches(needed))) throw new Error(`edit ${needed} did not come`);
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
// Of a long answer the pipe has taken a part when `write` returns; exit() would drop the rest.
process.stdout.write("", () => process.exit(0));
