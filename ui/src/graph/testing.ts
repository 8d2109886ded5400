// A small catalogue and graphs for tests.

import type { NodeSpec, ParamSpec } from "../contract/api";
import { Catalogue } from "./catalogue";
import { connect, edgeOf } from "./connect";
import { type Change, EMPTY_GRAPH, type GraphView, NODE_DEFAULTS, type Params } from "./model";

type Ports = Record<string, string>;

export function param(name: string, type: ParamSpec["type"], fields: Partial<ParamSpec> = {}): ParamSpec {
  return {
    name,
    type,
    default: null,
    required: false,
    bounds: null,
    unit: null,
    choices: null,
    widget: null,
    doc: "",
    ...fields,
  };
}

/** A node type; a type ending in `*` takes any number of edges. */
export function spec(type: string, inputs: Ports, outputs: Ports, params: ParamSpec[] = []): NodeSpec {
  const input = ([name, kind]: [string, string]) => ({
    name,
    type: kind.replace("*", ""),
    required: true,
    list: kind.endsWith("*"),
    lazy: false,
    when: null,
    partial: false,
    doc: "",
  });
  return {
    type,
    version: 1,
    revision: "",
    title: type.split(".")[1]!,
    category: "test",
    doc: "",
    volatile: false,
    takes_graph: false,
    fingerprint: false,
    files: [],
    device: null,
    graph: null,
    hidden: false,
    inputs: Object.entries(inputs).map(input),
    outputs: Object.entries(outputs).map(([name, kind]) => ({ name, type: kind, doc: "", source: null })),
    params,
  };
}

export const CATALOGUE = new Catalogue([
  spec("test.image", {}, { image: "IMAGE", mask: "MASK" }),
  spec("test.blur", { image: "IMAGE" }, { image: "IMAGE" }, [
    param("radius", "FLOAT", { default: 1, bounds: { min: 0, max: 10 } }),
  ]),
  spec("test.blend", { base: "IMAGE", layer: "IMAGE" }, { image: "IMAGE" }),
  spec("test.number", {}, { out: "INT" }),
  spec("test.numbers", {}, { out: "LIST[FLOAT]" }),
  spec("test.images", {}, { out: "LIST[IMAGE]" }),
  spec("test.collect", { items: "JSON*" }, { out: "JSON" }),
  spec("test.any", { in: "ANY" }, { out: "ANY" }),
]);

/** Changes applied to a view, as the shared document would: for tests of commands without one. */
export function applied(view: GraphView, changes: readonly Change[]): GraphView {
  const [nodes, edges] = [new Map(view.nodes), new Map(view.edges)];
  const [inputs, outputs] = [new Map(view.inputs), new Map(view.outputs)];
  for (const change of changes) {
    if (change.op === "node.create") {
      nodes.set(change.id, {
        ...NODE_DEFAULTS,
        x: 0,
        y: 0,
        ...change.node,
        id: change.id,
        params: change.params ?? {},
      });
    } else if (change.op === "node.delete") nodes.delete(change.id);
    else if (change.op === "node.set") nodes.set(change.id, { ...nodes.get(change.id)!, ...change.fields });
    else if (change.op === "edge.create") edges.set(change.edge.key, change.edge);
    else if (change.op === "edge.delete") edges.delete(change.key);
    else if (change.op === "input.delete") inputs.delete(change.name);
    else if (change.op === "output.delete") outputs.delete(change.name);
    else if (change.op === "node.type") nodes.set(change.id, { ...nodes.get(change.id)!, type: change.type });
    else if (change.op === "param.clear") {
      const { [change.name]: _, ...params } = nodes.get(change.id)!.params;
      nodes.set(change.id, { ...nodes.get(change.id)!, params });
    } else if (change.op === "param.set") {
      const node = nodes.get(change.id)!;
      nodes.set(change.id, { ...node, params: { ...node.params, [change.name]: change.value } });
    } else if (change.op === "input.set") inputs.set(change.input.name, change.input);
    else if (change.op === "output.set") outputs.set(change.output.name, change.output);
    else throw new Error(`no test needs ${change.op}`);
  }
  return { ...view, nodes, edges, inputs, outputs };
}

/** A graph of nodes (id → type) and edges (`a.image > b.image`). */
export function graph(
  nodes: Record<string, string>,
  edges: readonly string[] = [],
  params: Record<string, Params> = {},
): GraphView {
  const created = Object.entries(nodes).map(([id, type], index): Change => {
    return { op: "node.create", id, node: { type, x: index * 100, y: 0 }, params: params[id] ?? {} };
  });
  let view = applied(EMPTY_GRAPH, created);
  for (const edge of edges) {
    const [source, target] = edge.split(" > ").map((end) => ({ node: end.split(".")[0]!, port: end.split(".")[1]! }));
    view = applied(view, connect(view, CATALOGUE, edgeOf(source!, target!)));
  }
  return view;
}

export const edgesOf = (view: GraphView): string[] =>
  [...view.edges.values()]
    .map((edge) => `${edge.source}.${edge.sourcePort} > ${edge.target}.${edge.targetPort}`)
    .sort();
