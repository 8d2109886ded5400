import { CircleCheck } from "lucide-react";
import { useStore } from "zustand";
import { useEditor, useGraph } from "../../hooks/editor";
import { selectOnly } from "../../store/canvas";
import { COMMANDS } from "../../store/commands";

/** Everything that keeps the graph from running. */
export function ProblemsPanel() {
  const editor = useEditor();
  const list = useStore(editor.problems.all, (state) => state.list);
  const nodes = useGraph((view) => view.nodes);
  if (list.length === 0) {
    return (
      <p className="empty good">
        <CircleCheck size={16} /> Nothing is wrong. The graph can run.
      </p>
    );
  }
  const show = (id: string) => {
    selectOnly(editor.canvas, new Set([id]));
    COMMANDS["fit.selection"]?.(editor);
  };
  return (
    <ul className="problems">
      {list.map((problem, index) => {
        const node = problem.node === null ? undefined : nodes.get(problem.node);
        return (
          <li key={index}>
            <button type="button" disabled={!node} onClick={() => node && show(node.id)}>
              <b>{problem.code}</b>{" "}
              {node && <em>{node.title ?? editor.catalogue.get(node.type)?.title ?? node.type}</em>} {problem.message}
              {problem.hint && <small>{problem.hint}</small>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
