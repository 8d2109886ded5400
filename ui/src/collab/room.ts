// One graph's shared document, connected to the server's room as long as the page shows it.

import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { difference } from "../graph/difference";
import type { Change, GraphView } from "../graph/model";
import { apply, LOCAL } from "./apply";
import { ObservedGraph } from "./observe";
import { type Peer, type Person, type Presence, peersOf } from "./presence";
import { Receipts } from "./receipt";
import { rootsOf } from "./shape";

export type Link = "connecting" | "synced" | "offline";

/** Edits that follow one another so fast are one step of undo. */
const CAPTURE_MS = 400;

type Changed = Record<"added" | "updated" | "removed", number[]>;

/** The server's close code for a document that rests on what it has forgotten (docs/collaboration.md). */
const BEGIN_ANEW = 4409;
/** A pause in editing after which the server is asked whether it has everything. */
const CONFIRM_MS = 500;

export interface RoomOptions {
  /** `ws://host/collab`; the graph's id is appended. */
  address: string;
  graphId: string;
  person: Person;
  /** Whether this person may only look. */
  readOnly: boolean;
  /** Called when the server has not taken an edit: this page's document is then no longer everybody's. */
  onRefused: (reason: string) => void;
}

export class Room {
  readonly doc = new Y.Doc();
  readonly readOnly: boolean;
  readonly observed: ObservedGraph;
  readonly undo: Y.UndoManager;
  readonly #provider: WebsocketProvider;
  readonly #receipts: Receipts;
  readonly #listeners = new Set<() => void>();
  #link: Link = "connecting";
  #peers: Peer[] = [];
  /** Whether the document has been here: until then it is empty, which is no empty graph. */
  #loaded = false;
  /** What the server has for certain. */
  #confirmed: GraphView | null = null;
  #confirming: ReturnType<typeof setTimeout> | undefined;
  #outdated = false;

  constructor({ address, graphId, person, readOnly, onRefused }: RoomOptions) {
    this.readOnly = readOnly;
    this.#provider = new WebsocketProvider(address, graphId, this.doc, { disableBc: true, maxBackoffTime: 5000 });
    this.#receipts = new Receipts(this.#provider, onRefused);
    this.observed = new ObservedGraph(this.doc);
    const { meta, ...edited } = rootsOf(this.doc);
    this.undo = new Y.UndoManager([meta, ...Object.values(edited)], {
      trackedOrigins: new Set([LOCAL]),
      captureTimeout: CAPTURE_MS,
    });
    this.#provider.awareness.setLocalState({ user: person, cursor: null, selection: [], drag: null, viewport: null });
    this.#provider.on("status", ({ status }) => status !== "connected" && this.#setLink("offline"));
    this.#provider.on("connection-close", (event) => {
      if (event?.code !== BEGIN_ANEW) return;
      this.#outdated = true;
      this.#provider.disconnect();
      this.#tell();
    });
    this.observed.subscribe(this.#confirmSoon);
    this.#provider.on("sync", (synced: boolean) => {
      if (synced && !this.#loaded) {
        this.#loaded = true;
        this.#confirmed = this.view;
      }
      this.#setLink(synced ? "synced" : "connecting");
    });
    this.#provider.awareness.on("change", ({ added, updated, removed }: Changed) => {
      // What this page tells of itself is no news to it.
      if ([...added, ...updated, ...removed].every((client) => client === this.doc.clientID)) return;
      this.#peers = peersOf(this.#provider.awareness);
      this.#tell();
    });
    for (const event of ["stack-item-added", "stack-item-popped", "stack-cleared"] as const) {
      this.undo.on(event, () => this.#tell());
    }
  }

  get view(): GraphView {
    return this.observed.view;
  }

  get link(): Link {
    return this.#link;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  /** The document here rests on what the server has forgotten: it has to be opened anew. */
  get outdated(): boolean {
    return this.#outdated;
  }

  /** What was edited here and may never have reached the server. */
  get unconfirmed(): Change[] {
    return this.#confirmed === null ? [] : difference(this.#confirmed, this.view);
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** One step of undo, unless it follows another one within moments. */
  edit(changes: readonly Change[]): void {
    if (!this.readOnly) apply(this.doc, changes);
  }

  /** Once the server has all that was edited here: whether it has. */
  settled(): Promise<boolean> {
    return this.#receipts.ask();
  }

  /** When the document is here. */
  whenLoaded(): Promise<void> {
    if (this.#loaded) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.subscribe(() => {
        if (!this.#loaded) return;
        stop();
        resolve();
      });
    });
  }

  /** The next edit begins a step of its own. */
  step(): void {
    this.undo.stopCapturing();
  }

  present(fields: Partial<Presence>): void {
    for (const [name, value] of Object.entries(fields)) this.#provider.awareness.setLocalStateField(name, value);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  leave(): void {
    this.#provider.awareness.setLocalState(null);
    clearTimeout(this.#confirming);
    this.#provider.destroy();
    this.observed.destroy();
    this.undo.destroy();
    this.doc.destroy();
    this.#listeners.clear();
  }

  #confirmSoon = (): void => {
    clearTimeout(this.#confirming);
    this.#confirming = setTimeout(async () => {
      const { view } = this;
      if (this.#loaded && !this.#outdated && (await this.settled())) this.#confirmed = view;
    }, CONFIRM_MS);
  };

  #setLink(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
