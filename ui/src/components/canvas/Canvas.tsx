import { ReactFlow, type ReactFlowInstance, SelectionMode } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import { useCanvas, useEditor, usePreferences, useRoom } from "../../hooks/editor";
import type { FlowEdge, FlowNode } from "../../store/canvas";
import { pointer } from "../../store/commands";
import type { Editor } from "../../store/editor";
import { ui } from "../../store/ui";
import { GraphNode } from "../node/GraphNode";
import { Backdrop } from "./Backdrop";
import { ConnectionHint } from "./ConnectionHint";
import { Cursors, PeerSelections } from "./Cursors";
import { FarWires } from "./FarWires";
import { GroupFrame } from "./GroupFrame";
import { NoteCard } from "./NoteCard";
import { Overview } from "./Overview";
import { useConnecting } from "./useConnecting";
import { useDragging } from "./useDragging";
import { useDrops } from "./useDrops";
import { useFlowEvents } from "./useFlowEvents";
import { useSight } from "./useSight";
import { Wire } from "./Wire";

const NODE_TYPES = { node: GraphNode, group: GroupFrame, note: NoteCard };
const EDGE_TYPES = { wire: Wire };
const SNAP: [number, number] = [16, 16];
const MIDDLE_BUTTON = [1];
const MORE_KEYS = ["Shift", "Control", "Meta"];
const NO_SIGN = { hideAttribution: true };
/**
 * More nodes than that are not all kept: those out of sight are taken off the page, at the price of their return. All
 * that are there the browser lays out, and React Flow tells, with each movement of one of them.
 */
const MOST_KEPT = 1000;

export function Canvas() {
  const editor = useEditor();
  const area = useRef<HTMLDivElement>(null);
  const nodes = useCanvas((state) => state.nodes);
  const edges = useCanvas((state) => state.drawn);
  const far = useCanvas((state) => (state.veryFar ? "very" : state.far || undefined));
  const { grid, snap, minimap, drag } = usePreferences((state) => state);
  const { state, handlers } = useConnecting(editor, area);
  const dragging = useDragging(editor, area);
  const drops = useDrops(editor);
  const events = useFlowEvents(editor, area);
  const onInit = useMemo(
    () => (flow: ReactFlowInstance<FlowNode, FlowEdge>) => editor.canvas.setState({ flow }),
    [editor],
  );
  useFirstFit(editor);
  useSight(editor);
  const pans = drag === "pan" || matchMedia("(pointer: coarse)").matches;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the canvas inside takes the keys; search opens with Tab as well
    <div
      ref={area}
      className="canvas"
      data-far={far}
      onPointerMove={(event) => track(editor, event)}
      onPointerLeave={() => {
        pointer.over = false;
        events.leave();
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
        onInit={onInit}
        {...events.handlers}
        {...handlers}
        {...dragging}
        onlyRenderVisibleElements={nodes.length > MOST_KEPT}
        connectionRadius={26}
        reconnectRadius={12}
        snapToGrid={snap}
        snapGrid={SNAP}
        minZoom={0.05}
        maxZoom={3}
        panOnDrag={pans ? true : MIDDLE_BUTTON}
        selectionOnDrag={!pans}
        selectionMode={SelectionMode.Partial}
        panActivationKeyCode="Space"
        multiSelectionKeyCode={MORE_KEYS}
        selectionKeyCode={pans ? "Shift" : null}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        disableKeyboardA11y
        nodesFocusable
        edgesFocusable={false}
        elevateNodesOnSelect={false}
        proOptions={NO_SIGN}
        aria-label="The graph"
      >
        {grid && <Backdrop gap={SNAP[0]} />}
        {minimap && <Overview />}
        <FarWires />
        <Cursors />
      </ReactFlow>
      <ConnectionHint state={state} />
      <PeerSelections />
    </div>
  );
}

function track(editor: Editor, event: React.PointerEvent): void {
  const { flow } = editor.canvas.getState();
  pointer.over = true;
  pointer.window = { x: event.clientX, y: event.clientY };
  if (!flow) return;
  pointer.canvas = flow.screenToFlowPosition(pointer.window, { snapToGrid: false });
  editor.pointAt(pointer.canvas);
}

/** Once the graph has come and its nodes are measured, all of it is shown. */
function useFirstFit(editor: Editor): void {
  const loaded = useRoom((room) => room.loaded);
  const done = useRef<Editor | null>(null);
  const measured = useCanvas(
    ({ nodes }) => done.current === editor || (nodes.length > 0 && nodes.every((node) => node.measured)),
  );
  useEffect(() => {
    if (!loaded || !measured || done.current === editor) return;
    done.current = editor;
    const { flow } = editor.canvas.getState();
    void flow?.fitView({ padding: 0.12, maxZoom: 1 });
  }, [editor, loaded, measured]);
}
