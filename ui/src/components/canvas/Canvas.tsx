import { Background, BackgroundVariant, MiniMap, ReactFlow, SelectionMode } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useCanvas, useEditor, usePreferences, useRoom } from "../../hooks/editor";
import { changeEdges, changeNodes, type FlowNode } from "../../store/canvas";
import { pointer } from "../../store/commands";
import type { Editor } from "../../store/editor";
import { ui } from "../../store/ui";
import { hueOf } from "../node/appearance";
import { GraphNode } from "../node/GraphNode";
import { ConnectionHint } from "./ConnectionHint";
import { Cursors, PeerSelections } from "./Cursors";
import { GroupFrame } from "./GroupFrame";
import { NoteCard } from "./NoteCard";
import { useConnecting } from "./useConnecting";
import { useDragging } from "./useDragging";
import { useDrops } from "./useDrops";
import { usePresence } from "./usePresence";
import { Wire } from "./Wire";

const NODE_TYPES = { node: GraphNode, group: GroupFrame, note: NoteCard };
const EDGE_TYPES = { wire: Wire };
const SNAP: [number, number] = [16, 16];
/** Below this zoom texts are not legible, and their drawing only costs time. */
const FAR = 0.42;

export function Canvas() {
  const editor = useEditor();
  const area = useRef<HTMLDivElement>(null);
  const nodes = useCanvas((state) => state.nodes);
  const edges = useCanvas((state) => state.edges);
  const far = useCanvas((state) => state.far);
  const { grid, snap, minimap, drag } = usePreferences((state) => state);
  const { state, handlers } = useConnecting(editor, area);
  const dragging = useDragging(editor);
  const drops = useDrops(editor);
  const presence = usePresence(editor);
  useFirstFit(editor);
  const pans = drag === "pan" || matchMedia("(pointer: coarse)").matches;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the canvas inside takes the keys; search opens with Tab as well
    <div
      ref={area}
      className="canvas"
      data-far={far || undefined}
      onPointerMove={(event) => track(editor, event)}
      onPointerLeave={() => {
        pointer.over = false;
        presence.leave();
      }}
      onDoubleClick={(event) => {
        if ((event.target as Element).closest(".react-flow__pane")) {
          ui.setState({ search: { at: pointer.window, place: pointer.canvas, end: null } });
        }
      }}
      {...drops}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onInit={(flow) => editor.canvas.setState({ flow })}
        onNodesChange={(changes) => changeNodes(editor.canvas, changes)}
        onEdgesChange={(changes) => changeEdges(editor.canvas, changes)}
        {...handlers}
        {...dragging}
        onMove={(_, { zoom }) => {
          const far = zoom < FAR;
          if (far !== editor.canvas.getState().far) editor.canvas.setState({ far });
          area.current?.style.setProperty("--zoom", String(zoom));
          presence.look(zoom);
        }}
        onSelectionChange={({ nodes: picked }) => presence.select(picked)}
        onPaneContextMenu={(event) => openMenu(event, { kind: "canvas", place: pointer.canvas })}
        onNodeContextMenu={(event, node) =>
          openMenu(event, { kind: node.type === "node" ? "node" : "frame", id: node.id })
        }
        onEdgeContextMenu={(event, edge) => openMenu(event, { kind: "edge", key: edge.id })}
        onlyRenderVisibleElements
        edgesReconnectable={!far}
        connectionRadius={26}
        reconnectRadius={12}
        snapToGrid={snap}
        snapGrid={SNAP}
        minZoom={0.05}
        maxZoom={3}
        panOnDrag={pans ? true : [1]}
        selectionOnDrag={!pans}
        selectionMode={SelectionMode.Partial}
        panActivationKeyCode="Space"
        multiSelectionKeyCode={["Shift", "Control", "Meta"]}
        selectionKeyCode={pans ? "Shift" : null}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        disableKeyboardA11y
        nodesFocusable
        edgesFocusable={false}
        elevateNodesOnSelect={false}
        proOptions={{ hideAttribution: true }}
        aria-label="The graph"
      >
        {grid && <Background variant={BackgroundVariant.Dots} gap={SNAP[0]} size={1} />}
        {minimap && (
          <MiniMap pannable zoomable nodeColor={miniColor(editor)} nodeBorderRadius={12} ariaLabel="Overview" />
        )}
        <Cursors />
      </ReactFlow>
      <ConnectionHint state={state} />
      <PeerSelections />
    </div>
  );
}

function miniColor(editor: Editor) {
  return (node: FlowNode) => {
    if (node.type !== "node") return node.type === "group" ? "var(--mini-group)" : "var(--mini-note)";
    return `hsl(${hueOf(editor.catalogue.get(node.data.node.type))} 35% 52%)`;
  };
}

function track(editor: Editor, event: React.PointerEvent): void {
  const { flow } = editor.canvas.getState();
  pointer.over = true;
  pointer.window = { x: event.clientX, y: event.clientY };
  if (!flow) return;
  pointer.canvas = flow.screenToFlowPosition(pointer.window, { snapToGrid: false });
  editor.pointAt(pointer.canvas);
}

function openMenu(
  event: MouseEvent | React.MouseEvent,
  target: NonNullable<ReturnType<typeof ui.getState>["menu"]>["target"],
): void {
  event.preventDefault();
  ui.setState({ menu: { x: event.clientX, y: event.clientY, target } });
}

/** Once the graph has come and its nodes are measured, all of it is shown. */
function useFirstFit(editor: Editor): void {
  const loaded = useRoom((room) => room.loaded);
  const measured = useCanvas((state) => state.nodes.length > 0 && state.nodes.every((node) => node.measured));
  const done = useRef<Editor | null>(null);
  useEffect(() => {
    if (!loaded || !measured || done.current === editor) return;
    done.current = editor;
    const { flow } = editor.canvas.getState();
    void flow?.fitView({ padding: 0.12, maxZoom: 1 }).then(() => editor.canvas.setState({ far: flow.getZoom() < FAR }));
  }, [editor, loaded, measured]);
}
