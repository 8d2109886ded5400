// The graph that both pages show.

const COLUMN = 300;
const ROW = 200;

/** Rows of blends and blurs, each fed by the one or two before it, so that there are as many edges as are wanted. */
export function graphOf(count, wanted) {
  const width = Math.ceil(Math.sqrt(count));
  // The first two nodes take nothing, and the first blend or blur is fed by both of them.
  const blends = wanted - (count - 2);
  const type = (index) => (index < 2 ? "test.image" : index < 2 + blends ? "test.blend" : "test.blur");
  const nodes = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `n${index}`,
      { type: type(index), position: { x: (index % width) * COLUMN, y: Math.floor(index / width) * ROW } },
    ]),
  );
  const edges = [];
  for (let index = 2; index < count; index += 1) {
    const ports = type(index) === "test.blend" ? ["base", "layer"] : ["image"];
    for (const [back, port] of ports.entries()) {
      edges.push({ source: { node: `n${index - back - 1}`, port: "image" }, target: { node: `n${index}`, port } });
    }
  }
  return { schema: "vortex.graph/1", name: `${count} nodes`, nodes, edges };
}
