import { useEffect } from "react";
import { MAC } from "../components/chrome/Keys";
import { keymap, pressed } from "../graph/shortcuts";
import { useEditor, usePreferences } from "../hooks/editor";
import { selectOnly } from "../store/canvas";
import { COMMANDS, pointer } from "../store/commands";
import { ui } from "../store/ui";

const NUDGES: Readonly<Record<string, string>> = {
  ArrowLeft: "nudge.left",
  ArrowRight: "nudge.right",
  ArrowUp: "nudge.up",
  ArrowDown: "nudge.down",
};
/** In a field these are the field's own. */
const FIELD = "input:not([type=checkbox]):not([type=color]):not([type=file]), textarea, select, [contenteditable]";
/** These go on in a field as well: they are no text. */
const EVERYWHERE = new Set(["run", "run.front", "cancel", "palette", "save", "export", "open"]);

/** Keys of the whole page. */
export function useShortcuts(): void {
  const editor = useEditor();
  const own = usePreferences((state) => state.keys);
  useEffect(() => {
    const keys = keymap(own);
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element;
      const { dialog, search, viewer, failure, menu, imported } = ui.getState();
      if (event.defaultPrevented || dialog || search || viewer || failure || menu || imported) return;
      const focused = target.closest<HTMLElement>(".react-flow__node");
      const picked = focused?.dataset.id !== undefined && editor.selection.nodes.has(focused.dataset.id);
      if (focused === target && (event.code === "Space" || (event.code === "Enter" && !picked))) {
        selectOnly(editor.canvas, new Set([focused.dataset.id ?? ""]));
        event.preventDefault();
        return;
      }
      const text = pressed(event, MAC);
      const command = keys.get(text) ?? (editor.selection.nodes.size ? NUDGES[text] : undefined);
      if (!command || (target.closest(FIELD) && !EVERYWHERE.has(command))) return;
      // Tab goes through the page, as ever, unless the person works on the canvas with the pointer.
      if (text === "Tab" && !(pointer.over && target === document.body)) return;
      // Enter is the button's own where one has the focus.
      if (text === "Enter" && target !== document.body && target !== focused) return;
      // Texts that are marked can be copied as ever.
      if ((command === "copy" || command === "cut") && !getSelection()?.isCollapsed) return;
      event.preventDefault();
      COMMANDS[command]?.(editor);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [editor, own]);
}
