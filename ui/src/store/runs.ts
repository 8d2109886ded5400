// The execution that the canvas shows: its state as a whole, and that of each node by itself.

import { createStore } from "zustand/vanilla";
import type { ErrorDetail, ExecutionResource, ExecutionStatus, NodeState, OutputResource } from "../contract/api";
import { nameWithin } from "../graph/subgraphs";
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
  /** Of a node that is a graph itself: the node within that runs, or failed. */
  within?: string | null;
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

/** Which output is the picture of a node, and which running node gives it; null for none. */
export type Pictures = (node: string) => { node: string; port: string } | null;

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
  readonly #outer: Outer;
  readonly #pictures: Pictures;
  /** Nodes that are graphs → what runs of them. */
  readonly #parts = new Map<string, Set<string>>();
  #waiting: Message[] = [];
  #frame = 0;
  /** Messages of this one only are shown; set while somebody looks at an old one. */
  #pinned = false;

  /** `outer` says which node of the graph a running one belongs to; `pictures` what a node shows. */
  constructor(outer: Outer = (id) => id, pictures: Pictures = () => null) {
    this.#outer = outer;
    this.#pictures = pictures;
  }

  /** Many messages become one drawing: they are taken once a frame. */
  receive(message: Message): void {
    this.#waiting.push(message);
    // A page in the background gets no frames, and has to keep up all the same.
    if (this.#frame === 0) this.#frame = document.hidden ? setTimeout(this.#take) : requestAnimationFrame(this.#take);
  }

  /** Show an execution as the server describes it. */
  show(execution: ExecutionResource, pinned = false): void {
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
      this.#set(id, { state, progress, attempt, why, worker, items: items ?? null, error, startedMs, tookMs });
    }
    this.#showResults(execution);
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
    this.#parts.clear();
  }

  /** A node's state, and with it that of the node around it, which is a graph itself. */
  #set(id: string, run: NodeRun): void {
    this.nodes.set(id, run);
    const outer = this.#outer(id);
    if (outer === null || outer === id) return;
    const parts = this.#parts.get(outer) ?? new Set();
    this.#parts.set(outer, parts.add(id));
    this.nodes.set(outer, together(outer, new Map([...parts].map((part) => [part, this.#node(part)]))));
  }

  #take = (): void => {
    this.#frame = 0;
    const messages = this.#waiting;
    this.#waiting = [];
    for (const message of messages) this.#apply(message);
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
        this.#set(node_id, { ...this.#node(node_id), state: "failed", error });
        break;
      }
      case "node.preview": {
        const { node_id, url, port } = message.payload;
        this.#preview(this.#shows(node_id, port) ?? node_id, { url, stamp: message.ts_ms, final: port !== undefined });
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
    this.#set(node_id, { state, progress, attempt, why, worker, items: items ?? null, error, ...times });
    const { status } = this.shown.getState();
    if (status === "queued") this.#status("running", this.shown.getState().prefectUrl);
  }

  #log({ node_id, text, level, at_ms }: Extract<Message, { type: "node.log" }>["payload"]): void {
    this.#line(node_id, { text, level, atMs: at_ms });
    const outer = this.#outer(node_id);
    if (outer !== null && outer !== node_id) {
      this.#line(outer, { text: `${nameWithin(node_id, outer)}: ${text}`, level, atMs: at_ms });
    }
  }

  #line(id: string, line: LogLine): void {
    this.logs.set(id, [...(this.logs.get(id) ?? []).slice(1 - MOST_LINES), line]);
  }

  /** Of several pictures the node shows the first, as the catalogue orders them. */
  #preview(id: string, preview: Preview): void {
    const before = this.previews.get(id);
    if (!(before?.final && preview.final && before.url !== preview.url)) this.previews.set(id, preview);
  }

  /** The node that shows what a running one within it gives or, before that, has made so far; null for none. */
  #shows(id: string, port: string | undefined): string | null {
    const outer = this.#outer(id);
    if (outer === null || outer === id || port === undefined) return outer;
    const shown = this.#pictures(outer);
    return shown?.node === id && shown.port === port ? outer : null;
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
  #showResults(execution: ExecutionResource): void {
    for (const id of [...Object.keys(execution.nodes), ...this.#parts.keys()]) {
      const picture = this.previews.get(id)?.final ? null : this.#pictures(id);
      const state = picture && execution.nodes[picture.node]?.state;
      if (!picture || (state !== "completed" && state !== "cached")) continue;
      const url = outputUrl(execution.id, picture.node, picture.port);
      this.previews.set(id, { url, stamp: 0, final: true });
    }
    for (const output of Object.values(execution.outputs)) {
      const url = pictureUrl(output);
      if (url && !this.previews.get(output.node)) this.previews.set(output.node, { url, stamp: 0, final: true });
    }
  }
}

/** The node of the graph that a running node belongs to; itself where it is one. */
export type Outer = (node: string) => string | null;

/** How a node does that is a graph itself: as those within do. */
function together(outer: string, parts: ReadonlyMap<string, NodeRun>): NodeRun {
  const all = [...parts];
  const one = (...states: NodeState[]) => all.find(([, run]) => states.includes(run.state));
  const every = (...states: NodeState[]) => all.every(([, run]) => states.includes(run.state));
  const failed = one("failed");
  const busy = one("running", "retrying");
  const pending = one("pending");
  const [named, run] = failed ?? busy ?? all[0]!;
  const began = all.flatMap(([, { startedMs }]) => startedMs ?? []);
  const ends = all.flatMap(([, { startedMs, tookMs }]) =>
    startedMs === null || tookMs === null ? [] : startedMs + tookMs,
  );
  const startedMs = began.length ? Math.min(...began) : null;
  const state: NodeState = failed
    ? "failed"
    : (busy?.[1].state ??
      (every("pending") ? "pending" : pending ? "running" : (one("cancelled")?.[1].state ?? whole(every))));
  return {
    ...UNTOUCHED,
    state,
    progress:
      all.reduce((sum, [, part]) => sum + (NODE_FINAL.includes(part.state) ? 100 : part.progress), 0) / all.length,
    attempt: busy || failed ? run.attempt : 1,
    why: run.why,
    worker: run.worker,
    error: failed?.[1].error ?? null,
    within: failed || busy ? nameWithin(named, outer) : null,
    startedMs,
    tookMs: NODE_FINAL.includes(state) && startedMs !== null && ends.length ? Math.max(...ends) - startedMs : null,
  };
}

function whole(every: (...states: NodeState[]) => boolean): NodeState {
  if (every("skipped")) return "skipped";
  return every("cached", "skipped") ? "cached" : "completed";
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
