// Making, opening, unpacking and updating nodes that are graphs themselves.

import type { PublishGraphRequest } from "../contract/api";
import {
  type Exposed,
  exposedOf,
  linesOf,
  type PortChanges,
  type PortLine,
  type PortNames,
  portChanges,
  renameExposed,
  successors,
} from "../graph/exposed";
import type { GraphView } from "../graph/model";
import { makeSubgraph, unpack } from "../graph/subgraphs";
import { retype, updateOf } from "../graph/versions";
import { api } from "../session/api";
import { ApiError } from "../session/http";
import { selectOnly } from "./canvas";
import { definitionOf } from "./definitions";
import { complain, type Editor } from "./editor";
import { enter } from "./trail";
import { say, ui } from "./ui";

/** The selected node that is a graph itself, or the one that is named. */
function subgraphOf(editor: Editor, id?: string): { id: string; type: string; graph: string } | null {
  for (const one of id === undefined ? editor.selection.nodes : [id]) {
    const type = editor.view.nodes.get(one)?.type ?? "";
    const graph = editor.catalogue.get(type)?.graph;
    if (graph) return { id: one, type, graph };
  }
  return null;
}

/** The ports that a node of the selected ones would have; null where it would feed itself. */
export function portsOfSelection(editor: Editor, view: GraphView): PortLine[] | null {
  const made = makeSubgraph(view, editor.catalogue, editor.selection, "");
  return made && linesOf(view, editor.catalogue, made.exposed);
}

/** The ports that a node of the graph has. */
export const portsOf = (editor: Editor, view: GraphView): PortLine[] => linesOf(view, editor.catalogue, exposed(view));

const exposed = (view: GraphView): Exposed[] =>
  exposedOf({ inputs: view.inputs.values(), outputs: view.outputs.values() });

/** The newest version of the graph as a node type; undefined where it is none, or is offered no more. */
export const publishedAs = (editor: Editor) => editor.catalogue.offered.find(({ graph }) => graph === editor.graphId);

/** The ports of the version that was published last; none where there is none. */
export async function portsBefore(editor: Editor): Promise<Exposed[]> {
  const last = publishedAs(editor);
  return last ? exposed(await definitionOf(last.type, editor.catalogue)) : [];
}

/**
 * A graph of its own of the selected nodes, published, and one node of it in their place with the edges as they were.
 * In this graph that is one step of undo. Whether it was done.
 */
export async function makeOfSelection(editor: Editor, name: string, names: PortNames): Promise<boolean> {
  const { nodes, groups, notes } = editor.selection;
  const before = editor.view;
  const made = makeSubgraph(before, editor.catalogue, { nodes, groups, notes }, name, names);
  if (!made) {
    sayNoSubgraph();
    return false;
  }
  let stored: string | null = null;
  try {
    stored = (await api.createGraph(made.document)).id;
    const { type } = await api.publish(stored, { title: name });
    await editor.renewNodes();
    if (!untouched(before, editor.view, nodes)) throw new Error("Somebody edited these nodes meanwhile. Try again.");
    const { changes, node } = made.place(editor.catalogue, type);
    editor.edit(changes);
    selectOnly(editor.canvas, new Set([node]));
    return true;
  } catch (error) {
    if (stored !== null) await api.deleteGraph(stored).catch(() => undefined);
    complain("No subgraph was made", error);
    return false;
  }
}

export const sayNoSubgraph = () =>
  say("error", "No subgraph of these", "Something between two of them is not selected: the node would feed itself.");

/** Whether nodes and all edges of a graph are still the same. */
function untouched(before: Editor["view"], now: Editor["view"], nodes: ReadonlySet<string>): boolean {
  const whole = before.edges === now.edges && before.inputs === now.inputs && before.outputs === now.outputs;
  return whole && [...nodes].every((id) => before.nodes.get(id) === now.nodes.get(id));
}

/** The graph that stands behind a node, with a way back. */
export async function openSubgraph(editor: Editor, id?: string): Promise<void> {
  const found = subgraphOf(editor, id);
  if (!found) return;
  try {
    await api.graph(found.graph);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) return complain("Not opened", error);
    return say("info", "Its graph was deleted", "The node works as it was published; unpack it to see what is within.");
  }
  // A node of an older self of this graph, which does not run.
  if (found.graph === editor.graphId) return say("info", "This is the graph itself", "It is open already.");
  const { crumbs, graphId, view, watch } = editor;
  enter(crumbs, { id: graphId, name: view.name, node: found.id, seen: watch.seen }, found.graph);
}

/** The nodes of a published graph in the place of the one that stands for it. */
export async function unpackSubgraph(editor: Editor): Promise<void> {
  const found = subgraphOf(editor);
  if (!found) {
    say("info", "Nothing to unpack", "Select a node that is a subgraph.");
    return;
  }
  try {
    const definition = await definitionOf(found.type, editor.catalogue);
    if (editor.view.nodes.get(found.id)?.type !== found.type) return;
    const { changes, nodes } = unpack(editor.view, editor.catalogue, found.id, definition);
    editor.edit(changes);
    selectOnly(editor.canvas, new Set(nodes));
  } catch (error) {
    complain("Not unpacked", error);
  }
}

/** The newest version of the selected nodes, or of the one that is named; what has no place in it is told. */
export async function updateSubgraph(editor: Editor, id?: string): Promise<void> {
  const typeOf = (one: string) => editor.view.nodes.get(one)?.type ?? "";
  const wanted = (id === undefined ? [...editor.selection.nodes] : [id]).flatMap((one) => {
    const [type, newer] = [typeOf(one), updateOf(editor.catalogue, typeOf(one))];
    return newer ? [{ one, type, newer }] : [];
  });
  if (wanted.length === 0) return say("info", "Nothing to update", "There is no newer version.");
  if (!editor.mayEdit()) return;
  try {
    const known = await Promise.all(
      wanted.map(async ({ one, type, newer }) => {
        const [before, after] = [definitionOf(type, editor.catalogue), definitionOf(newer, editor.catalogue)];
        return { one, type, newer, next: successors(exposed(await before), exposed(await after)) };
      }),
    );
    const lost: string[] = [];
    editor.room.step();
    // One after the other: two of them may be wired to each other.
    for (const { one, type, newer, next } of known) {
      if (typeOf(one) !== type) continue;
      const done = retype(editor.view, editor.catalogue, one, newer, next);
      editor.room.edit(done.changes);
      lost.push(...done.lost);
    }
    editor.room.step();
    if (lost.length > 0) {
      say(
        "info",
        "Updated, but not all has a place",
        `The new version has no port for ${list(lost)}. Undo takes it back.`,
      );
    }
  } catch (error) {
    complain("Not updated", error);
  }
}

const MOST_NAMED = 4;

function list(items: readonly string[]): string {
  const [named, more] = [items.slice(0, MOST_NAMED), items.length - MOST_NAMED];
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

/** The graph as it is now, as a node type, with other names for its ports. Whether it was done. */
export async function publishGraph(
  editor: Editor,
  options: PublishGraphRequest = {},
  names: PortNames = new Map(),
): Promise<boolean> {
  try {
    const renamed = renameExposed(editor.view, names);
    if (renamed.length > 0) editor.edit(renamed);
    await editor.room.settled();
    const { type } = await api.publish(editor.graphId, options);
    await editor.renewNodes();
    say("info", "Published", `It is the node ${type}; nodes of older versions offer an update.`);
    return true;
  } catch (error) {
    complain("Not published", error);
    return false;
  }
}

/** The next version as the last one was; where that takes ports away from others, they are asked about first. */
export async function publishNext(editor: Editor): Promise<void> {
  let changes: PortChanges = { renamed: [], gone: [] };
  try {
    changes = portChanges(await portsBefore(editor), exposed(editor.view));
  } catch (error) {
    return complain("Not published", error);
  }
  if (changes.renamed.length + changes.gone.length > 0) ui.setState({ dialog: "publish" });
  else await publishGraph(editor);
}
