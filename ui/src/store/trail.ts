// The graphs through which somebody has come into the one that is open, from outside. They are kept with the entry of
// the browser's history, so the same graph opened by itself knows nothing of them.

/** Which run a graph showed when somebody went on from it. */
export interface Seen {
  run: string | null;
  /** Whether they looked at just that one, so that a newer one does not take its place. */
  pinned: boolean;
  /** Whether it was one of the graph's own, not one of a graph around it. */
  own: boolean;
}

export interface Crumb {
  id: string;
  name: string;
  /** The node of it that they went into. */
  node: string;
  seen: Seen;
}

/** A graph whose run shows what the open graph did within it. */
export interface Around {
  graph: string;
  name: string;
  /** What ids of the open graph's nodes begin with in that run. */
  prefix: string;
  run: string;
  pinned: boolean;
}

interface Entry {
  crumbs?: readonly Crumb[];
  seen?: Seen | null;
}

const entry = (): Entry => (history.state as Entry | null) ?? {};

/** The way to the graph that is open. */
export const crumbsHere = (): readonly Crumb[] => entry().crumbs ?? [];

/** What the graph that is open showed before; null where nothing is known of that. */
export const seenHere = (): Seen | null => entry().seen ?? null;

/** Keeps what is shown now, for when somebody comes back or loads the page again. */
export function remember(seen: Seen | null): void {
  history.replaceState({ ...entry(), seen }, "");
}

/** Goes from a graph, to which `crumbs` led, into one that stands in it. */
export function enter(crumbs: readonly Crumb[], from: Crumb, to: string): void {
  remember(from.seen);
  go(to, { crumbs: [...crumbs, from] });
}

/** Goes back to one of the graphs around. */
export function leaveTo(crumbs: readonly Crumb[], crumb: Crumb): void {
  go(crumb.id, { crumbs: crumbs.slice(0, crumbs.indexOf(crumb)), seen: crumb.seen });
}

function go(graph: string, state: Entry): void {
  location.hash = graph;
  // The page is told of the new address a moment later, and finds this with it.
  history.replaceState(state, "");
}

/**
 * The graph whose run tells what happened in the one that the crumbs lead to: the last one that showed a run of its own.
 * Null where none was shown.
 */
export function aroundOf(crumbs: readonly Crumb[]): Around | null {
  const last = crumbs.at(-1);
  if (!last?.seen.run) return null;
  const way = crumbs.slice(Math.max(0, crumbs.map(({ seen }) => seen.own).lastIndexOf(true)));
  const { id, name } = way[0]!;
  const { run, pinned } = last.seen;
  return { graph: id, name, prefix: way.map(({ node }) => `${node}:`).join(""), run, pinned };
}
