// Yjs clients, driven by JSON lines: `node peer.mjs`.
//
// Each line {"id", "do", …} is answered by one {"id", "ok"} or {"id", "error"}, in whatever order they get done; nothing
// else is written. Everything that a line asks for and that needs no waiting happens before any client hears of others.
// The program ends when standard input does.
import { createInterface } from "node:readline";
import { Client } from "./client.mjs";
import { EDITS, randomEdits } from "./edits.mjs";
import { Y } from "./packages.mjs";
import { garbage } from "./raw_frames.mjs";
import { stateOf, updateOf } from "./states.mjs";
import { stream } from "./stream.mjs";
import { waitConverged, waitUntil } from "./waiting.mjs";

/** @type {Map<string, Client>} */
const clients = new Map();

function clientOf(name) {
  const found = clients.get(name);
  if (!found) throw new Error(`there is no client ${name}`);
  return found;
}

/** Name → (client, what the line names) => result, or a promise of it. */
const OF_A_CLIENT = {
  connect: (client) => client.connect(),
  disconnect: (client) => client.disconnect(),
  drop: (client, { how, reconnect }) => client.drop(how, reconnect),
  freeze: (client) => client.freeze(),
  thaw: (client) => client.thaw(),
  set_reconnect: (client, { reconnect }) => {
    client.reconnect = reconnect;
  },
  close: (client) => {
    clients.delete(client.name);
    client.destroy();
  },
  random_edits: (client, { count, seed }) => randomEdits(Y, client.doc, client, () => client.newName(), count, seed),
  keep_undo: (client) => client.keepUndo(),
  undo: (client) => client.undoManager.undo() !== null,
  redo: (client) => client.undoManager.redo() !== null,
  apply_update: (client, { base64 }) => Y.applyUpdate(client.doc, Buffer.from(base64, "base64")),
  stream: (client, given) => stream(client, given.watcher ? clientOf(given.watcher) : null, given),
  set_awareness: (client, { state }) => client.provider.awareness.setLocalState(state),
  awareness: (client) => client.others(),
  state: stateOf,
  update: updateOf,
  vector: (client) => client.vector(),
  client_id: (client) => client.doc.clientID,
  updates: (client) => client.updates,
  events: (client) => client.events.splice(0),
  send_text: (client, { text }) => client.socket.send(text),
  send_bytes: (client, { base64 }) => client.socket.send(Buffer.from(base64, "base64")),
  send_garbage: (client, { kind, size }) => client.socket.send(garbage(kind, size)),
  wait_until: (client, { conditions, timeout_s }) => waitUntil(client, conditions, timeout_s),
};

/** Name → what the line names => result, or a promise of it. */
const OF_ALL = {
  open: ({ client, options }) => {
    if (clients.has(client)) throw new Error(`there is a client ${client}`);
    const made = new Client(client, options);
    clients.set(client, made);
    return made.doc.clientID;
  },
  converged: ({ names, timeout_s }) => waitConverged(names.map(clientOf), timeout_s),
  all: ({ steps }) => Promise.all(steps.map(carryOut)),
};

function carryOut(command) {
  const { do: name } = command;
  if (Object.hasOwn(OF_ALL, name)) return OF_ALL[name](command);
  const client = clientOf(command.client);
  if (Object.hasOwn(EDITS, name)) return client.doc.transact(() => EDITS[name](Y, client.doc, command), client);
  if (Object.hasOwn(OF_A_CLIENT, name)) return OF_A_CLIENT[name](client, command);
  throw new Error(`there is no command ${name}`);
}

async function answer(line) {
  let id = null;
  try {
    const command = JSON.parse(line);
    id = command.id;
    say({ id, ok: (await carryOut(command)) ?? null });
  } catch (error) {
    say({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// Every provider listens for the end of the process.
process.setMaxListeners(0);
const lines = createInterface({ input: process.stdin });
lines.on("line", answer);
lines.on("close", () => process.exit(0));
