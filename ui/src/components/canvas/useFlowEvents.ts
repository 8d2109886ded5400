import type { OnMove, OnSelectionChangeFunc } from "@xyflow/react";
import { type RefObject, useMemo } from "react";
import { changeEdges, changeNodes, type FlowEdge, type FlowNode, selectOnly } from "../../store/canvas";
import { pointer } from "../../store/commands";
import type { Editor } from "../../store/editor";
import { ui } from "../../store/ui";
import { moving, settled } from "./moving";
import { usePresence } from "./usePresence";

type Target = NonNullable<ReturnType<typeof ui.getState>["menu"]>["target"];

/**
 * What React Flow tells. The functions stay the same as long as the editor does: React Flow puts each of them that is
 * another one into its store, and all nodes and edges hear of that.
 */
export function useFlowEvents(editor: Editor, area: RefObject<HTMLDivElement | null>) {
  const presence = usePresence(editor);
  return useMemo(() => {
    const onMove: OnMove = (event, { zoom }) => {
      // The wheel has no end: what is pressed right after it has to be what is seen there.
      if (event && event.type !== "wheel") moving(area.current, "view");
      presence.look(zoom);
    };
    const onSelectionChange: OnSelectionChangeFunc<FlowNode, FlowEdge> = ({ nodes }) => presence.select(nodes);
    return {
      leave: presence.leave,
      handlers: {
        onMove,
        onSelectionChange,
        onMoveEnd: () => {
          settled(area.current);
          sharpen(area.current);
        },
        onNodesChange: changeNodes.bind(null, editor.canvas),
        onEdgesChange: changeEdges.bind(null, editor.canvas),
        onNodeClick: (event: React.MouseEvent, node: FlowNode) => {
          // React Flow leaves the others selected where the node is one of several.
          const more = event.shiftKey || event.ctrlKey || event.metaKey || event.altKey;
          if (!more) selectOnly(editor.canvas, new Set([node.id]));
        },
        onPaneContextMenu: (event: MouseEvent | React.MouseEvent) =>
          openMenu(event, { kind: "canvas", place: pointer.canvas }),
        onNodeContextMenu: (event: React.MouseEvent, node: FlowNode) =>
          openMenu(event, { kind: node.type === "node" ? "node" : "frame", id: node.id }),
        onEdgeContextMenu: (event: React.MouseEvent, edge: FlowEdge) => openMenu(event, { kind: "edge", key: edge.id }),
      },
    };
  }, [editor, area, presence]);
}

/** A layer keeps the pixels that it has when it is zoomed: for a moment it is none, and then is painted anew. */
function sharpen(canvas: HTMLElement | null): void {
  const view = canvas?.querySelector<HTMLElement>(".react-flow__viewport");
  const zoom = view?.style.transform.split("scale")[1];
  if (!view || zoom === view.dataset.sharp) return;
  view.dataset.sharp = zoom;
  view.style.willChange = "auto";
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      view.style.willChange = "";
    }),
  );
}

function openMenu(event: MouseEvent | React.MouseEvent, target: Target): void {
  event.preventDefault();
  ui.setState({ menu: { x: event.clientX, y: event.clientY, target } });
}
