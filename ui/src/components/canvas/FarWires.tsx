import { ViewportPortal } from "@xyflow/react";
import { memo, useLayoutEffect, useRef } from "react";
import type { Catalogue } from "../../graph/catalogue";
import { useCanvas, useEditor, usePreferences } from "../../hooks/editor";
import type { FlowEdge, FlowNode } from "../../store/canvas";
import type { Editor } from "../../store/editor";
import type { EdgeStyle } from "../../store/preferences";
import { ui } from "../../store/ui";
import { wireEnd } from "../node/anatomy";
import { typeColor } from "../node/appearance";
import { type Ends, pathOf } from "./paths";
import { wireClass } from "./Wire";

/**
 * The edges of a graph that is looked at from far away. React Flow's edges each listen to all that happens, and so take
 * more time than all the rest; these are drawn when the edges are others, and otherwise only moved.
 */
export const FarWires = memo(function FarWires() {
  const far = useCanvas((state) => state.far);
  return far ? (
    <ViewportPortal>
      <Wires />
    </ViewportPortal>
  ) : null;
});

function Wires() {
  const editor = useEditor();
  const edges = useCanvas((state) => state.edges);
  const style = usePreferences((state) => state.edges);
  const picture = useRef<SVGSVGElement>(null);
  useLayoutEffect(() => {
    if (picture.current) return follow(editor, edges, style, picture.current);
  }, [editor, edges, style]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no such element in SVG
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard reaches edges by their nodes
    <svg
      ref={picture}
      className="far-wires"
      role="group"
      aria-label={`${edges.length} edges`}
      onClick={(event) => select(editor, edgeBelow(event))}
      onContextMenu={(event) => {
        const key = edgeBelow(event);
        if (key === undefined) return;
        event.preventDefault();
        ui.setState({ menu: { x: event.clientX, y: event.clientY, target: { kind: "edge", key } } });
      }}
    >
      {edges.map((edge) => (
        <FarWire key={edge.id} edge={edge} />
      ))}
    </svg>
  );
}

const FarWire = memo(function FarWire({ edge }: { edge: FlowEdge }) {
  const type = edge.data?.type ?? "ANY";
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: as React Flow does; a group in a drawing is not interactive
    <g
      className={edge.selected ? "react-flow__edge selected" : "react-flow__edge"}
      data-id={edge.id}
      role="img"
      aria-label={edge.ariaLabel}
    >
      <path className={wireClass(type)} style={{ "--port": typeColor(type) } as React.CSSProperties} />
    </g>
  );
});

/** Lays the wires of all nodes that were moved, and of those only. */
function follow(editor: Editor, edges: readonly FlowEdge[], style: EdgeStyle, picture: SVGSVGElement): () => void {
  const paths = [...picture.querySelectorAll<SVGPathElement>("path")];
  const touching = new Map<string, number[]>();
  for (const [index, edge] of edges.entries()) {
    for (const end of [edge.source, edge.target]) touching.set(end, [...(touching.get(end) ?? []), index]);
  }
  let before = new Map<string, FlowNode>();
  const lay = () => {
    const { nodes } = editor.canvas.getState();
    const now = new Map(nodes.map((node) => [node.id, node]));
    const stale = new Set(
      nodes.filter((node) => moved(before.get(node.id), node)).flatMap(({ id }) => touching.get(id) ?? []),
    );
    for (const index of stale) {
      const ends = endsOf(editor.catalogue, edges[index]!, now);
      if (ends) paths[index]!.setAttribute("d", pathOf(style, ends));
    }
    before = now;
  };
  lay();
  let last = editor.canvas.getState().nodes;
  return editor.canvas.subscribe(({ nodes }) => {
    if (nodes === last) return;
    last = nodes;
    lay();
  });
}

function moved(before: FlowNode | undefined, now: FlowNode): boolean {
  if (before === now) return false;
  return !before || before.position !== now.position || before.data !== now.data;
}

function endsOf(catalogue: Catalogue, edge: FlowEdge, nodes: ReadonlyMap<string, FlowNode>): Ends | null {
  const [source, target] = [nodes.get(edge.source), nodes.get(edge.target)];
  if (source?.type !== "node" || target?.type !== "node") return null;
  return {
    from: endOf(catalogue, source, edge.sourceHandle ?? "", "source"),
    to: endOf(catalogue, target, edge.targetHandle ?? "", "target"),
  };
}

function endOf(
  catalogue: Catalogue,
  { position, data }: Extract<FlowNode, { type?: "node" }>,
  port: string,
  side: "source" | "target",
) {
  return wireEnd({ ...position, collapsed: data.node.collapsed }, catalogue.get(data.node.type), port, side);
}

const edgeBelow = ({ target }: React.MouseEvent) => (target as Element).closest<SVGGElement>("[data-id]")?.dataset.id;

function select(editor: Editor, key: string | undefined): void {
  if (key === undefined) return;
  editor.canvas.setState(({ nodes, edges }) => ({
    nodes: nodes.map((node) => (node.selected ? { ...node, selected: false } : node)),
    edges: edges.map((edge) =>
      Boolean(edge.selected) === (edge.id === key) ? edge : { ...edge, selected: edge.id === key },
    ),
  }));
}
