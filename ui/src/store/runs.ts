// The execution that the canvas shows: its state as a whole, and that of each node by itself.

import { createStore } from "zustand/vanilla";
import type { ErrorDetail, ExecutionResource, ExecutionStatus, NodeState, OutputResource } from "../contract/api";
import { outputUrl } from "../session/api";
import type { Message } from "../session/socket";
import { KeyedStore } from "./keyed";

export interface NodeRun {
  state: NodeState;
  progress: number;
  attempt: number;
  why: string | null;
  worker: string | null;
  items: Record<string, number> | null;
  error: ErrorDetail | null;
  /** When it began and ended on this page's clock; null where that was not seen. */
  startedMs: number | null;
  tookMs: number | null;
}

export interface Preview {
  url: string;
  /** Changes with each picture at the same address. */
  stamp: number;
  final: boolean;
}

export interface LogLine {
  text: string;
  level: number;
  atMs: number;
}

export interface Shown {
  id: string | null;
  status: ExecutionStatus | null;
  prefectUrl: string | null;
  outputs: Readonly<Record<string, OutputResource>>;
  error: ErrorDetail | null;
  startedMs: number | null;
  tookMs: number | null;
  /** Counts what changed of the list of executions. */
  changes: number;
}

/** The output of a node that is a picture, or null. */
export type Pictures = (node: string) => string | null;

const NOTHING: Shown = {
  id: null,
  status: null,
  prefectUrl: null,
  outputs: {},
  error: null,
  startedMs: null,
  tookMs: null,
  changes: 0,
};

const FINAL: readonly string[] = ["completed", "failed", "cancelled", "crashed"];
export const isFinal = (status: ExecutionStatus | null) => status !== null && FINAL.includes(status);
const NODE_FINAL: readonly NodeState[] = ["cached", "completed", "failed", "skipped", "cancelled"];
const MOST_LINES = 500;

export class Runs {
  readonly shown = createStore<Shown>(() => NOTHING);
  readonly nodes = new KeyedStore<NodeRun>();
  readonly previews = new KeyedStore<Preview>();
  readonly logs = new KeyedStore<readonly LogLine[]>();
  #waiting: Message[] = [];
  #frame = 0;
  /** Messages of this one only are shown; set while somebody looks at an old one. */
  #pinned = false;

  /** Many messages become one drawing: they are taken once a frame. */
  receive(message: Message): void {
    this.#waiting.push(message);
    // A page in the background gets no frames, and has to keep up all the same.
    if (this.#frame === 0) this.#frame = document.hidden ? setTimeout(this.#take) : requestAnimationFrame(this.#take);
  }

  /** Show an execution as the server describes it. */
  show(execution: ExecutionResource, pinned = false, pictures: Pictures = () => null): void {
    this.#pinned = pinned;
    if (this.shown.getState().id !== execution.id) this.#forget();
    const [started, ended] = [time(execution.started_at), time(execution.finished_at)];
    this.shown.setState({
      id: execution.id,
      status: execution.status,
      prefectUrl: execution.prefect_url,
      outputs: execution.outputs,
      error: execution.error as unknown as ErrorDetail | null,
      startedMs: started,
      tookMs: started !== null && ended !== null ? ended - started : null,
    });
    for (const [id, node] of Object.entries(execution.nodes)) {
      const before = this.nodes.get(id);
      const { state, progress, attempt, why, worker_id: worker, items = null } = node;
      const { startedMs = null, tookMs = null } = before ?? {};
      const error = node.error as unknown as ErrorDetail | null;
      this.nodes.set(id, { state, progress, attempt, why, worker, items: items ?? null, error, startedMs, tookMs });
    }
    this.#showResults(execution, pictures);
  }

  /** A run that this page began. */
  begin(id: string): void {
    if (this.shown.getState().id === id) return;
    this.#pinned = false;
    this.#forget();
    this.shown.setState({ ...NOTHING, id, status: "queued", changes: this.shown.getState().changes + 1 });
  }

  clear(): void {
    this.#pinned = false;
    this.#forget();
    this.shown.setState(NOTHING);
  }

  #forget(): void {
    this.nodes.clear();
    this.previews.clear();
    this.logs.clear();
  }

  #take = (): void => {
    this.#frame = 0;
    const messages = this.#waiting;
    this.#waiting = [];
    this.nodes.batch(() => {
      for (const message of messages) this.#apply(message);
    });
  };

  #apply(message: Message): void {
    if (message.type === "execution.queued" || message.type === "execution.status") this.#started(message);
    if (!("execution_id" in message.payload) || message.payload.execution_id !== this.shown.getState().id) return;
    switch (message.type) {
      case "execution.status":
        this.#status(message.payload.status, message.payload.prefect_url);
        break;
      case "execution.progress":
        this.#progress(message.payload, message.ts_ms);
        break;
      case "execution.error": {
        const { node_id, error } = message.payload;
        this.nodes.set(node_id, { ...this.#node(node_id), state: "failed", error });
        break;
      }
      case "node.preview": {
        const { node_id, url, port } = message.payload;
        const before = this.previews.get(node_id);
        // Of several pictures the node shows the first, as the catalogue orders them.
        if (before?.final && port !== undefined && before.url !== url) break;
        this.previews.set(node_id, { url, stamp: message.ts_ms, final: port !== undefined });
        break;
      }
      case "node.log":
        this.#log(message.payload);
        break;
      case "execution.complete":
        this.#ended("completed", message.payload.outputs);
        break;
      case "execution.failed":
        this.#ended(message.payload.status ?? "failed", message.payload.outputs);
        break;
      case "execution.cancelled":
        this.#ended("cancelled", message.payload.outputs);
    }
  }

  /** A newer execution takes the place of one that has ended, unless somebody looks at that one. */
  #started(message: Extract<Message, { type: "execution.queued" | "execution.status" }>): void {
    const { id, status, changes } = this.shown.getState();
    this.shown.setState({ changes: changes + 1 });
    const news = message.type === "execution.queued" || !isFinal(message.payload.status);
    const free = id === null || isFinal(status);
    if (news && free && !this.#pinned && message.payload.execution_id !== id) this.begin(message.payload.execution_id);
  }

  #status(status: ExecutionStatus, prefectUrl: string | null): void {
    const { startedMs } = this.shown.getState();
    this.shown.setState({ status, prefectUrl, startedMs: startedMs ?? (status === "running" ? Date.now() : null) });
  }

  #progress(payload: Extract<Message, { type: "execution.progress" }>["payload"], atMs: number): void {
    const { node_id, state, progress, attempt, why, worker_id: worker, items = null } = payload;
    const before = this.#node(node_id);
    const began = before.startedMs ?? (state === "running" ? atMs : null);
    const ended = NODE_FINAL.includes(state) && began !== null ? atMs - began : null;
    const error = state === "failed" || state === "retrying" ? before.error : null;
    const times = { startedMs: began, tookMs: before.tookMs ?? ended };
    this.nodes.set(node_id, { state, progress, attempt, why, worker, items: items ?? null, error, ...times });
    const { status } = this.shown.getState();
    if (status === "queued") this.#status("running", this.shown.getState().prefectUrl);
  }

  #log({ node_id, text, level, at_ms }: Extract<Message, { type: "node.log" }>["payload"]): void {
    const lines = this.logs.get(node_id) ?? [];
    this.logs.set(node_id, [...lines.slice(1 - MOST_LINES), { text, level, atMs: at_ms }]);
  }

  #ended(status: ExecutionStatus, outputs: Readonly<Record<string, OutputResource>>): void {
    const { startedMs, changes } = this.shown.getState();
    const tookMs = startedMs === null ? null : Date.now() - startedMs;
    this.shown.setState({ status, outputs, tookMs, changes: changes + 1 });
  }

  #node(id: string): NodeRun {
    return this.nodes.get(id) ?? UNTOUCHED;
  }

  /** Pictures among the outputs of an execution whose messages nobody here saw. */
  #showResults(execution: ExecutionResource, pictures: Pictures): void {
    for (const [id, node] of Object.entries(execution.nodes)) {
      const port = ["completed", "cached"].includes(node.state) && !this.previews.get(id) ? pictures(id) : null;
      if (port !== null) this.previews.set(id, { url: outputUrl(execution.id, id, port), stamp: 0, final: true });
    }
    for (const output of Object.values(execution.outputs)) {
      const url = pictureUrl(output);
      if (url && !this.previews.get(output.node)) this.previews.set(output.node, { url, stamp: 0, final: true });
    }
  }
}

const UNTOUCHED: NodeRun = {
  state: "pending",
  progress: 0,
  attempt: 1,
  why: null,
  worker: null,
  items: null,
  error: null,
  startedMs: null,
  tookMs: null,
};

const time = (text: string | null) => (text === null ? null : Date.parse(text));

/** Where an output can be seen as a picture; null where it is none. */
export function pictureUrl(output: OutputResource): string | null {
  if (["IMAGE", "MASK"].includes(output.type) && output.value === undefined) return output.url;
  const path = output.type === "PATH" && typeof output.value === "string" ? output.value : "";
  return /\.(png|jpe?g|webp|gif)$/i.test(path) ? `${output.url}?format=file` : null;
}
