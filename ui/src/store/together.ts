// How a node does that is a graph itself: as those within do.

import type { ErrorDetail, NodeState } from "../contract/api";
import { nameWithin } from "../graph/subgraphs";
import { NODE_FINAL, type Times } from "./heard";

export interface NodeRun extends Times {
  state: NodeState;
  progress: number;
  attempt: number;
  why: string | null;
  worker: string | null;
  items: Record<string, number> | null;
  error: ErrorDetail | null;
  /** Of a node that is a graph itself: the node within that runs, or failed. */
  within?: string | null;
}

export const UNTOUCHED: NodeRun = {
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

/** Of the parts by their names in what runs. */
export function together(outer: string, parts: ReadonlyMap<string, NodeRun>): NodeRun {
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
