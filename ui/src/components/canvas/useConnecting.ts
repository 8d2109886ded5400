import type { Connection, FinalConnectionState, IsValidConnection, OnConnectStart } from "@xyflow/react";
import { type RefObject, useMemo, useRef } from "react";
import { connect, type End, firstFit, type Verdict, verdicts } from "../../graph/connect";
import type { Change } from "../../graph/model";
import { edgesOf, mayMove, moveEdges } from "../../graph/moveEdges";
import { givenType } from "../../graph/wiring";
import type { FlowEdge } from "../../store/canvas";
import type { Editor } from "../../store/editor";
import { ui } from "../../store/ui";
import { typeColor } from "../node/appearance";
import { mark } from "./marking";

export interface Connecting {
  end: End | null;
  judge: ((node: string, port: string) => Verdict) | null;
  /** The edge whose end was taken off, if it is one that was there. */
  taken: FlowEdge | null;
  /** With Shift, all edges of the port are taken, to another port of its side. */
  all: boolean;
  /** Escape was pressed: nothing comes of it. */
  givenUp: boolean;
  /** Takes the marks off the ports. */
  unmark: () => void;
}

const NOTHING: Connecting = { end: null, judge: null, taken: null, all: false, givenUp: false, unmark: () => {} };

/** What happens from the moment a wire is taken until it is dropped. */
export function useConnecting(editor: Editor, canvas: RefObject<HTMLDivElement | null>) {
  const state = useRef<Connecting>(NOTHING);
  const handlers = useMemo(() => handlersOf(editor, canvas, state), [editor, canvas]);
  return { state, handlers };
}

function handlersOf(editor: Editor, canvas: RefObject<HTMLDivElement | null>, state: RefObject<Connecting>) {
  // React Flow knows no way to end a wire but letting go of the button.
  const onKey = (event: KeyboardEvent) => {
    if (event.code !== "Escape") return;
    event.preventDefault();
    state.current = { ...state.current, givenUp: true };
    document.dispatchEvent(new MouseEvent("mouseup"));
  };

  const onConnectStart: OnConnectStart = (event, { nodeId, handleId, handleType }) => {
    if (!nodeId || !handleId || !handleType || !canvas.current) return;
    const end: End = { node: nodeId, port: handleId, side: handleType };
    const all = event.shiftKey && state.current.taken === null && edgesOf(editor.view, end).length > 0;
    const judge = (all ? mayMove : verdicts)(editor.view, editor.catalogue, end);
    window.addEventListener("keydown", onKey, true);
    const side = (end.side === "source") === all ? "source" : "target";
    const unmark = mark(canvas.current, side, typeColor(typeOf(editor, end)), judge);
    state.current = { ...state.current, end, judge, all, unmark };
  };

  const isValidConnection: IsValidConnection<FlowEdge> = (connection) => {
    const { end, judge, all } = state.current;
    if (!end || !judge || all) return false;
    const far =
      end.side === "source"
        ? { node: connection.target, port: connection.targetHandle }
        : { node: connection.source, port: connection.sourceHandle };
    return judge(far.node ?? "", far.port ?? "").ok;
  };

  const onConnect = (connection: Connection) => {
    if (!state.current.givenUp) editor.edit(edgeChanges(editor, connection));
  };

  const onConnectEnd = (event: MouseEvent | TouchEvent, result: FinalConnectionState) => {
    const { end, taken, judge, all, givenUp, unmark } = state.current;
    unmark();
    state.current = NOTHING;
    window.removeEventListener("keydown", onKey, true);
    if (!end || result.isValid || givenUp) return;
    const at = "changedTouches" in event ? event.changedTouches[0]! : event;
    const element = document.elementFromPoint(at.clientX, at.clientY);
    const node = element?.closest<HTMLElement>(".react-flow__node-node")?.dataset.id;
    if (all && judge) dropAll(editor, end, element, judge);
    else if (node) dropOnNode(editor, end, node, taken);
    else if (taken) editor.edit([{ op: "edge.delete", key: taken.id }]);
    else if (element?.closest(".react-flow__pane")) dropOnCanvas(editor, end, at);
  };

  const onReconnectStart = (_: unknown, edge: FlowEdge) => {
    state.current = { ...state.current, taken: edge };
  };

  const onReconnect = (old: FlowEdge, connection: Connection) => {
    if (state.current.givenUp) return;
    const removal: Change = { op: "edge.delete", key: old.id };
    editor.edit([removal, ...edgeChanges(editor, connection)]);
  };

  return { onConnectStart, onConnect, onConnectEnd, onReconnectStart, onReconnect, isValidConnection };
}

function typeOf(editor: Editor, { node, port, side }: End): string {
  const type = editor.view.nodes.get(node)?.type ?? "";
  const given = side === "source" ? givenType(editor.view, editor.catalogue, node, port) : null;
  return given ?? editor.catalogue.target(type, port)?.type ?? "ANY";
}

function edgeChanges(editor: Editor, { source, sourceHandle, target, targetHandle }: Connection): Change[] {
  if (!sourceHandle || !targetHandle) return [];
  return connect(editor.view, editor.catalogue, { source, sourcePort: sourceHandle, target, targetPort: targetHandle });
}

/** All edges of a port go to the port below the pointer, or to the first one of the node there that takes them. */
function dropAll(editor: Editor, from: End, element: Element | null, judge: NonNullable<Connecting["judge"]>): void {
  const own = `.port.${from.side}`;
  const here = element?.closest<HTMLElement>(own);
  const ports = here ? [here] : (element?.closest(".react-flow__node-node")?.querySelectorAll<HTMLElement>(own) ?? []);
  for (const { dataset } of ports) {
    const [node, port] = [dataset.nodeid ?? "", dataset.handleid ?? ""];
    if (!judge(node, port).ok) continue;
    editor.edit(moveEdges(editor.view, editor.catalogue, from, { node, port }));
    return;
  }
}

/** Somewhere on a node: its first port that fits. */
function dropOnNode(editor: Editor, end: End, node: string, taken: FlowEdge | null): void {
  const edge = node === end.node ? null : firstFit(editor.view, editor.catalogue, end, node);
  if (!edge) return;
  const removal: Change[] = taken ? [{ op: "edge.delete", key: taken.id }] : [];
  editor.edit([...removal, ...connect(editor.view, editor.catalogue, edge)]);
}

function dropOnCanvas(editor: Editor, end: End, at: { clientX: number; clientY: number }): void {
  const { flow } = editor.canvas.getState();
  const place = flow?.screenToFlowPosition({ x: at.clientX, y: at.clientY });
  if (place) ui.setState({ search: { at: { x: at.clientX, y: at.clientY }, place, end } });
}
