import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ExecutionResource } from "../contract/api";
import type { Message } from "../session/socket";
import { Heard } from "./heard";
import { Runs } from "./runs";

let frames: (() => void)[] = [];
beforeEach(() => {
  frames = [];
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (work: () => void) => frames.push(work));
});

const draw = () => {
  for (const frame of frames.splice(0)) frame();
};
const message = (type: Message["type"], payload: object) => ({ type, payload, seq: 1, ts_ms: 1000 }) as Message;
const progress = (node_id: string, fields: object) =>
  message("execution.progress", {
    execution_id: "e",
    node_id,
    state: "running",
    progress: 0,
    attempt: 1,
    worker_id: null,
    why: null,
    ...fields,
  });

function running(): Runs {
  const runs = new Runs();
  runs.receive(message("execution.queued", { execution_id: "e", priority: 0 }));
  draw();
  return runs;
}

describe("an execution that is shown", () => {
  it("tells a node once a frame, however many messages there were", () => {
    const runs = running();
    const [told, other] = [vi.fn(), vi.fn()];
    runs.nodes.subscribe("a", told);
    runs.nodes.subscribe("b", other);
    for (let percent = 1; percent <= 50; percent += 1) runs.receive(progress("a", { progress: percent }));
    expect(told).not.toHaveBeenCalled();
    expect(frames.length).toBe(1);
    draw();
    expect(told).toHaveBeenCalledTimes(1);
    expect(runs.nodes.get("a")?.progress).toBe(50);
    expect(other).not.toHaveBeenCalled();
  });

  it("begins with the first message of it, and others do not disturb it", () => {
    const runs = running();
    expect(runs.shown.getState()).toMatchObject({ id: "e", status: "queued" });
    runs.receive(message("execution.queued", { execution_id: "other", priority: 0 }));
    runs.receive(progress("a", { execution_id: "other" }));
    draw();
    expect(runs.shown.getState().id).toBe("e");
    expect(runs.nodes.get("a")).toBeUndefined();
  });
  it("draws once a frame, however many messages came", () => {
    const runs = running();
    let told = 0;
    runs.nodes.subscribe("a", () => told++);
    for (let percent = 0; percent < 50; percent += 1) runs.receive(progress("a", { progress: percent }));
    expect(frames).toHaveLength(1);
    expect(told).toBe(0);
    draw();
    expect(runs.nodes.get("a")).toMatchObject({ progress: 49, state: "running" });
  });
  it("tells only the node that something came of", () => {
    const runs = running();
    let told = 0;
    runs.nodes.subscribe("b", () => told++);
    runs.receive(progress("a", { progress: 1 }));
    draw();
    expect(told).toBe(0);
  });
  it("knows how long a node took", () => {
    const runs = running();
    runs.receive(progress("a", {}));
    runs.receive({ ...progress("a", { state: "completed", progress: 100 }), ts_ms: 1250 } as Message);
    draw();
    expect(runs.nodes.get("a")).toMatchObject({ state: "completed", tookMs: 250 });
  });
  it("shows the first of a node's pictures, and what is on its way until then", () => {
    const runs = running();
    const picture = (url: string, port?: string) =>
      runs.receive(message("node.preview", { execution_id: "e", node_id: "a", url, ...(port ? { port } : {}) }));
    picture("/preview");
    draw();
    expect(runs.previews.get("a")).toMatchObject({ url: "/preview", final: false });
    picture("/image", "image");
    picture("/mask", "mask");
    draw();
    expect(runs.previews.get("a")).toMatchObject({ url: "/image", final: true });
  });
  it("gives way to the next one when it has ended, but not while somebody looks at an old one", () => {
    const runs = running();
    runs.receive(message("execution.complete", { execution_id: "e", outputs: {} }));
    runs.receive(message("execution.queued", { execution_id: "f", priority: 0 }));
    draw();
    expect(runs.shown.getState().id).toBe("f");
    const old = {
      id: "old",
      status: "completed",
      nodes: {},
      outputs: {},
      error: null,
      started_at: null,
      finished_at: null,
    } as unknown as ExecutionResource;
    runs.show(old, true);
    runs.receive(message("execution.queued", { execution_id: "g", priority: 0 }));
    draw();
    expect(runs.shown.getState().id).toBe("old");
  });
  it("keeps a node's error", () => {
    const runs = running();
    runs.receive(
      message("execution.error", { execution_id: "e", node_id: "a", error: { code: "WK-003", message: "m" } }),
    );
    runs.receive(progress("a", { state: "failed" }));
    draw();
    expect(runs.nodes.get("a")).toMatchObject({ state: "failed", error: { code: "WK-003" } });
  });
});

describe("a node that is a graph itself", () => {
  const outer = (id: string) => id.split(":")[0]!;
  const picture = (id: string) => (id === "x" ? { node: "x:b", port: "image" } : null);
  function within(): Runs {
    const runs = new Runs({ outer, picture });
    runs.receive(message("execution.queued", { execution_id: "e", priority: 0 }));
    return runs;
  }
  const told = (runs: Runs, ...messages: Message[]) => {
    for (const one of messages) runs.receive(one);
    draw();
    return runs.nodes.get("x");
  };
  const done = { state: "completed", progress: 100 };

  it("does as those within do, and says which one runs", () => {
    const runs = within();
    expect(told(runs, progress("x:a", done), progress("x:b", { progress: 50 }))).toMatchObject({
      state: "running",
      progress: 75,
      within: "b",
    });
    expect(told(runs, progress("x:b", { state: "pending" }))).toMatchObject({ state: "running", within: null });
    expect(told(runs, progress("x:b", { state: "cached", progress: 100 }))).toMatchObject({ state: "completed" });
    expect(told(runs, progress("x:a", { state: "cached", progress: 100 }))).toMatchObject({ state: "cached" });
    expect(runs.nodes.get("x:a")?.state).toBe("cached");
  });
  it("has the error of the one that failed, with its name", () => {
    const error = { code: "WK-003", message: "no luck", hint: "", problems: [], node_id: "x:in:b", traceback: null };
    const runs = within();
    const failed = message("execution.error", { execution_id: "e", node_id: "x:in:b", error });
    expect(told(runs, progress("x:a", done), failed)).toMatchObject({ state: "failed", error, within: "in:b" });
  });
  it("shows the picture that is its own, and no other once that is there", () => {
    const preview = (node_id: string, url: string, port?: string) =>
      message("node.preview", { execution_id: "e", node_id, url, ...(port ? { port } : {}) });
    const runs = within();
    told(runs, preview("x:a", "/a", "image"));
    expect(runs.previews.get("x")).toBeUndefined();
    told(runs, preview("x:a", "/making"));
    expect(runs.previews.get("x")).toMatchObject({ url: "/making", final: false });
    told(runs, preview("x:b", "/b", "image"));
    expect(runs.previews.get("x")).toMatchObject({ url: "/b", final: true });
  });
});

describe("a run of a graph around", () => {
  const preview = message("node.preview", { execution_id: "e", node_id: "x:in:b", url: "/making" });
  const log = (node_id: string, text: string, at_ms: number) =>
    message("node.log", { execution_id: "e", node_id, item: null, attempt: 1, level: 20, text, at_ms });
  const node = (state: string) => ({ state, progress: 0, attempt: 1, why: null, worker_id: null, error: null });
  const execution = {
    id: "e",
    status: "running",
    nodes: { "x:a": node("completed"), "x:in:b": node("running"), y: node("pending") },
    outputs: { whole: { node: "y", port: "out", type: "INT", url: "/y" } },
    error: null,
    started_at: null,
    finished_at: null,
  } as unknown as ExecutionResource;
  const place = {
    outer: (id: string) => id.split(":")[0]!,
    given: () => [
      { name: "first", node: "a", port: "image", type: "IMAGE" },
      { name: "last", node: "in:b", port: "image", type: "IMAGE" },
    ],
  };

  /** The graph around heard of its run; then the one within shows it. */
  function opened(): Runs {
    const heard = new Heard();
    const around = new Runs({}, heard);
    around.begin("e");
    around.receive(progress("x:a", {}));
    around.receive({ ...progress("x:a", { state: "completed" }), ts_ms: 1250 } as Message);
    for (const told of [log("x:in:b", "two", 2), log("x:a", "one", 1), log("y", "else", 3), preview])
      around.receive(told);
    draw();
    const runs = new Runs(place, heard);
    runs.within("x:");
    runs.show(execution);
    return runs;
  }

  it("is shown as far as it is one of this graph, with what this page heard of it before", () => {
    const runs = opened();
    expect([...runs.nodes.entries()].map(([id, { state }]) => [id, state])).toEqual([
      ["a", "completed"],
      ["in:b", "running"],
      ["in", "running"],
    ]);
    expect(runs.nodes.get("a")).toMatchObject({ tookMs: 250 });
    expect(runs.logs.get("a")?.map(({ text }) => text)).toEqual(["one"]);
    expect(runs.logs.get("in")?.map(({ text }) => text)).toEqual(["b: two"]);
    expect(runs.logs.get("y")).toBeUndefined();
    expect(runs.previews.get("in")).toMatchObject({ url: "/making" });
    expect(runs.shown.getState().outputs).toEqual({
      first: { node: "a", port: "image", type: "IMAGE", url: "/api/execution/e/outputs/x%3Aa/image" },
    });
  });
  it("goes on, and what it gives as a whole is not taken for what this graph gives", () => {
    const runs = opened();
    runs.receive(progress("x:in:b", { progress: 40 }));
    runs.receive(progress("y", { progress: 10 }));
    runs.receive(
      message("execution.error", { execution_id: "e", node_id: "x:a", error: { code: "WK-003", message: "m" } }),
    );
    runs.receive(message("execution.complete", { execution_id: "e", outputs: execution.outputs }));
    draw();
    expect(runs.nodes.get("in:b")?.progress).toBe(40);
    expect(runs.nodes.get("a")).toMatchObject({ state: "failed", error: { code: "WK-003" } });
    expect(runs.nodes.get("y")).toBeUndefined();
    expect(Object.keys(runs.shown.getState().outputs)).toEqual(["first"]);
    runs.within("");
    expect([...runs.nodes.entries()]).toEqual([]);
  });
});
