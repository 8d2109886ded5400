import { useMemo } from "react";
import type { Editor } from "../../store/editor";
import { openFile } from "../../store/files";

export const NODE_TYPE = "application/x-vortex-node";

/** What is dropped on the canvas: node types from the palette, and files. */
export function useDrops(editor: Editor) {
  return useMemo(
    () => ({
      onDragOver: (event: React.DragEvent) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      },
      onDrop: (event: React.DragEvent) => {
        event.preventDefault();
        const place = editor.canvas.getState().flow?.screenToFlowPosition({ x: event.clientX, y: event.clientY });
        if (!place) return;
        const type = event.dataTransfer.getData(NODE_TYPE);
        if (type) editor.add(type, place);
        else for (const file of event.dataTransfer.files) void openFile(editor, file, place);
      },
    }),
    [editor],
  );
}
