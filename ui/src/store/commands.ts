// What keys, menus and the command palette can do, by name.

import { align, arrange, bounds, type Direction, distribute, type Edge, neighbour } from "../graph/arrange";
import { copy, parseClip, paste } from "../graph/clipboard";
import { connect, firstFit } from "../graph/connect";
import { toDocument } from "../graph/document";
import { newId } from "../graph/identifiers";
import type { Change, Mode, NodeView } from "../graph/model";
import { remove, removeAndReconnect } from "../graph/remove";
import { downstream, upstream } from "../graph/wiring";
import { frameId, selectOnly, sizedNodes } from "./canvas";
import type { Editor } from "./editor";
import { type LeftPanel, prefer, preferences, type RightPanel } from "./preferences";
import { openSubgraph, portsOfSelection, sayNoSubgraph, unpackSubgraph, updateSubgraph } from "./subgraphs";
import { say, ui } from "./ui";

/** Where the pointer was last, on the canvas: there things are pasted and added. */
export const pointer = { window: { x: 0, y: 0 }, canvas: { x: 0, y: 0 }, over: false };

type Run = (editor: Editor) => void;
const FRAME_ROOM = { side: 24, top: 48 };
/** What a picture adds to a node, about. */
const PREVIEW_PX = 190;
const NOTE = { width: 240, height: 140 };

const pickedNodes = (editor: Editor): NodeView[] =>
  [...editor.selection.nodes].flatMap((id) => editor.view.nodes.get(id) ?? []);

/** All of them to the mode, or back where all have it. */
function toggleMode(mode: Mode): Run {
  return (editor) => {
    const nodes = pickedNodes(editor);
    const next: Mode = nodes.every((node) => node.mode === mode) ? "active" : mode;
    editor.edit(nodes.map(({ id }): Change => ({ op: "node.set", id, fields: { mode: next } })));
  };
}

/** All of them marked, or none where all are. */
function toggleMark(mark: "collapsed" | "pinned"): Run {
  return (editor) => {
    const nodes = pickedNodes(editor);
    const fields = { [mark]: !nodes.every((node) => node[mark]) };
    editor.edit(nodes.map(({ id }): Change => ({ op: "node.set", id, fields })));
  };
}

/** Without the moves of nodes that are pinned. */
function unpinned(editor: Editor, changes: readonly Change[]): Change[] {
  return changes.filter((change) => change.op !== "node.set" || !editor.view.nodes.get(change.id)?.pinned);
}

async function copySelection(editor: Editor): Promise<void> {
  const { nodes, groups, notes } = editor.selection;
  if (nodes.size + groups.size + notes.size === 0) return;
  const clip = copy(editor.view, { nodes, groups, notes });
  memory = JSON.stringify(clip, null, 2);
  // Without the permission, or over plain HTTP, the page itself remembers.
  await navigator.clipboard?.writeText(memory).catch(() => undefined);
}

let memory: string | null = null;

async function pasteHere(editor: Editor, keepIncoming: boolean): Promise<void> {
  const text = (await navigator.clipboard?.readText().catch(() => null)) || memory;
  pasteText(editor, text ?? "", keepIncoming);
}

/** Nodes of a text that was copied in an editor; whether there were any. */
export function pasteText(editor: Editor, text: string, keepIncoming = false): boolean {
  const clip = parseClip(text) ?? (memory === null ? null : parseClip(memory));
  if (!clip) {
    say("info", "Nothing to paste", "Copy nodes first; they are JSON text on the clipboard.");
    return false;
  }
  const at = pointer.over ? pointer.canvas : null;
  const pasted = paste(editor.view, editor.catalogue, clip, { at, keepIncoming });
  editor.edit(pasted.changes);
  selectOnly(editor.canvas, new Set(pasted.nodes));
  return true;
}

function duplicate(editor: Editor): void {
  const { nodes, groups, notes } = editor.selection;
  const clip = copy(editor.view, { nodes, groups, notes });
  const pasted = paste(editor.view, editor.catalogue, clip, { at: null, keepIncoming: true });
  editor.edit(pasted.changes);
  selectOnly(editor.canvas, new Set(pasted.nodes));
}

function deleteSelection(editor: Editor): void {
  editor.edit(remove(editor.view, editor.selection));
}

function deleteAndJoin(editor: Editor): void {
  const [id, ...others] = editor.selection.nodes;
  if (id === undefined || others.length > 0) deleteSelection(editor);
  else editor.edit(removeAndReconnect(editor.view, editor.catalogue, id));
}

function frameSelection(editor: Editor): void {
  const nodes = sizedNodes(editor.canvas, editor.selection.nodes);
  const box = nodes.length ? bounds(nodes) : { ...pointer.canvas, width: 320, height: 200 };
  const id = newId("group", editor.view.groups);
  const group = {
    id,
    title: "Group",
    color: null,
    x: Math.round(box.x - FRAME_ROOM.side),
    y: Math.round(box.y - FRAME_ROOM.top),
    width: Math.round(box.width + 2 * FRAME_ROOM.side),
    height: Math.round(box.height + FRAME_ROOM.top + FRAME_ROOM.side),
  };
  editor.edit([{ op: "group.set", group }]);
  selectOnly(editor.canvas, new Set([frameId(id)]));
}

function addNote(editor: Editor): void {
  const id = newId("note", editor.view.notes);
  const { x, y } = pointer.over ? pointer.canvas : centre(editor);
  editor.edit([{ op: "note.set", note: { id, text: "", color: null, x: Math.round(x), y: Math.round(y), ...NOTE } }]);
  selectOnly(editor.canvas, new Set([frameId(id)]));
}

/** The canvas point in the middle of the window. */
export function centre(editor: Editor): { x: number; y: number } {
  const { flow } = editor.canvas.getState();
  const box = document.querySelector(".canvas")?.getBoundingClientRect();
  if (!flow || !box) return { x: 0, y: 0 };
  return flow.screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
}

export function openSearch(editor: Editor): void {
  const box = document.querySelector(".canvas")?.getBoundingClientRect();
  const middle = box ? { x: box.x + box.width / 2 - 160, y: box.y + box.height / 3 } : { x: 200, y: 200 };
  const at = pointer.over ? pointer.window : middle;
  ui.setState({ search: { at, place: pointer.over ? pointer.canvas : centre(editor), end: null } });
}

/** A node that takes what the selected one gives, to its right. */
function extend(editor: Editor): void {
  const [node] = sizedNodes(editor.canvas, editor.selection.nodes);
  const port = node && editor.catalogue.get(editor.view.nodes.get(node.id)?.type ?? "")?.outputs[0]?.name;
  if (!node || !port) {
    openSearch(editor);
    return;
  }
  const place = { x: node.x + node.width + 64, y: node.y + 16 };
  const at = editor.canvas.getState().flow?.flowToScreenPosition(place) ?? pointer.window;
  ui.setState({ search: { at, place, end: { node: node.id, port, side: "source" } } });
}

/** From left to right, each node to the next one, where a port of it fits. */
function connectSelected(editor: Editor): void {
  const nodes = sizedNodes(editor.canvas, editor.selection.nodes).sort((a, b) => a.x - b.x || a.y - b.y);
  editor.room.step();
  let joined = 0;
  for (const [index, { id }] of nodes.slice(0, -1).entries()) {
    const outputs = editor.catalogue.get(editor.view.nodes.get(id)?.type ?? "")?.outputs ?? [];
    const next = nodes[index + 1]!.id;
    const edge = outputs
      .map(({ name }) => firstFit(editor.view, editor.catalogue, { node: id, port: name, side: "source" }, next))
      .find(Boolean);
    if (!edge) continue;
    editor.room.edit(connect(editor.view, editor.catalogue, edge));
    joined += 1;
  }
  editor.room.step();
  if (joined === 0)
    say("info", "Nothing to connect", "Select two nodes or more, of which one gives what the next takes.");
}

function selectMore(reach: typeof upstream): Run {
  return (editor) => selectOnly(editor.canvas, reach(editor.view, editor.selection.nodes));
}

/** Selects the next node in a direction, and brings it into view; the first one where nothing is selected. */
function walk(direction: Direction): Run {
  return (editor) => {
    const nodes = sizedNodes(editor.canvas);
    const from = nodes.find((node) => editor.selection.nodes.has(node.id));
    const id = from ? neighbour(from, nodes, direction) : nodes[0]?.id;
    const node = nodes.find((one) => one.id === id);
    if (!node) return;
    selectOnly(editor.canvas, new Set([node.id]));
    const { flow } = editor.canvas.getState();
    void flow?.setCenter(node.x + node.width / 2, node.y + node.height / 2, { zoom: flow.getZoom(), duration: 150 });
  };
}

function selectAll(editor: Editor): void {
  selectOnly(editor.canvas, new Set(editor.canvas.getState().nodes.map((node) => node.id)));
}

function alignTo(edge: Edge): Run {
  return (editor) => editor.edit(unpinned(editor, align(sizedNodes(editor.canvas, editor.selection.nodes), edge)));
}

function spread(along: "x" | "y"): Run {
  return (editor) =>
    editor.edit(unpinned(editor, distribute(sizedNodes(editor.canvas, editor.selection.nodes), along)));
}

function layOut(editor: Editor): void {
  const { nodes } = editor.selection;
  const sized = sizedNodes(editor.canvas, nodes.size > 1 ? nodes : null);
  // Nodes grow by their pictures once they have run.
  const room = sized.map((node) => (editor.willShow(node.id) ? { ...node, height: node.height + PREVIEW_PX } : node));
  editor.edit(unpinned(editor, arrange(editor.view, room)));
}

function nudge(x: number, y: number): Run {
  return (editor) => {
    const moved = pickedNodes(editor).map((node): Change => {
      return { op: "node.set", id: node.id, fields: { x: node.x + x, y: node.y + y } };
    });
    editor.room.edit(unpinned(editor, moved));
  };
}

function fitSelection(editor: Editor): void {
  const { nodes, groups, notes } = editor.selection;
  const ids = [...nodes, ...[...groups, ...notes].map(frameId)].map((id) => ({ id }));
  void editor.canvas
    .getState()
    .flow?.fitView({ ...(ids.length ? { nodes: ids } : {}), padding: 0.2, maxZoom: 1.2, duration: 200 });
}

/** Runs what the selected nodes need, and them; the graph stays as it is. */
function runToHere(editor: Editor): void {
  const gives = (node: NodeView) => (editor.catalogue.get(node.type)?.outputs.length ?? 0) > 0;
  const nodes = pickedNodes(editor).filter(gives);
  if (nodes.length > 0) void editor.run({ nodes: nodes.map(({ id }) => id) });
  else say("info", "Nothing to run to", "Select a node that gives something.");
}

export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function exportGraph(editor: Editor): void {
  const name = editor.view.name.replace(/[^\w -]+/g, "_").trim() || "graph";
  download(`${name}.json`, `${JSON.stringify(toDocument(editor.view), null, 2)}\n`);
}

const left = (panel: LeftPanel) => () => prefer({ left: preferences.getState().left === panel ? null : panel });
const right = (panel: RightPanel) => () => prefer({ right: preferences.getState().right === panel ? null : panel });

const flowOf = (editor: Editor) => editor.canvas.getState().flow;

export const COMMANDS: Readonly<Record<string, Run>> = {
  run: (editor) => void editor.run(),
  "run.front": (editor) => void editor.run({ priority: 1000 }),
  "run.force": (editor) => void editor.run({ force: true }),
  "run.here": runToHere,
  cancel: (editor) => void editor.cancel(),
  undo: (editor) => void editor.room.undo.undo(),
  redo: (editor) => void editor.room.undo.redo(),
  copy: (editor) => void copySelection(editor),
  cut: (editor) => void copySelection(editor).then(() => deleteSelection(editor)),
  paste: (editor) => void pasteHere(editor, false),
  "paste.connected": (editor) => void pasteHere(editor, true),
  duplicate,
  delete: deleteSelection,
  "delete.reconnect": deleteAndJoin,
  rename: (editor) => ui.setState({ renaming: [...editor.selection.nodes][0] ?? null }),
  mute: toggleMode("muted"),
  bypass: toggleMode("bypassed"),
  collapse: toggleMark("collapsed"),
  pin: toggleMark("pinned"),
  "select.all": selectAll,
  "select.none": (editor) => selectOnly(editor.canvas, new Set()),
  "walk.left": walk("left"),
  "walk.right": walk("right"),
  "walk.up": walk("up"),
  "walk.down": walk("down"),
  "select.upstream": selectMore(upstream),
  "select.downstream": selectMore(downstream),
  fit: (editor) => void flowOf(editor)?.fitView({ padding: 0.12, maxZoom: 1.2, duration: 200 }),
  "fit.selection": fitSelection,
  "zoom.in": (editor) => void flowOf(editor)?.zoomIn({ duration: 120 }),
  "zoom.out": (editor) => void flowOf(editor)?.zoomOut({ duration: 120 }),
  "zoom.reset": (editor) => void flowOf(editor)?.zoomTo(1, { duration: 120 }),
  minimap: () => prefer({ minimap: !preferences.getState().minimap }),
  palette: () => ui.setState({ dialog: "palette" }),
  shortcuts: () => ui.setState({ dialog: "shortcuts" }),
  deploy: () => ui.setState({ dialog: "deploy" }),
  preferences: () => ui.setState({ dialog: "preferences" }),
  search: openSearch,
  extend,
  connect: connectSelected,
  group: frameSelection,
  "subgraph.make": (editor) => {
    if (editor.selection.nodes.size === 0)
      say("info", "Nothing is selected", "Select the nodes that are to become one.");
    else if (portsOfSelection(editor, editor.view)) ui.setState({ dialog: "subgraph" });
    else sayNoSubgraph();
  },
  "subgraph.open": (editor) => void openSubgraph(editor),
  "subgraph.unpack": (editor) => void unpackSubgraph(editor),
  "subgraph.update": (editor) => void updateSubgraph(editor),
  publish: () => ui.setState({ dialog: "publish" }),
  note: addNote,
  arrange: layOut,
  "align.left": alignTo("left"),
  "align.right": alignTo("right"),
  "align.top": alignTo("top"),
  "align.bottom": alignTo("bottom"),
  "distribute.x": spread("x"),
  "distribute.y": spread("y"),
  "nudge.left": nudge(-8, 0),
  "nudge.right": nudge(8, 0),
  "nudge.up": nudge(0, -8),
  "nudge.down": nudge(0, 8),
  "panel.nodes": left("nodes"),
  "panel.graphs": left("graphs"),
  open: left("graphs"),
  "panel.inspector": right("inspector"),
  "panel.outputs": right("outputs"),
  "panel.runs": right("runs"),
  "panel.problems": right("problems"),
  "panel.stack": right("stack"),
  save: (editor) => void editor.save(),
  export: exportGraph,
};

/** Commands without keys, for the palette. */
export const UNBOUND: readonly [command: string, title: string][] = [
  ["run.force", "Run everything anew, without the cache"],
  ["publish", "Publish as a node…"],
  ["subgraph.update", "Update the subgraph to its newest version"],
  ["deploy", "Publish as a deployment…"],
  ["preferences", "Preferences…"],
  ["distribute.x", "Space evenly from left to right"],
  ["distribute.y", "Space evenly from top to bottom"],
  ["panel.graphs", "Graphs"],
];
