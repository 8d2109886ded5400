// What the editor's canvas is compared with: as many plain nodes of React Flow, and nothing around them.

import "@xyflow/react/dist/style.css";
import { Background, type Edge, MiniMap, type Node, ReactFlow } from "@xyflow/react";
import { createRoot } from "react-dom/client";

const [count, wanted] = location.hash.slice(1).split(",").map(Number) as [number, number];
const width = Math.ceil(Math.sqrt(count));

const nodes: Node[] = Array.from({ length: count }, (_, index) => ({
  id: `n${index}`,
  position: { x: (index % width) * 300, y: Math.floor(index / width) * 200 },
  data: { label: `n${index}` },
}));
const edges: Edge[] = [];
for (const back of [1, 2]) {
  for (let index = back; index < count && edges.length < wanted; index += 1) {
    edges.push({ id: `${back}-${index}`, source: `n${index - back}`, target: `n${index}` });
  }
}

createRoot(document.getElementById("root")!).render(
  <div style={{ width: "100vw", height: "100vh" }}>
    <ReactFlow defaultNodes={nodes} defaultEdges={edges} fitView minZoom={0.05} panOnDrag={[1]}>
      <Background />
      <MiniMap />
    </ReactFlow>
  </div>,
);
