import { beforeEach, describe, expect, it, vi } from "vitest";
import { changeNodes, createCanvas, type FlowEdge, type FlowNode } from "./canvas";
import { Detail } from "./detail";

const WINDOW = { width: 1000, height: 800 };
let canvas: ReturnType<typeof createCanvas>;
let detail: Detail;

/** A row of nodes from left to right, 300 apart, each fed by the one before it. */
beforeEach(() => {
  vi.stubGlobal("document", { activeElement: null });
  const nodes = Array.from({ length: 40 }, (_, index): FlowNode => {
    const node = { id: `n${index}` } as Extract<FlowNode, { type?: "node" }>["data"]["node"];
    const measured = { width: 236, height: 120 };
    return { id: node.id, type: "node", position: { x: index * 300, y: 0 }, data: { node }, measured };
  });
  const edges = nodes.slice(1).map((node, index) => ({ id: `e${index}`, source: `n${index}`, target: node.id }));
  canvas = createCanvas();
  canvas.setState({ nodes, edges: edges as FlowEdge[] });
  detail = new Detail(canvas);
});
const full = () => [...detail.full.entries()].map(([id]) => id);

describe("what is drawn", () => {
  it("is every node plainly, and none of React Flow's edges, from far away", () => {
    expect(detail.look({ x: 0, y: 0, zoom: 0.1 }, WINDOW)).toEqual([]);
    expect(full()).toEqual([]);
    expect(canvas.getState()).toMatchObject({ far: true, veryFar: true, drawn: [] });
  });

  it("is what is in view with all its fields, and the edges there", () => {
    expect(detail.look({ x: 0, y: 0, zoom: 1 }, WINDOW)).toEqual(["n0", "n1", "n2", "n3"]);
    expect(canvas.getState().far).toBe(false);
    expect(canvas.getState().drawn.length).toBeLessThan(8);
  });

  it("is measured again where a node is of another type, for that has other ports", () => {
    detail.look({ x: 0, y: 0, zoom: 1 }, WINDOW);
    canvas.setState(({ nodes }) => ({
      nodes: nodes.map((one) => {
        return one.id === "n1" && one.type === "node"
          ? { ...one, data: { node: { ...one.data.node, type: "b" } } }
          : one;
      }),
    }));
    expect(detail.look({ x: 0, y: 0, zoom: 1 }, WINDOW)).toEqual(["n1"]);
  });

  it("does not change as long as the view stays near to where it was", () => {
    detail.look({ x: 0, y: 0, zoom: 1 }, WINDOW);
    const told = vi.fn();
    canvas.subscribe(told);
    for (let x = 0; x > -140; x -= 10) expect(detail.look({ x, y: 0, zoom: 1 }, WINDOW)).toEqual([]);
    for (let x = 0; x < 140; x += 10) expect(detail.look({ x, y: 0, zoom: 0.1 }, WINDOW)).toEqual([]);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it("goes with the view, and what was left behind loses its fields", () => {
    detail.look({ x: 0, y: 0, zoom: 1 }, WINDOW);
    const left = vi.fn();
    detail.full.subscribe("n0", left);
    expect(detail.look({ x: -3000, y: 0, zoom: 1 }, WINDOW)).toContain("n10");
    expect(full()).not.toContain("n0");
    expect(left).toHaveBeenCalledTimes(1);
  });

  it("keeps the fields of a node in which somebody types", () => {
    detail.look({ x: 0, y: 0, zoom: 1 }, WINDOW);
    vi.stubGlobal("document", { activeElement: { closest: () => ({ dataset: { node: "n0" } }) } });
    detail.look({ x: -3000, y: 0, zoom: 1 }, WINDOW);
    expect(full()).toContain("n0");
    expect(full()).not.toContain("n1");
  });
});

describe("a node that is dragged", () => {
  it("leaves all others the objects that they were, so that none of them is drawn again", () => {
    changeNodes(canvas, []);
    const before = canvas.getState().nodes;
    changeNodes(canvas, [{ type: "position", id: "n3", position: { x: 5, y: 6 }, dragging: true }]);
    const after = canvas.getState().nodes;
    expect(after.filter((node, index) => node !== before[index]).map(({ id }) => id)).toEqual(["n3"]);
    expect(after[3]!.data).toBe(before[3]!.data);
    expect(after[3]!.style).toEqual({ "--x": "5px", "--y": "6px" });
  });
});
