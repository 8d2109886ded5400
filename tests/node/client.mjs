// One person's editor without its screen: a Y.Doc, and the provider that browsers use, over `ws`.
import { ROOTS } from "./edits.mjs";
import { readAuthMessage, WebSocket, WebsocketProvider, Y } from "./packages.mjs";

const MESSAGE_AUTH = 2;

/**
 * @typedef {object} Options
 * @property {string} url e.g. ws://127.0.0.1:8420/collab
 * @property {string} room
 * @property {Record<string, string>} [headers] of the handshake
 * @property {Record<string, string>} [cookies]
 * @property {Record<string, string>} [params] of the address
 * @property {string[]} [protocols] subprotocols
 * @property {boolean} [reconnect] whether to come back by itself when the connection is lost
 * @property {number} [backoff_ms] the longest wait before that
 * @property {boolean} [connect] whether to connect at once
 */

export class Client {
  #waiting = new Set();
  #named = 0;

  /** @param {string} name @param {Options} options */
  constructor(name, options) {
    this.name = name;
    this.reconnect = options.reconnect ?? true;
    this.doc = new Y.Doc();
    this.undoManager = null;
    /** Updates of others that came, and what happened to the connection. */
    this.updates = 0;
    this.events = [];
    this.provider = new WebsocketProvider(options.url, options.room, this.doc, {
      WebSocketPolyfill: socketWith(handshakeHeaders(options)),
      disableBc: true,
      connect: false,
      params: options.params ?? {},
      protocols: options.protocols ?? [],
      maxBackoffTime: options.backoff_ms ?? 200,
      shouldReconnect: (event) => this.reconnect && !(event.code >= 4400 && event.code < 4500),
    });
    this.#listen();
    if (options.connect ?? true) this.provider.connect();
  }

  #listen() {
    const { doc, provider } = this;
    provider.messageHandlers[MESSAGE_AUTH] = (_encoder, decoder) =>
      readAuthMessage(decoder, doc, (_doc, reason) => this.#happened("denied", { reason }));
    provider.on("status", ({ status }) => this.#happened(status));
    provider.on("connection-close", (event) => {
      this.#happened("close", { code: event?.code ?? null, reason: String(event?.reason ?? "") });
    });
    provider.on("closed", ({ code, reason }) => this.#happened("closed", { code, reason }));
    provider.on("connection-error", (event) => this.#happened("error", { message: String(event.message) }));
    provider.on("sync", (synced) => this.#happened(synced ? "synced" : "unsynced"));
    provider.awareness.on("update", () => this.changed());
    doc.on("update", (_update, origin) => {
      if (origin === provider) this.updates++;
      this.changed();
    });
  }

  #happened(type, more = {}) {
    this.events.push({ type, ...more });
    this.changed();
  }

  changed() {
    for (const look of [...this.#waiting]) look();
  }

  /** Call `look` after whatever happens, until the returned function is called. */
  onChange(look) {
    this.#waiting.add(look);
    return () => this.#waiting.delete(look);
  }

  get open() {
    return this.provider.ws?.readyState === WebSocket.OPEN;
  }

  /** The socket, which only an open connection has. */
  get socket() {
    if (!this.open) throw new Error(`${this.name} is not connected`);
    return this.provider.ws;
  }

  connect() {
    this.provider.connect();
  }

  /** As a page that is closed: the others are told. */
  disconnect() {
    this.provider.disconnect();
  }

  /** As a cable that is pulled (`how`: "destroy" ends the TCP connection with FIN, "reset" with RST). */
  drop(how = "destroy", reconnect = false) {
    const socket = this.socket;
    this.provider.shouldConnect = reconnect;
    if (how === "reset") socket._socket.resetAndDestroy();
    else if (how === "destroy") socket.terminate();
    else throw new Error(`how is destroy or reset, not ${how}`);
  }

  /** Read nothing from now on, while the connection stays; the kernel's buffers fill up. */
  freeze() {
    this.socket.pause();
  }

  thaw() {
    this.socket.resume();
  }

  /** States of the others, by client id; a state without content is nobody's. */
  others() {
    const states = [...this.provider.awareness.getStates()];
    return Object.fromEntries(states.filter(([id, state]) => id !== this.doc.clientID && Object.keys(state).length));
  }

  /** A name that no other client of this process gives to anything. */
  newName() {
    return `${this.name}-${this.#named++}`;
  }

  vector() {
    return Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(this.doc)));
  }

  /** From now on, each of this client's own edits can be undone by itself. */
  keepUndo() {
    const roots = ROOTS.map((root) => this.doc.getMap(root));
    this.undoManager = new Y.UndoManager(roots, { trackedOrigins: new Set([this]), captureTimeout: 0 });
  }

  destroy() {
    this.undoManager?.destroy();
    this.provider.destroy();
    this.doc.destroy();
  }
}

function handshakeHeaders({ headers = {}, cookies = {} }) {
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  return cookie.length ? { ...headers, Cookie: cookie.join("; ") } : headers;
}

/** Browsers send cookies by themselves; the provider has no room for headers. */
function socketWith(headers) {
  return class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { headers });
    }
  };
}
