// The execution that the canvas shows: its state as a whole, and that of each node by itself.

import { createStore } from "zustand/vanilla";
import type { ErrorDetail, ExecutionResource, ExecutionStatus, OutputResource } from "../contract/api";
import { nameWithin } from "../graph/subgraphs";
import { outputUrl } from "../session/api";
import type { Message } from "../session/socket";
import { Heard, type LogLine, MOST_LINES } from "./heard";
import { KeyedStore } from "./keyed";
import { type NodeRun, together, UNTOUCHED } from "./together";

export type { LogLine, NodeRun };

export interface Preview {
  url: string;
  /** Changes with each picture at the same address. */
  stamp: number;
  final: boolean;
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

/** What of the graph the runs are shown on. */
export interface Place {
  /** The node of the graph that a running node belongs to; itself where it is one. */
  outer: (node: string) => string | null;
  /** Which output is the picture of a node, and which running node gives it; null for none. */
  picture: (node: string) => { node: string; port: string } | null;
  /** What the graph gives to callers, and which running node gives it. */
  given: () => { name: string; node: string; port: string; type: string }[];
}

const ALONE: Place = { outer: (id) => id, picture: () => null, given: () => [] };

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

export class Runs {
  readonly shown = createStore<Shown>(() => NOTHING);
  readonly nodes = new KeyedStore<NodeRun>();
  readonly previews = new KeyedStore<Preview>();
  readonly logs = new KeyedStore<readonly LogLine[]>();
  readonly #place: Place;
  readonly #heard: Heard;
  /** What ids of this graph's nodes begin with in the runs that are shown: those of a graph around, where it is not "". */
  #prefix = "";
  /** Nodes that are graphs → what runs of them. */
  readonly #parts = new Map<string, Set<string>>();
  #waiting: Message[] = [];
  #frame = 0;
  /** Messages of this one only are shown; set while somebody looks at an old one. */
  #pinned = false;

  constructor(place: Partial<Place> = {}, heard = new Heard()) {
    this.#place = { ...ALONE, ...place };
    this.#heard = heard;
  }

  /** Whether somebody looks at just the run that is shown. */
  get pinned(): boolean {
    return this.#pinned;
  }

  /** What a node of this graph is called in the run that is shown. */
  flatId(id: string): string {
    return this.#prefix + id;
  }

  /** From now on shows, of runs of a graph around, what those nodes did that `prefix` stands before. */
  within(prefix: string): void {
    this.clear();
    this.#waiting = [];
    this.#prefix = prefix;
  }

  /** Many messages become one drawing: they are taken once a frame. */
  receive(message: Message): void {
    this.#waiting.push(message);
    // A page in the background gets no frames, and has to keep up all the same.
    if (this.#frame === 0) this.#frame = document.hidden ? setTimeout(this.#take) : requestAnimationFrame(this.#take);
  }

  /** Show an execution as the server describes it. */
  show(whole: ExecutionResource, pinned = false): void {
    const execution = this.#part(whole);
    this.#pinned = pinned;
    const other = this.shown.getState().id !== execution.id;
    if (other) this.#forget();
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
      const { state, progress, attempt, why, worker_id: worker, items = null } = node;
      const times = this.#heard.times(execution.id, this.flatId(id));
      const error = node.error as unknown as ErrorDetail | null;
      this.#set(id, { state, progress, attempt, why, worker, items: items ?? null, error, ...times });
    }
    if (other) this.#recall(execution.id);
    this.#showResults(execution);
  }

  /** What an execution did in this graph, where it is one of a graph around. */
  #part(execution: ExecutionResource): ExecutionResource {
    if (this.#prefix === "") return execution;
    const nodes = Object.fromEntries(
      Object.entries(execution.nodes).flatMap(([flat, node]) => {
        const id = this.#ownId(flat);
        return id === null ? [] : [[id, node] as const];
      }),
    );
    const outputs: Record<string, OutputResource> = {};
    for (const { name, node, port, type } of this.#place.given()) {
      const state = nodes[node]?.state;
      if (state !== "completed" && state !== "cached") continue;
      outputs[name] = { node, port, type, url: outputUrl(execution.id, this.flatId(node), port) };
    }
    return { ...execution, nodes, outputs };
  }

  /** What a running node is called in this graph; null where it runs elsewhere. */
  #ownId(flat: string): string | null {
    return flat.startsWith(this.#prefix) ? flat.slice(this.#prefix.length) : null;
  }

  /** Lines and pictures that this page heard of while it showed the execution elsewhere. */
  #recall(execution: string): void {
    const told = this.#heard.of(execution);
    const lines = [...(told?.lines ?? [])].flatMap(([flat, all]) => {
      const id = this.#ownId(flat);
      return id === null ? [] : all.map((line) => ({ id, line }));
    });
    for (const { id, line } of lines.sort((a, b) => a.line.atMs - b.line.atMs)) this.#log(id, line);
    for (const message of told?.pictures.values() ?? []) this.#picture(message);
  }

  /** A run that this page began. */
  begin(id: string): void {
    if (this.shown.getState().id === id) return;
    this.#pinned = false;
    this.#forget();
    this.shown.setState({ ...NOTHING, id, status: "queued", changes: this.shown.getState().changes + 1 });
  }

  /** Executions of this graph were queued, began or ended, though those of another one are shown. */
  changed(): void {
    this.shown.setState(({ changes }) => ({ changes: changes + 1 }));
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
    const outer = this.#place.outer(id);
    if (outer === null || outer === id) return;
    const parts = this.#parts.get(outer) ?? new Set();
    this.#parts.set(outer, parts.add(id));
    this.nodes.set(outer, together(outer, new Map([...parts].map((part) => [part, this.#node(part)]))));
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
    this.#heard.take(message);
    switch (message.type) {
      case "execution.status":
        this.#status(message.payload.status, message.payload.prefect_url);
        break;
      case "execution.progress":
        this.#progress(message.payload);
        break;
      case "execution.error": {
        const { node_id, error } = message.payload;
        const id = this.#ownId(node_id);
        if (id !== null) this.#set(id, { ...this.#node(id), state: "failed", error });
        break;
      }
      case "node.preview":
        this.#picture(message);
        break;
      case "node.log": {
        const { node_id, text, level, at_ms: atMs } = message.payload;
        const id = this.#ownId(node_id);
        if (id !== null) this.#log(id, { text, level, atMs });
        break;
      }
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

  #progress(payload: Extract<Message, { type: "execution.progress" }>["payload"]): void {
    const { execution_id, node_id, state, progress, attempt, why, worker_id: worker, items = null } = payload;
    const id = this.#ownId(node_id);
    if (id !== null) {
      const error = state === "failed" || state === "retrying" ? this.#node(id).error : null;
      const times = this.#heard.times(execution_id, node_id);
      this.#set(id, { state, progress, attempt, why, worker, items: items ?? null, error, ...times });
    }
    const { status } = this.shown.getState();
    if (status === "queued") this.#status("running", this.shown.getState().prefectUrl);
  }

  #log(id: string, line: LogLine): void {
    this.#line(id, line);
    const outer = this.#place.outer(id);
    if (outer !== null && outer !== id) this.#line(outer, { ...line, text: `${nameWithin(id, outer)}: ${line.text}` });
  }

  #line(id: string, line: LogLine): void {
    this.logs.set(id, [...(this.logs.get(id) ?? []).slice(1 - MOST_LINES), line]);
  }

  #picture({ payload: { node_id, url, port }, ts_ms }: Extract<Message, { type: "node.preview" }>): void {
    const id = this.#ownId(node_id);
    if (id !== null) this.#preview(this.#shows(id, port) ?? id, { url, stamp: ts_ms, final: port !== undefined });
  }

  /** Of several pictures the node shows the first, as the catalogue orders them. */
  #preview(id: string, preview: Preview): void {
    const before = this.previews.get(id);
    if (!(before?.final && preview.final && before.url !== preview.url)) this.previews.set(id, preview);
  }

  /** The node that shows what a running one within it gives or, before that, has made so far; null for none. */
  #shows(id: string, port: string | undefined): string | null {
    const outer = this.#place.outer(id);
    if (outer === null || outer === id || port === undefined) return outer;
    const shown = this.#place.picture(outer);
    return shown?.node === id && shown.port === port ? outer : null;
  }

  /** What a graph around gave in the end is no matter of this one: its own is told by the execution. */
  #ended(status: ExecutionStatus, all: Readonly<Record<string, OutputResource>>): void {
    const { startedMs, changes, outputs: before } = this.shown.getState();
    const outputs = this.#prefix === "" ? all : before;
    const tookMs = startedMs === null ? null : Date.now() - startedMs;
    this.shown.setState({ status, outputs, tookMs, changes: changes + 1 });
  }

  #node(id: string): NodeRun {
    return this.nodes.get(id) ?? UNTOUCHED;
  }

  /** Pictures among the outputs of an execution whose messages nobody here saw. */
  #showResults(execution: ExecutionResource): void {
    for (const id of [...Object.keys(execution.nodes), ...this.#parts.keys()]) {
      const picture = this.previews.get(id)?.final ? null : this.#place.picture(id);
      const state = picture && execution.nodes[picture.node]?.state;
      if (!picture || (state !== "completed" && state !== "cached")) continue;
      const url = outputUrl(execution.id, this.flatId(picture.node), picture.port);
      this.previews.set(id, { url, stamp: 0, final: true });
    }
    for (const output of Object.values(execution.outputs)) {
      const url = pictureUrl(output);
      if (url && !this.previews.get(output.node)) this.previews.set(output.node, { url, stamp: 0, final: true });
    }
  }
}

const time = (text: string | null) => (text === null ? null : Date.parse(text));

/** Where an output can be seen as a picture; null where it is none. */
export function pictureUrl(output: OutputResource): string | null {
  if (["IMAGE", "MASK"].includes(output.type) && output.value === undefined) return output.url;
  const path = output.type === "PATH" && typeof output.value === "string" ? output.value : "";
  return /\.(png|jpe?g|webp|gif)$/i.test(path) ? `${output.url}?format=file` : null;
}
