// Making, opening, unpacking and updating nodes that are graphs themselves.

import type { PublishGraphRequest } from "../contract/api";
import { fromDocument } from "../graph/document";
import { makeSubgraph, retype, unpack, updateOf } from "../graph/subgraphs";
import { api } from "../session/api";
import { ApiError } from "../session/http";
import { selectOnly } from "./canvas";
import { complain, type Editor } from "./editor";
import { enter } from "./trail";
import { say } from "./ui";

/** The selected node that is a graph itself, or the one that is named. */
function subgraphOf(editor: Editor, id?: string): { id: string; type: string; graph: string } | null {
  for (const one of id === undefined ? editor.selection.nodes : [id]) {
    const type = editor.view.nodes.get(one)?.type ?? "";
    const graph = editor.catalogue.get(type)?.graph;
    if (graph) return { id: one, type, graph };
  }
  return null;
}

/**
 * A graph of its own of the selected nodes, published, and one node of it in their place with the edges as they were.
 * In this graph that is one step of undo. Whether it was done.
 */
export async function makeOfSelection(editor: Editor, name: string): Promise<boolean> {
  const { nodes, groups, notes } = editor.selection;
  const before = editor.view;
  const made = makeSubgraph(before, editor.catalogue, { nodes, groups, notes }, name);
  if (!made) {
    say("error", "No subgraph of these", "Something between two of them is not selected: the node would feed itself.");
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
  enter({ id: editor.graphId, name: editor.view.name }, found.graph);
}

/** The nodes of a published graph in the place of the one that stands for it. */
export async function unpackSubgraph(editor: Editor): Promise<void> {
  const found = subgraphOf(editor);
  if (!found) {
    say("info", "Nothing to unpack", "Select a node that is a subgraph.");
    return;
  }
  try {
    const { graph } = await api.publishedGraph(found.type);
    const definition = fromDocument(graph as never, editor.catalogue);
    if (editor.view.nodes.get(found.id)?.type !== found.type) return;
    const { changes, nodes } = unpack(editor.view, editor.catalogue, found.id, definition);
    editor.edit(changes);
    selectOnly(editor.canvas, new Set(nodes));
  } catch (error) {
    complain("Not unpacked", error);
  }
}

/** The newest version of the selected nodes, or of the one that is named. */
export function updateSubgraph(editor: Editor, id?: string): void {
  const ids = id === undefined ? [...editor.selection.nodes] : [id];
  const changes = ids.flatMap((one) => {
    const newer = updateOf(editor.catalogue, editor.view.nodes.get(one)?.type ?? "");
    return newer ? retype(editor.view, editor.catalogue, one, newer) : [];
  });
  if (changes.length > 0) editor.edit(changes);
  else say("info", "Nothing to update", "There is no newer version.");
}

/** The graph as it is now, as a node type. Whether it was done. */
export async function publishGraph(editor: Editor, options: PublishGraphRequest = {}): Promise<boolean> {
  try {
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
