// One open graph: its room, its socket, its executions, and what the canvas shows of them.

import { Room } from "../collab/room";
import type { Catalogue } from "../graph/catalogue";
import { connect, type End, edgeOf, firstFit, splice } from "../graph/connect";
import { stillFitting } from "../graph/difference";
import { newNodeId } from "../graph/identifiers";
import type { Change, EdgeView, GraphView, Params } from "../graph/model";
import { problemsOf } from "../graph/problems";
import { giverOf, outerNode } from "../graph/subgraphs";
import { givenType } from "../graph/wiring";
import { api } from "../session/api";
import { ApiError } from "../session/http";
import { GraphSocket, type Message, type SocketState, socketAddress } from "../session/socket";
import { type Canvas, createCanvas, type Drags, selectionOf, selectOnly, takeGraph } from "./canvas";
import { Detail } from "./detail";
import { Heard } from "./heard";
import { loadNodes, nodes } from "./nodes";
import { prefer, preferences } from "./preferences";
import { Problems } from "./problems";
import { Runs } from "./runs";
import { may } from "./session";
import { crumbsHere, seenHere } from "./trail";
import { say } from "./ui";
import { Watch } from "./watch";

/** How many node types the palette remembers as used last. */
const RECENT = 8;
/** A pause in typing after which the graph is checked. */
const CHECK_MS = 250;
const POINT_MS = 50;

/** Of all graphs that are opened on this page. */
const heard = new Heard();

/** Where edits that were made alone wait while the page is loaded again. */
const aloneKey = (graphId: string) => `vortex.alone.${graphId}`;

export class Editor {
  readonly graphId: string;
  readonly room: Room;
  readonly runs = new Runs(
    {
      outer: (id) => outerNode(id, this.view.nodes),
      picture: (id) => this.#picture(id),
      given: () => this.#given(),
    },
    heard,
  );
  /** The way on which somebody came here. */
  readonly crumbs = crumbsHere();
  readonly watch: Watch;
  readonly problems = new Problems();
  readonly canvas: Canvas = createCanvas();
  readonly detail = new Detail(this.canvas);
  readonly #socket: GraphSocket;
  readonly #listeners = new Set<() => void>();
  #socketState: SocketState = "connecting";
  #reason: string | null = null;
  /** The connection broke at least once: what was told of node types meanwhile is not told again. */
  #away = false;
  #dragsSeen = "[]";
  #cursor: { x: number; y: number } | null = null;
  #pointing: ReturnType<typeof setTimeout> | undefined;
  #checking: ReturnType<typeof setTimeout> | undefined;

  /** `reopen` opens the graph anew, with the document as the server has it. */
  constructor(graphId: string, reopen: () => void) {
    this.graphId = graphId;
    const { person } = preferences.getState();
    this.room = new Room({
      address: socketAddress("/collab"),
      graphId,
      person,
      readOnly: !may("edit"),
      onRefused: (reason) => {
        say("error", "The server did not take your edit", reason);
        reopen();
      },
    });
    this.#socket = new GraphSocket(socketAddress(`/ws?graph_id=${encodeURIComponent(graphId)}`), {
      message: (message) => this.#receive(message),
      state: (state, reason) => this.#setSocket(state, reason),
    });
    this.room.observed.subscribe(this.refresh);
    this.room.subscribe(this.#followDrags);
    this.room.observed.subscribe(this.#check);
    this.room.subscribe(this.#openAnew);
    this.room.observed.subscribe(() => this.watch.compareSoon());
    this.refresh();
    const host = {
      graphId,
      loaded: () => this.room.whenLoaded(),
      view: () => this.view,
      catalogue: () => this.catalogue,
    };
    this.watch = new Watch(this.runs, host, this.crumbs, seenHere());
    void this.#repeatWhatWasAlone();
  }

  get view(): GraphView {
    return this.room.view;
  }

  get catalogue(): Catalogue {
    return nodes.getState().catalogue;
  }

  /** State of the connection that brings progress, and why it ended for good. */
  get socket(): { state: SocketState; reason: string | null } {
    return { state: this.#socketState, reason: this.#reason };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  refresh = (): void => {
    takeGraph(this.canvas, this.view, this.edgeType, this.#drags());
  };

  edgeType = (edge: EdgeView): string => givenType(this.view, this.catalogue, edge.source, edge.sourcePort) ?? "ANY";

  /** A document that has moved on too far is loaded again; what was edited alone is taken along. */
  #openAnew = (): void => {
    if (!this.room.outdated) return;
    const alone = this.room.unconfirmed;
    if (alone.length > 0) sessionStorage.setItem(aloneKey(this.graphId), JSON.stringify(alone));
    location.reload();
  };

  async #repeatWhatWasAlone(): Promise<void> {
    const kept = sessionStorage.getItem(aloneKey(this.graphId));
    if (kept === null) return;
    await this.room.whenLoaded();
    const alone: Change[] = JSON.parse(kept);
    const fitting = stillFitting(alone, this.view);
    this.edit(fitting);
    sessionStorage.removeItem(aloneKey(this.graphId));
    const lost = alone.length - fitting.length;
    const rest = lost > 0 ? `; ${lost} had no place any more` : "";
    say("info", "You were away for long", `${fitting.length} of your edits were done again${rest}.`);
  }

  /** Whether this person may edit; somebody who may only look is told so. */
  mayEdit(): boolean {
    if (this.room.readOnly) say("info", "You may only look", "Your token has no scope `edit`.");
    return !this.room.readOnly;
  }

  /** Changes as one step of undo. */
  edit(changes: readonly Change[]): void {
    if (changes.length > 0) this.mayEdit();
    this.room.step();
    this.room.edit(changes);
    this.room.step();
  }

  /** A new node, selected; with the end of a wire, connected to it; with an edge's key, put into that. */
  add(
    type: string,
    place: { x: number; y: number },
    end: End | null = null,
    params: Params = {},
    into?: string,
  ): string {
    const id = newNodeId(type, this.view.nodes);
    const node = { type, x: Math.round(place.x), y: Math.round(place.y) };
    this.room.step();
    this.room.edit([{ op: "node.create", id, node, params }]);
    const edge = end && firstFit(this.view, this.catalogue, end, id);
    if (edge) this.room.edit(connect(this.view, this.catalogue, edge));
    if (into !== undefined) this.room.edit(splice(this.view, this.catalogue, id, into) ?? []);
    this.room.step();
    const { recent } = preferences.getState();
    prefer({ recent: [type, ...recent.filter((other) => other !== type)].slice(0, RECENT) });
    selectOnly(this.canvas, new Set([id]));
    return id;
  }

  /** Draws an edge between two ends, whichever of them was dragged. */
  join(one: End, other: { node: string; port: string }): void {
    const edge = one.side === "source" ? edgeOf(one, other) : edgeOf(other, one);
    this.edit(connect(this.view, this.catalogue, edge));
  }

  /** Tells the others where the pointer is, some twenty times a second. */
  pointAt(cursor: { x: number; y: number }): void {
    this.#cursor = cursor;
    this.#pointing ??= setTimeout(() => {
      this.#pointing = undefined;
      this.room.present({ cursor: this.#cursor });
    }, POINT_MS);
  }

  get selection() {
    return selectionOf(this.canvas.getState());
  }

  async run(options: { nodes?: string[]; force?: boolean; priority?: number } = {}): Promise<void> {
    // Seeds that are not locked take another value first.
    window.dispatchEvent(new Event("vortex-before-run"));
    if (!(await this.room.settled())) {
      say(
        "error",
        "The graph does not run",
        "The server has not got your edits yet: wait until the connection is back.",
      );
      return;
    }
    try {
      const { execution_id } = await api.execute(this.graphId, options);
      this.watch.begin(execution_id);
    } catch (error) {
      complain("The graph does not run", error);
    }
  }

  /** Marks the graph as it is in its history. */
  async save(label: string | null = null): Promise<void> {
    try {
      await this.room.settled();
      const { version } = await api.save(this.graphId, label);
      say("info", "Saved", `Version ${version} is marked in the history.`);
    } catch (error) {
      complain("Not saved", error);
    }
  }

  async cancel(): Promise<void> {
    const { id } = this.runs.shown.getState();
    if (id) await api.cancel(id).catch((error) => complain("Not cancelled", error));
  }

  /** Look at an execution of the past. */
  async look(executionId: string): Promise<void> {
    await this.watch.look(executionId);
  }

  leave(): void {
    clearTimeout(this.#checking);
    clearTimeout(this.#pointing);
    this.watch.leave();
    this.#socket.close();
    this.room.leave();
    this.#listeners.clear();
  }

  #receive(message: Message): void {
    if (message.type === "error") say("error", message.payload.error.message, message.payload.error.hint);
    else if (message.type === "graph.deleted") this.#setSocket("closed", "gone");
    else if (message.type === "nodes.changed") void this.renewNodes();
    else if (message.type === "nodes.fault")
      say("error", `The pack ${message.payload.pack} stays as it was`, message.payload.message);
    else this.watch.receive(message);
  }

  /** The server has other node types: what the graph's nodes are may have changed with them. */
  async renewNodes(): Promise<void> {
    try {
      await loadNodes();
    } catch (error) {
      complain("The new node types did not come", error);
    }
    this.refresh();
    this.#check();
    this.watch.compareSoon();
  }

  /** Whether a node gives a picture, and shows none yet. */
  willShow(node: string): boolean {
    return this.#picture(node) !== null && !this.runs.previews.get(node) && !this.view.nodes.get(node)?.collapsed;
  }

  /** The picture that a node shows, and which running node gives it. */
  #picture = (node: string): { node: string; port: string } | null => {
    const type = this.view.nodes.get(node)?.type ?? "";
    const { outputs } = this.catalogue.get(type) ?? { outputs: [] };
    const shown = outputs.find((output) => output.type === "IMAGE" || output.type === "MASK");
    const whole = shown && givenType(this.view, this.catalogue, node, shown.name) === shown.type;
    return whole ? giverOf(this.catalogue, type, node, shown.name) : null;
  };

  /** What the graph gives to callers, and which running node gives it. */
  #given() {
    return [...this.view.outputs.values()].flatMap(({ name, node, port }) => {
      const type = givenType(this.view, this.catalogue, node, port);
      return type ? [{ name, type, ...giverOf(this.catalogue, this.view.nodes.get(node)!.type, node, port) }] : [];
    });
  }

  /** Problems as people type: this page's at once, the server's when they pause. */
  #check = (): void => {
    clearTimeout(this.#checking);
    this.#checking = setTimeout(async () => {
      this.problems.forgetServer();
      const given = [...this.view.inputs.values()].filter(({ node, param }) => {
        return this.catalogue.target(this.view.nodes.get(node)?.type ?? "", param)?.param === null;
      });
      this.problems.setLocal(problemsOf(this.view, this.catalogue), given);
      const asked = this.view;
      const answer = await api.validate(this.graphId).catch(() => null);
      if (answer && this.view === asked) this.problems.setServer(answer.problems);
    }, CHECK_MS);
  };

  /** People move their pointers all the time; nodes move only while somebody drags them. */
  #followDrags = (): void => {
    const drags = JSON.stringify(this.room.peers.map((peer) => peer.drag));
    if (drags === this.#dragsSeen) return;
    this.#dragsSeen = drags;
    this.refresh();
  };

  /** Where other people's nodes are while they drag them. */
  #drags(): Drags {
    const found = new Map<string, { x: number; y: number }>();
    for (const peer of this.room.peers) for (const [id, at] of Object.entries(peer.drag ?? {})) found.set(id, at);
    return found;
  }

  #setSocket(state: SocketState, reason: string | null): void {
    const reopened = state === "open" && this.#socketState !== "open";
    if (state === "waiting") this.#away = true;
    [this.#socketState, this.#reason] = [state, reason];
    if (reopened) void this.watch.settle();
    if (reopened && this.#away) void this.renewNodes();
    for (const listener of this.#listeners) listener();
  }
}

/** Tells the person what went wrong. */
export function complain(title: string, error: unknown): void {
  if (!(error instanceof ApiError)) {
    say("error", title, error instanceof Error ? error.message : String(error));
    return;
  }
  const { message, hint, problems } = error.detail;
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  say("error", title, `${error.code}: ${first ? `${first.message}${more}` : message}. ${first?.hint ?? hint}`);
}
