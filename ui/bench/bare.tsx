// What the editor's canvas is compared with: plain nodes of React Flow of the same sizes at the same places, with the
// same edges, in a canvas of the same size, and nothing around them. `window.order` says which.

import "@xyflow/react/dist/style.css";
import { Background, type Edge, MiniMap, type Node, Position, ReactFlow } from "@xyflow/react";
import { createRoot } from "react-dom/client";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
declare global {
  interface Window {
    order: { area: Box; nodes: Record<string, Box>; edges: { source: { node: string }; target: { node: string } }[] };
  }
}
const { area, nodes, edges } = window.order;

const plain: Node[] = Object.entries(nodes).map(([id, { x, y, width, height }]) => ({
  id,
  position: { x, y },
  data: { label: id },
  style: { width, height },
  sourcePosition: Position.Right,
  targetPosition: Position.Left,
}));
const wires: Edge[] = edges.map(({ source, target }, index) => ({
  id: `e${index}`,
  source: source.node,
  target: target.node,
}));

createRoot(document.getElementById("root")!).render(
  <div style={{ position: "absolute", left: area.x, top: area.y, width: area.width, height: area.height }}>
    <ReactFlow
      defaultNodes={plain}
      defaultEdges={wires}
      fitView
      fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
      minZoom={0.05}
      maxZoom={3}
      panOnDrag={[1]}
    >
      <Background />
      <MiniMap pannable zoomable />
    </ReactFlow>
  </div>,
);
