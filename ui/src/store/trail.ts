// The graphs through which somebody has come into the one that is open, from outside.

import { createStore } from "zustand/vanilla";

export interface Crumb {
  id: string;
  name: string;
}

interface TrailState {
  /** The graph that they lead to; of another one they say nothing. */
  to: string | null;
  crumbs: readonly Crumb[];
}

const KEY = "vortex.trail";

export const trail = createStore<TrailState>(() => read());

/** Goes from a graph into one that stands in it. */
export function enter(from: Crumb, to: string): void {
  const before = crumbsTo(trail.getState(), from.id);
  keep({ to, crumbs: [...before, from] });
  location.hash = to;
}

/** Goes back to one of the graphs around. */
export function leaveTo(crumb: Crumb): void {
  const { crumbs } = trail.getState();
  keep({
    to: crumb.id,
    crumbs: crumbs.slice(
      0,
      crumbs.findIndex(({ id }) => id === crumb.id),
    ),
  });
  location.hash = crumb.id;
}

/** The way to a graph: also to one on it, where the browser's own button went back. */
export function crumbsTo({ to, crumbs }: TrailState, graph: string): readonly Crumb[] {
  if (to === graph) return crumbs;
  const at = crumbs.findIndex(({ id }) => id === graph);
  return at < 0 ? [] : crumbs.slice(0, at);
}

function keep(state: TrailState): void {
  trail.setState(state);
  sessionStorage.setItem(KEY, JSON.stringify(state));
}

function read(): TrailState {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "") as TrailState;
  } catch {
    return { to: null, crumbs: [] };
  }
}
