import { type NodeProps, NodeResizer } from "@xyflow/react";
import { memo } from "react";
import { useEditor } from "../../hooks/editor";
import type { FlowNode } from "../../store/canvas";
import { useDraft } from "../widgets/useDraft";

type Props = NodeProps<Extract<FlowNode, { type?: "group" }>>;
const COLORS = ["#6e7bf2", "#30a46c", "#e5934d", "#d6409f", "#0090ff", "#8b8d98"];

/** A titled frame; what lies inside moves with it. */
export const GroupFrame = memo(function GroupFrame({ data: { group }, selected }: Props) {
  const editor = useEditor();
  const { text, type, begin, end } = useDraft(group.title);
  const set = (fields: Partial<typeof group>) => editor.edit([{ op: "group.set", group: { ...group, ...fields } }]);
  return (
    <div className="group" style={{ "--group": group.color ?? COLORS[0] } as React.CSSProperties}>
      <NodeResizer
        isVisible={selected}
        minWidth={120}
        minHeight={80}
        onResizeEnd={(_, { x, y, width, height }) =>
          set({ x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) })
        }
      />
      <div className="group-head">
        <input
          className="group-title nodrag"
          aria-label="Title of the group"
          value={text}
          size={Math.max(text.length, 4)}
          onFocus={begin}
          onChange={(event) => type(event.target.value)}
          onBlur={() => {
            if (text !== group.title) set({ title: text });
            end();
          }}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
          }}
        />
        {selected && (
          <span className="group-colors nodrag">
            {COLORS.map((color) => (
              <button
                key={color}
                type="button"
                aria-label={`Colour ${color}`}
                style={{ background: color }}
                onClick={() => set({ color })}
              />
            ))}
          </span>
        )}
      </div>
    </div>
  );
});
