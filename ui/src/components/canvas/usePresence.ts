import { useMemo } from "react";
import type { FlowNode } from "../../store/canvas";
import { centre } from "../../store/commands";
import type { Editor } from "../../store/editor";

const SEND_MS = 80;

/** Tells the others where this person is. */
export function usePresence(editor: Editor) {
  return useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    return {
      leave: () => editor.room.present({ cursor: null }),
      select: (nodes: FlowNode[]) => editor.room.present({ selection: nodes.map((node) => node.id).slice(0, 200) }),
      look: (zoom: number) => {
        if (timer !== undefined) return;
        timer = setTimeout(() => {
          timer = undefined;
          editor.room.present({ viewport: { ...centre(editor), zoom } });
        }, SEND_MS);
      },
    };
  }, [editor]);
}
