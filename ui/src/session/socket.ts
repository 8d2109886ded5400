// The WebSocket of a graph: what happens to its executions, replayed after a break.

import type { ErrorDetail, ExecutionStatus, NodeState, OutputResource } from "../contract/api";

type Outputs = Record<string, OutputResource>;

/** What the server tells, by type; docs/ws-contract.md. */
export interface Payloads {
  "graph.sync": { version: number };
  "graph.deleted": { graph_id: string };
  "nodes.changed": { digest: string; added: string[]; removed: string[]; changed: string[] };
  "nodes.fault": { pack: string; message: string };
  "execution.queued": { execution_id: string; priority: number };
  "execution.status": {
    execution_id: string;
    status: ExecutionStatus;
    flow_run_id: string | null;
    prefect_url: string | null;
  };
  "execution.progress": {
    execution_id: string;
    node_id: string;
    state: NodeState;
    progress: number;
    attempt: number;
    worker_id: string | null;
    why: string | null;
    items?: Record<string, number> | null;
  };
  "node.preview": { execution_id: string; node_id: string; url: string; port?: string };
  "node.log": {
    execution_id: string;
    node_id: string;
    item: number | null;
    attempt: number;
    level: number;
    text: string;
    at_ms: number;
  };
  "execution.error": { execution_id: string; node_id: string; error: ErrorDetail };
  "execution.complete": { execution_id: string; outputs: Outputs };
  "execution.failed": { execution_id: string; status: ExecutionStatus; errors: unknown; outputs: Outputs };
  "execution.cancelled": { execution_id: string; outputs: Outputs };
  error: { error: ErrorDetail };
}

export type Message = {
  [T in keyof Payloads]: { type: T; payload: Payloads[T]; seq: number; ts_ms: number };
}[keyof Payloads];

export type SocketState = "connecting" | "open" | "waiting" | "closed";

/** After these the server will say the same again. */
const FINAL: Readonly<Record<number, string>> = { 4400: "malformed", 4401: "login", 4403: "forbidden", 4404: "gone" };
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export interface SocketEvents {
  message: (message: Message) => void;
  state: (state: SocketState, reason: string | null) => void;
}

export class GraphSocket {
  readonly #address: string;
  readonly #events: SocketEvents;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_WAIT_MS;
  #seq: number | null = null;

  constructor(address: string, events: SocketEvents) {
    this.#address = address;
    this.#events = events;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Now rather than after the wait: the browser came online, or somebody has logged in. */
  retry(): void {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect(): void {
    this.#events.state("connecting", null);
    const after = this.#seq === null ? "" : `&after=${this.#seq}`;
    const socket = new WebSocket(this.#address + after);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#wait = FIRST_WAIT_MS;
      this.#events.state("open", null);
    });
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("close", ({ code }) => this.#socket === socket && this.#ended(code));
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as Message;
    this.#seq = Math.max(message.seq, this.#seq ?? 0);
    this.#events.message(message);
  }

  #ended(code: number): void {
    const final = FINAL[code];
    if (final) {
      this.#events.state("closed", final);
      return;
    }
    this.#events.state("waiting", null);
    this.#timer = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }
}

/** `/ws?…` of this page's server. */
export function socketAddress(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
