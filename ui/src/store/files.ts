// Files that people open: graphs as JSON, pictures that carry one, clips, and pictures as inputs.

import type { Graph } from "../contract/api";
import { isDocument, isWorkflow } from "../graph/document";
import { pngTexts } from "../graph/pngText";
import { api } from "../session/api";
import { parseLossless } from "../session/lossless";
import { pasteText } from "./commands";
import { complain, type Editor } from "./editor";
import { say, ui } from "./ui";

/** The name under which pictures carry their graph. */
const KEYWORD = "vortex.graph";

/** Those under which pictures of ComfyUI carry a workflow. */
const FOREIGN = ["workflow", "prompt"];

/** Opens the graph of a file, or of the workflow that it holds; whether there was one. */
export async function openGraphOf(file: File): Promise<boolean> {
  const content = new Uint8Array(await file.arrayBuffer());
  const texts = pngTexts(content);
  const data = parsed(texts ? texts.get(KEYWORD) : new TextDecoder().decode(content));
  if (isDocument(data)) await openGraph(data);
  else if (texts ? FOREIGN.some((name) => texts.has(name)) : isWorkflow(data))
    await openForeign(file, content, !!texts);
  else return false;
  return true;
}

function parsed(text: string | undefined): unknown {
  try {
    // Theirs may have NaN in it, which is no JSON: the server reads the file by itself.
    return text === undefined ? null : parseLossless(text.replace(/\bNaN\b/g, "null"));
  } catch {
    return null;
  }
}

/** The server makes a graph of it, as `vortex import` does; what was not taken is told. */
async function openForeign(file: File, content: Uint8Array<ArrayBuffer>, isPng: boolean): Promise<void> {
  const report = await api.convert(file.name.replace(/\.\w+$/, ""), content, isPng);
  await openGraph(report.graph as unknown as Graph);
  if (report.problems.length > 0) ui.setState({ imported: { file: file.name, ...report } });
  else say("info", "Imported", `${report.taken} nodes of ${file.name}.`);
}

/** Stores a graph under an id of its own, and opens it. */
export async function openGraph(graph: Graph): Promise<void> {
  const { id: _, ...rest } = graph;
  const stored = await api.createGraph(rest);
  location.hash = stored.id;
}

export async function openFile(editor: Editor, file: File, place: { x: number; y: number }): Promise<void> {
  try {
    if (await openGraphOf(file)) return;
    if (file.type.startsWith("image/")) await addPicture(editor, file, place);
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
