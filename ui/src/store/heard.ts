// What this page heard of executions and the server does not tell again: when nodes began and ended, and what they
// logged. It outlives the graph that was open then, since another one may show the same run.

import type { NodeState } from "../contract/api";
import type { Message } from "../session/socket";

export interface LogLine {
  text: string;
  level: number;
  atMs: number;
}

/** When a node began and how long it took, on this page's clock; null where that was not seen. */
export interface Times {
  startedMs: number | null;
  tookMs: number | null;
}

export interface Told {
  times: Map<string, Times>;
  lines: Map<string, readonly LogLine[]>;
  /** By node and port: pictures that could be fetched. */
  pictures: Map<string, Extract<Message, { type: "node.preview" }>>;
}

const MOST_RUNS = 8;
export const MOST_LINES = 500;
const UNSEEN: Times = { startedMs: null, tookMs: null };
export const NODE_FINAL: readonly NodeState[] = ["cached", "completed", "failed", "skipped", "cancelled"];

/** By executions, the latest ones only; nodes have the names that they have in what runs. */
export class Heard {
  readonly #runs = new Map<string, Told>();

  of(execution: string): Told | undefined {
    return this.#runs.get(execution);
  }

  times(execution: string, node: string): Times {
    return this.#runs.get(execution)?.times.get(node) ?? UNSEEN;
  }

  take(message: Message): void {
    if (message.type === "execution.progress") {
      const { execution_id, node_id, state } = message.payload;
      const { startedMs, tookMs } = this.times(execution_id, node_id);
      const began = startedMs ?? (state === "running" ? message.ts_ms : null);
      const took = NODE_FINAL.includes(state) && began !== null ? message.ts_ms - began : null;
      this.#told(execution_id).times.set(node_id, { startedMs: began, tookMs: tookMs ?? took });
    } else if (message.type === "node.log") {
      const { execution_id, node_id, text, level, at_ms } = message.payload;
      const { lines } = this.#told(execution_id);
      lines.set(node_id, [...(lines.get(node_id) ?? []).slice(1 - MOST_LINES), { text, level, atMs: at_ms }]);
    } else if (message.type === "node.preview") {
      const { execution_id, node_id, port = "" } = message.payload;
      this.#told(execution_id).pictures.set(`${node_id}\n${port}`, message);
    }
  }

  #told(execution: string): Told {
    const known = this.#runs.get(execution);
    if (known) return known;
    const made: Told = { times: new Map(), lines: new Map(), pictures: new Map() };
    this.#runs.set(execution, made);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > MOST_RUNS) this.#runs.delete(oldest!);
    return made;
  }
}
