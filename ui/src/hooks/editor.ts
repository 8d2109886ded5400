import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import type { Catalogue } from "../graph/catalogue";
import type { GraphView } from "../graph/model";
import type { Problem } from "../graph/problems";
import { edgesInto } from "../graph/wiring";
import type { CanvasState } from "../store/canvas";
import type { Editor } from "../store/editor";
import { type Preferences, preferences } from "../store/preferences";
import type { NodeRun, Preview, Shown } from "../store/runs";
import { type Ui, ui } from "../store/ui";

export const EditorContext = createContext<{ editor: Editor; catalogue: Catalogue } | null>(null);

export function useEditor(): Editor {
  const opened = useContext(EditorContext);
  if (!opened) throw new Error("no graph is open here");
  return opened.editor;
}

/** A part of the graph; drawn again only when that part is another object. */
export function useGraph<T>(pick: (view: GraphView) => T): T {
  const { room } = useEditor();
  return useSyncExternalStore(room.observed.subscribe, () => pick(room.view));
}

/** Something of the room that is no part of the graph: people, connection, undo. */
export function useRoom<T>(pick: (room: Editor["room"]) => T): T {
  const { room } = useEditor();
  return useSyncExternalStore(room.subscribe, () => pick(room));
}

export function useSocketState() {
  const editor = useEditor();
  return useSyncExternalStore(editor.subscribe, () => editor.socket.state);
}

export function useSocketReason() {
  const editor = useEditor();
  return useSyncExternalStore(editor.subscribe, () => editor.socket.reason);
}

export function useCanvas<T>(pick: (state: CanvasState) => T): T {
  return useStore(useEditor().canvas, pick);
}

export function useShown<T>(pick: (shown: Shown) => T): T {
  return useStore(useEditor().runs.shown, pick);
}

export function useNodeRun(id: string): NodeRun | undefined {
  const { nodes } = useEditor().runs;
  return useSyncExternalStore(
    useCallback((listener: () => void) => nodes.subscribe(id, listener), [nodes, id]),
    () => nodes.get(id),
  );
}

export function usePreview(id: string): Preview | undefined {
  const { previews } = useEditor().runs;
  return useSyncExternalStore(
    useCallback((listener: () => void) => previews.subscribe(id, listener), [previews, id]),
    () => previews.get(id),
  );
}

export function usePreferences<T>(pick: (state: Preferences) => T): T {
  return useStore(preferences, pick);
}

export function useUi<T>(pick: (state: Ui) => T): T {
  return useStore(ui, pick);
}

/** The target ports of a node that have an edge, as text: an equal text draws nothing again. */
export function useConnected(id: string): string {
  return useGraph((view) => [...new Set(edgesInto(view, id).map((edge) => edge.targetPort))].join("\n"));
}

const NO_PROBLEMS: readonly Problem[] = [];

export function useNodeProblems(id: string): readonly Problem[] {
  const { problems } = useEditor();
  return (
    useSyncExternalStore(
      useCallback((listener: () => void) => problems.subscribe(id, listener), [problems, id]),
      () => problems.get(id),
    ) ?? NO_PROBLEMS
  );
}
