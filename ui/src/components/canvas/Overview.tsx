import { Panel, useStoreApi } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { bounds } from "../../graph/arrange";
import type { Rect } from "../../graph/model";
import { useEditor } from "../../hooks/editor";
import { useTheme } from "../../hooks/theme";
import type { FlowNode } from "../../store/canvas";
import type { Editor } from "../../store/editor";
import { hueOf } from "../node/appearance";

const WIDTH = 168;
const HEIGHT = 112;
/** Room around what is shown, as a part of it. */
const ROOM = 0.05;

interface Scale {
  x: number;
  y: number;
  by: number;
}

/**
 * All of the graph in a corner. The nodes are painted once for each change of the graph and moved as one picture when
 * the view is: React Flow's own map has an element for each node, all of which hear of each frame.
 */
export const Overview = memo(function Overview() {
  const editor = useEditor();
  const store = useStoreApi();
  const theme = useTheme();
  const picture = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const scale = useRef<Scale>({ x: 0, y: 0, by: 1 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read when it is painted
  useEffect(() => {
    const [map, view] = [picture.current, frame.current];
    if (!map || !view) return;
    let waiting = 0;
    let painted: { nodes: readonly FlowNode[]; box: Rect; by: number } | null = null;
    const draw = () => {
      waiting = 0;
      const { transform, width, height } = store.getState();
      const { nodes } = editor.canvas.getState();
      if (!painted || (painted.nodes !== nodes && !nodes.some((node) => node.dragging)))
        painted = paint(editor, map, nodes);
      const [x, y, zoom] = transform;
      const seen = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      scale.current = fitting(painted.box, seen);
      const { by } = scale.current;
      map.style.transform = matrix(place(painted.box, scale.current), by / painted.by);
      const at = place(seen, scale.current);
      view.style.transform = `translate(${at.x}px, ${at.y}px)`;
      view.style.width = `${seen.width * by}px`;
      view.style.height = `${seen.height * by}px`;
    };
    const soon = () => {
      if (waiting === 0) waiting = requestAnimationFrame(draw);
    };
    soon();
    // What failed is painted red: once a run has ended, not with each of its messages.
    const ended = editor.runs.shown.subscribe(({ status, id }, before) => {
      if (status === before.status && id === before.id) return;
      painted = null;
      soon();
    });
    const [left, right] = [store.subscribe(soon), editor.canvas.subscribe(soon)];
    return () => {
      cancelAnimationFrame(waiting);
      ended();
      left();
      right();
    };
  }, [editor, store, theme]);
  const go = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const { x, y, by } = scale.current;
    const { flow } = editor.canvas.getState();
    const zoom = flow?.getZoom() ?? 1;
    void flow?.setCenter((event.clientX - box.x - x) / by, (event.clientY - box.y - y) / by, { zoom });
  };
  return (
    <Panel position="bottom-right" className="react-flow__minimap">
      <div
        className="overview nowheel nopan"
        role="img"
        aria-label="Overview"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          go(event);
        }}
        onPointerMove={(event) => event.buttons > 0 && go(event)}
        onWheel={(event) => {
          const { flow } = editor.canvas.getState();
          void flow?.zoomTo(flow.getZoom() * 2 ** (-event.deltaY * 0.002));
        }}
      >
        <canvas ref={picture} width={WIDTH * 2} height={HEIGHT * 2} />
        <div ref={frame} className="overview-view" />
      </div>
    </Panel>
  );
});

/** Paints all nodes, as large as the picture allows; returns of what it is, and how large. */
function paint(editor: Editor, map: HTMLCanvasElement, nodes: readonly FlowNode[]) {
  const boxes = nodes.map(boxOf);
  const box = bounds(boxes);
  const by = Math.min(map.width / Math.max(box.width, 1), map.height / Math.max(box.height, 1), 1);
  const pen = map.getContext("2d");
  const style = getComputedStyle(map);
  pen?.clearRect(0, 0, map.width, map.height);
  for (const [index, node] of nodes.entries()) {
    const { x, y, width, height } = boxes[index]!;
    if (!pen) break;
    pen.fillStyle = colourOf(editor, node, style);
    pen.fillRect((x - box.x) * by, (y - box.y) * by, Math.max(width * by, 1), Math.max(height * by, 1));
  }
  return { nodes, box, by };
}

function colourOf(editor: Editor, node: FlowNode, style: CSSStyleDeclaration): string {
  if (node.type === "group") return style.getPropertyValue("--mini-group");
  if (node.type === "note") return style.getPropertyValue("--mini-note");
  if (editor.runs.nodes.get(node.id)?.state === "failed") return style.getPropertyValue("--bad");
  return `hsl(${hueOf(editor.catalogue.get(node.data.node.type))} 35% 52%)`;
}

function boxOf({ position, measured, width, height }: FlowNode): Rect {
  return { ...position, width: measured?.width ?? width ?? 0, height: measured?.height ?? height ?? 0 };
}

/** From the canvas to the map, so that both the nodes and the view are on it. */
function fitting(one: Rect, other: Rect): Scale {
  const all = bounds(one.width > 0 ? [one, other] : [other]);
  const by = Math.min(WIDTH / all.width, HEIGHT / all.height) * (1 - 2 * ROOM);
  return { x: (WIDTH - all.width * by) / 2 - all.x * by, y: (HEIGHT - all.height * by) / 2 - all.y * by, by };
}

const place = ({ x, y }: Rect, scale: Scale) => ({ x: scale.x + x * scale.by, y: scale.y + y * scale.by });
const matrix = ({ x, y }: { x: number; y: number }, by: number) => `translate(${x}px, ${y}px) scale(${by})`;
