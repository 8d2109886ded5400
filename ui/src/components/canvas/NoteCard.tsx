import { type NodeProps, NodeResizer } from "@xyflow/react";
import { memo } from "react";
import { useEditor } from "../../hooks/editor";
import type { FlowNode } from "../../store/canvas";
import { useDraft } from "../widgets/useDraft";

type Props = NodeProps<Extract<FlowNode, { type?: "note" }>>;

/** Text for people. */
export const NoteCard = memo(function NoteCard({ data: { note }, selected }: Props) {
  const editor = useEditor();
  const { text, type, begin, end } = useDraft(note.text);
  const set = (fields: Partial<typeof note>) => editor.edit([{ op: "note.set", note: { ...note, ...fields } }]);
  return (
    <div className="note">
      <NodeResizer
        isVisible={selected}
        minWidth={120}
        minHeight={60}
        onResizeEnd={(_, { x, y, width, height }) =>
          set({ x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) })
        }
      />
      <div className="note-head" aria-hidden="true" />
      <textarea
        className="note-text nodrag nowheel"
        aria-label="Note"
        placeholder="A note for people"
        value={text}
        onFocus={begin}
        onChange={(event) => type(event.target.value)}
        onBlur={() => {
          if (text !== note.text) set({ text });
          end();
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </div>
  );
});
