import { useStoreApi, useUpdateNodeInternals } from "@xyflow/react";
import { useEffect } from "react";
import type { Editor } from "../../store/editor";

/** Keeps in step what is drawn and what is looked at: at most once a frame. */
export function useSight(editor: Editor): void {
  const store = useStoreApi();
  const measure = useUpdateNodeInternals();
  useEffect(() => {
    let waiting = 0;
    const look = () => {
      waiting = 0;
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      const come = editor.detail.look({ x, y, zoom }, { width, height });
      // Their ports are others now, or elsewhere.
      if (come.length > 0) measure(come);
    };
    const soon = () => {
      if (waiting === 0) waiting = requestAnimationFrame(look);
    };
    soon();
    const [left, right] = [store.subscribe(soon), editor.canvas.subscribe(soon)];
    return () => {
      cancelAnimationFrame(waiting);
      left();
      right();
    };
  }, [editor, store, measure]);
}
