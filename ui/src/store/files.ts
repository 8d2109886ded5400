// Files that people open: graphs as JSON, pictures that carry one, clips, and pictures as inputs.

import type { Graph } from "../contract/api";
import { isDocument } from "../graph/document";
import { pngTexts } from "../graph/pngText";
import { api } from "../session/api";
import { parseLossless } from "../session/lossless";
import { pasteText } from "./commands";
import { complain, type Editor } from "./editor";
import { say } from "./ui";

/** The name under which pictures carry their graph. */
const KEYWORD = "vortex.graph";

/** The graph that a file holds; null where there is none. */
export async function graphOf(file: File): Promise<Graph | null> {
  const content = new Uint8Array(await file.arrayBuffer());
  const texts = pngTexts(content);
  const text = texts ? texts.get(KEYWORD) : new TextDecoder().decode(content);
  if (text === undefined) return null;
  try {
    const data = parseLossless(text);
    return isDocument(data) ? data : null;
  } catch {
    return null;
  }
}

/** Stores a graph under an id of its own, and opens it. */
export async function openGraph(graph: Graph): Promise<void> {
  const { id: _, ...rest } = graph;
  const stored = await api.createGraph(rest);
  location.hash = stored.id;
}

export async function openFile(editor: Editor, file: File, place: { x: number; y: number }): Promise<void> {
  try {
    const graph = await graphOf(file);
    if (graph) await openGraph(graph);
    else if (file.type.startsWith("image/")) await addPicture(editor, file, place);
    else if (!pasteText(editor, await file.text())) say("info", "Nothing to open", `${file.name} holds no graph.`);
  } catch (error) {
    complain(`${file.name} was not opened`, error);
  }
}

/** A picture becomes a node that loads it. */
async function addPicture(editor: Editor, file: File, place: { x: number; y: number }): Promise<void> {
  const loader = editor.catalogue.types.find(
    (spec) => spec.params.some((param) => param.widget === "file" && param.type === "PATH") && spec.inputs.length === 0,
  );
  const param = loader?.params.find((one) => one.widget === "file");
  if (!loader || !param) {
    say("info", "No node loads files here", file.name);
    return;
  }
  const stored = await api.upload(file);
  editor.add(loader.type, place, null, { [param.name]: stored.path });
}
