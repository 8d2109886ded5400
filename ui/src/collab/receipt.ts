// Whether the server has all edits, or would not take one: it answers what came before on the same connection first.

import { readAuthMessage } from "y-protocols/auth";
import type { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

/** Source: y-protocols, PROTOCOL.md: a sync message, then its step. */
const SYNC = 0;
const AUTH = 2;
const STEP_1 = 0;
const STEP_2 = 1;
const PATIENCE_MS = 3000;

export class Receipts {
  readonly #provider: WebsocketProvider;
  #waiting: (() => void)[] = [];

  /** `refused` is told why an edit was not taken. */
  constructor(provider: WebsocketProvider, refused: (reason: string) => void) {
    this.#provider = provider;
    provider.messageHandlers[AUTH] = (_, decoder) => {
      readAuthMessage(decoder, provider.doc, (_doc, reason) => refused(reason));
    };
    const handle = provider.messageHandlers[SYNC]!;
    provider.messageHandlers[SYNC] = (encoder, decoder, ...rest) => {
      const step = decoder.arr[decoder.pos];
      handle(encoder, decoder, ...rest);
      if (step !== STEP_2) return;
      for (const done of this.#waiting.splice(0)) done();
    };
  }

  /** Resolves once the server has answered, with whether it did. */
  ask(): Promise<boolean> {
    const { ws, wsconnected, doc } = this.#provider;
    if (!ws || !wsconnected) return Promise.resolve(false);
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), PATIENCE_MS);
      this.#waiting.push(() => {
        clearTimeout(late);
        resolve(true);
      });
      const state = Y.encodeStateVector(doc);
      ws.send(new Uint8Array([SYNC, STEP_1, ...variable(state.length), ...state]));
    });
  }
}

/** An unsigned integer in groups of seven bits, the lowest first. */
function variable(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...variable(value >>> 7)];
}
