// Which runs the canvas shows: the graph's own, or what runs of a graph around it did within it.

import { createStore } from "zustand/vanilla";
import type { ExecutionResource, Graph } from "../contract/api";
import type { Catalogue } from "../graph/catalogue";
import { fromDocument } from "../graph/document";
import type { GraphView } from "../graph/model";
import { differs } from "../graph/ran";
import { api } from "../session/api";
import { GraphSocket, type Message, socketAddress } from "../session/socket";
import { definitionsIn } from "./definitions";
import { isFinal, type Runs } from "./runs";
import { type Around, aroundOf, type Crumb, remember, type Seen } from "./trail";

export interface Scope {
  /** The graph around whose runs can be shown here; null where nobody came through one. */
  around: Around | null;
  /** Whether they are shown. */
  active: boolean;
  /** How the graph has fared since that run; null while that is not known. */
  since: "same" | "changed" | "absent" | null;
}

/** The open graph. */
export interface Host {
  graphId: string;
  loaded: () => Promise<void>;
  view: () => GraphView;
  catalogue: () => Catalogue;
}

/** After edits, that long until it is looked at whether the graph is another one now. */
const COMPARE_MS = 200;
const ENDS: readonly Message["type"][] = ["execution.complete", "execution.failed", "execution.cancelled"];
const NEWS: readonly Message["type"][] = [...ENDS, "execution.queued", "execution.status"];

export const endsRun = (message: Message): boolean => ENDS.includes(message.type);

export class Watch {
  readonly scope = createStore<Scope>(() => ({ around: null, active: false, since: null }));
  readonly #runs: Runs;
  readonly #host: Host;
  #socket: GraphSocket | null = null;
  /** What the graph around told while its run was being asked for; null at other times. */
  #held: Message[] | null = null;
  #ran: { execution: string; graph: GraphView } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #unsubscribe: () => void;

  constructor(runs: Runs, host: Host, crumbs: readonly Crumb[], seen: Seen | null) {
    this.#runs = runs;
    this.#host = host;
    const found = aroundOf(crumbs);
    const around = found && seen?.run && !seen.own ? { ...found, run: seen.run, pinned: seen.pinned } : found;
    this.scope.setState({ around });
    this.#unsubscribe = runs.shown.subscribe(({ id }, before) => id !== before.id && this.compareSoon());
    if (around && !seen?.own) this.#follow(around);
    else void this.#showOwn(seen);
  }

  /** What is shown now, for whoever goes on from here. */
  get seen(): Seen {
    return { run: this.#runs.shown.getState().id, pinned: this.#runs.pinned, own: !this.#active };
  }

  get #active(): boolean {
    return this.scope.getState().active;
  }

  /** What the graph's own socket tells. */
  receive(message: Message): void {
    if (!this.#active) this.#take(message);
    else if (NEWS.includes(message.type)) this.#runs.changed();
  }

  /** A run that this page began of the graph itself. */
  begin(execution: string): void {
    const switched = this.#active;
    this.#leaveAround();
    this.#runs.begin(execution);
    // Its first messages may have come while those of the other graph were shown.
    if (switched) void this.settle();
  }

  /** Look at a run of the graph's past. */
  async look(id: string): Promise<void> {
    const execution = await api.execution(id);
    this.#leaveAround();
    this.#runs.show(execution, true);
  }

  /** The graph's own runs in place of those of the graph around. */
  showOwn(): void {
    this.#leaveAround();
    void this.#showOwn(null);
  }

  /** What the graph around ran here, after the graph's own runs were looked at. */
  showAround(): void {
    const { around, active } = this.scope.getState();
    if (!around || active) return;
    remember(null);
    this.#follow(around);
  }

  /** What a node gave is told in full by the execution itself, and messages may have been missed. */
  async settle(): Promise<void> {
    const { id } = this.#runs.shown.getState();
    if (!id) return;
    const execution = await api.execution(id).catch(() => null);
    if (execution && this.#runs.shown.getState().id === id) this.#runs.show(execution, this.#runs.pinned);
  }

  /** The graph, or what is known of node types, may be another one. */
  compareSoon(): void {
    clearTimeout(this.#timer);
    if (this.#active) this.#timer = setTimeout(() => void this.#compare(), COMPARE_MS);
  }

  leave(): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #take(message: Message): void {
    this.#runs.receive(message);
    if (endsRun(message)) void this.settle();
  }

  async #showOwn(seen: Seen | null): Promise<void> {
    await this.#host.loaded();
    const wanted = seen?.own ? seen.run : null;
    const found = await find(this.#host.graphId, wanted, seen?.pinned ?? false).catch(() => null);
    if (found && !this.#active && this.#runs.shown.getState().id === null) {
      this.#runs.show(found, found.id === wanted && Boolean(seen?.pinned));
    }
  }

  #follow(around: Around): void {
    this.#runs.within(around.prefix);
    this.scope.setState({ active: true, since: null });
    const socket = new GraphSocket(socketAddress(`/ws?graph_id=${encodeURIComponent(around.graph)}`), {
      message: (message) => (this.#held ? this.#held.push(message) : this.#take(message)),
      // Also where the graph itself is gone: its runs can be looked at all the same.
      state: (state) => (state === "open" || state === "closed") && void this.#load(around),
    });
    this.#socket = socket;
  }

  /** Shows the run, and then what was told of it while it was asked for. */
  async #load(around: Around): Promise<void> {
    const socket = this.#socket;
    this.#held = [];
    const { id } = this.#runs.shown.getState();
    const pinned = id ? this.#runs.pinned : around.pinned;
    await this.#host.loaded();
    const execution = await find(around.graph, id ?? around.run, pinned).catch(() => null);
    if (this.#socket !== socket) return;
    if (execution) this.#runs.show(execution, pinned);
    const held = this.#held ?? [];
    this.#held = null;
    for (const message of held) this.#take(message);
  }

  #leaveAround(): void {
    const { around, active } = this.scope.getState();
    remember(around ? { run: null, pinned: false, own: true } : null);
    if (!active) return;
    this.#socket?.close();
    this.#socket = null;
    this.#held = null;
    this.scope.setState({ active: false, since: null });
    this.#runs.within("");
  }

  async #compare(): Promise<void> {
    const { around } = this.scope.getState();
    const { id } = this.#runs.shown.getState();
    const view = this.#host.view();
    if (!around || id === null) return;
    try {
      const ran = await this.#executed(id);
      const definitions = await definitionsIn(view, this.#host.catalogue());
      const still = this.#active && this.#runs.shown.getState().id === id && this.#host.view() === view;
      if (!still) return;
      const some = [...ran.nodes.keys()].some((node) => node.startsWith(around.prefix));
      this.scope.setState({
        since: !some ? "absent" : differs(view, ran, around.prefix, definitions) ? "changed" : "same",
      });
    } catch {
      this.scope.setState({ since: null });
    }
  }

  async #executed(execution: string): Promise<GraphView> {
    if (this.#ran?.execution !== execution) {
      const { graph } = await api.unfoldedGraph(execution);
      this.#ran = { execution, graph: fromDocument(graph as unknown as Graph, this.#host.catalogue()) };
    }
    return this.#ran.graph;
  }
}

/** The run that was looked at; where that has ended and nobody looks at just that, or there is none, the latest one. */
async function find(graph: string, run: string | null, pinned: boolean): Promise<ExecutionResource | null> {
  const known = run === null ? null : await api.execution(run).catch(() => null);
  if (known && (pinned || !isFinal(known.status))) return known;
  const { executions } = await api.executions(graph, 1);
  return executions[0] ?? known;
}
