import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ExecutionResource } from "../contract/api";
import { Catalogue } from "../graph/catalogue";
import { EMPTY_GRAPH } from "../graph/model";
import { api } from "../session/api";
import { Runs } from "./runs";
import type { Crumb, Seen } from "./trail";
import { Watch } from "./watch";

class FakeSocket extends EventTarget {
  static last: FakeSocket;
  readyState = 1;
  closed = false;
  constructor(readonly address: string) {
    super();
    FakeSocket.last = this;
  }
  close(): void {
    this.closed = true;
  }
  tell(type: string, payload: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ type, payload, seq: 1, ts_ms: 1 }) }));
  }
  progress(execution_id: string, node_id: string, state: string): void {
    this.tell("execution.progress", {
      execution_id,
      node_id,
      state,
      progress: 0,
      attempt: 1,
      worker_id: null,
      why: null,
    });
  }
}

let frames: (() => void)[] = [];
const settled = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  for (const frame of frames.splice(0)) frame();
};

function run(id: string, status: string, state: string): ExecutionResource {
  const node = { state, progress: 0, attempt: 1, why: null, worker_id: null, error: null };
  const nodes = { "x:a": node, a: node };
  return {
    id,
    status,
    nodes,
    outputs: {},
    error: null,
    started_at: null,
    finished_at: null,
  } as unknown as ExecutionResource;
}

/** The server's runs by id; the latest one of each graph. */
let runs: Record<string, ExecutionResource>;
let latest: Record<string, string>;

beforeEach(() => {
  frames = [];
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (work: () => void) => frames.push(work));
  vi.stubGlobal("location", { href: "http://here/" });
  vi.stubGlobal("history", { state: null, replaceState: vi.fn() });
  vi.stubGlobal("WebSocket", FakeSocket);
  runs = {
    old: run("old", "completed", "cached"),
    new: run("new", "completed", "completed"),
    mine: run("mine", "failed", "failed"),
  };
  latest = { outer: "new", inner: "mine" };
  vi.spyOn(api, "execution").mockImplementation(async (id) => runs[id]!);
  vi.spyOn(api, "executions").mockImplementation(async (graph) => ({
    executions: [runs[latest[graph]!]!],
    next: null,
  }));
  vi.spyOn(api, "unfoldedGraph").mockRejectedValue(new Error("not asked for here"));
});

function opened(seen: Seen, here: Seen | null = null): { shown: Runs; watch: Watch } {
  const shown = new Runs();
  const crumbs: Crumb[] = [{ id: "outer", name: "Outer", node: "x", seen }];
  const loaded = () => Promise.resolve();
  const host = { graphId: "inner", loaded, view: () => EMPTY_GRAPH, catalogue: () => new Catalogue([]) };
  return { shown, watch: new Watch(shown, host, crumbs, here) };
}

const seen = (id: string | null, pinned = false, own = true): Seen => ({ run: id, pinned, own });

describe("in a graph that was opened by way of another one", () => {
  it("the run of that one is shown, the latest where nobody looked at an old one", async () => {
    for (const [pinned, state] of [
      [false, "completed"],
      [true, "cached"],
    ] as const) {
      const { shown } = opened(seen("old", pinned));
      expect(FakeSocket.last.address).toBe("ws://here/ws?graph_id=outer");
      FakeSocket.last.dispatchEvent(new Event("open"));
      await settled();
      expect(shown.nodes.get("a")?.state).toBe(state);
    }
  });
  it("a run goes on to be shown though another one waits, and what is told while it is asked for comes after it", async () => {
    let answer: (execution: ExecutionResource) => void = () => undefined;
    vi.spyOn(api, "execution").mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const { shown } = opened(seen("old"));
    FakeSocket.last.dispatchEvent(new Event("open"));
    FakeSocket.last.progress("old", "x:a", "completed");
    await settled();
    answer(run("old", "running", "running"));
    await settled();
    expect(shown.shown.getState().id).toBe("old");
    expect(shown.nodes.get("a")?.state).toBe("completed");
  });
  it("its own runs take the place when it runs by itself, and give way again", async () => {
    const { shown, watch } = opened(seen("new"));
    const socket = FakeSocket.last;
    socket.dispatchEvent(new Event("open"));
    await settled();
    expect(watch.seen).toEqual(seen("new", false, false));
    watch.begin("mine");
    await settled();
    expect(socket.closed).toBe(true);
    expect(shown.nodes.get("a")?.state).toBe("failed");
    expect(watch.seen).toEqual(seen("mine"));
    watch.showAround();
    FakeSocket.last.dispatchEvent(new Event("open"));
    await settled();
    expect(shown.nodes.get("a")?.state).toBe("completed");
  });
  it("its own runs are shown where they were before, or where the other had not run", async () => {
    for (const { shown } of [opened(seen("new"), seen(null)), opened(seen(null))]) {
      await settled();
      expect(shown.shown.getState().id).toBe("mine");
    }
  });
});
