// Graphs that stand in others as one node: made of a selection, put back, and found again in what runs.

import type { Graph } from "../contract/api";
import type { Catalogue } from "./catalogue";
import { copy, type Picked } from "./clipboard";
import { contents, toDocument } from "./document";
import { type Exposed, exposedOf, keyOf, type PortNames } from "./exposed";
import { newNodeId } from "./identifiers";
import {
  type Change,
  type EdgeFields,
  type EdgeView,
  EMPTY_GRAPH,
  edgeKey,
  type GraphView,
  type InputView,
  inOrder,
  type NodeView,
  type OutputView,
} from "./model";
import { remove } from "./remove";
import { downstream, edgesFrom, upstream } from "./wiring";

/** Between the id of a node and those of the nodes within, in what runs. */
const SEPARATOR = ":";

/** The node of the graph that a running node belongs to; itself where it is one, null for neither. */
export function outerNode(flatId: string, nodes: { has(id: string): boolean }): string | null {
  if (nodes.has(flatId)) return flatId;
  for (let end = flatId.lastIndexOf(SEPARATOR); end > 0; end = flatId.lastIndexOf(SEPARATOR, end - 1)) {
    if (nodes.has(flatId.slice(0, end))) return flatId.slice(0, end);
  }
  return null;
}

/** What a node within another is called in what runs. */
export const inside = (outer: string, id: string): string => `${outer}${SEPARATOR}${id}`;

/** What a running node is called within its outer one. */
export const nameWithin = (flatId: string, outer: string): string => flatId.slice(outer.length + SEPARATOR.length);

/** Which running node gives an output, and at which port. */
export function giverOf(catalogue: Catalogue, type: string, id: string, port: string): { node: string; port: string } {
  const source = catalogue.output(type, port)?.source;
  return source ? { node: inside(id, source[0]), port: source[1] } : { node: id, port };
}

/** What a selection becomes. */
export interface Subgraph {
  /** The graph of its own. */
  document: Graph;
  /** Its ports. */
  exposed: Exposed[];
  /** Puts the node in the place of the selection; the catalogue has its type by then. */
  place: (catalogue: Catalogue, type: string) => { changes: Change[]; node: string };
}

/**
 * A graph of the picked nodes. What leads into them is exposed as its inputs, what they feed as its outputs, and so is
 * what the graph around exposes of them. Null where something outside stands between two of them: the node would feed
 * itself. `chosen` are names of ports; others are called as what they lead to.
 */
export function makeSubgraph(
  view: GraphView,
  catalogue: Catalogue,
  picked: Picked,
  name: string,
  chosen: PortNames = new Map(),
): Subgraph | null {
  if (feedsItself(view, picked.nodes)) return null;
  const clip = copy(view, picked);
  const inner = { ...EMPTY_GRAPH, name, ...partsOf(view, picked) };
  const inputs = new Names<InputView>(({ node, param: port }) => keyOf({ side: "inputs", node, port }), chosen);
  const outputs = new Names<OutputView>(({ node, port }) => keyOf({ side: "outputs", node, port }), chosen);
  const wires = inOrder(view.edges.values());
  const into = wires.filter((edge) => picked.nodes.has(edge.target) && !picked.nodes.has(edge.source));
  const outOf = wires.filter((edge) => picked.nodes.has(edge.source) && !picked.nodes.has(edge.target));
  for (const { target: node, targetPort: param } of into) inputs.name(param, { name: "", node, param });
  for (const { source: node, sourcePort: port } of outOf) outputs.name(port, { name: "", node, port });
  const exposedInputs = [...view.inputs.values()].filter((item) => picked.nodes.has(item.node));
  const exposedOutputs = [...view.outputs.values()].filter((item) => picked.nodes.has(item.node));
  for (const item of exposedInputs) inputs.name(item.name, item);
  for (const item of exposedOutputs) outputs.name(item.name, item);
  if (outputs.table.size === 0) for (const item of ends(view, catalogue, picked.nodes)) outputs.name(item.port, item);
  const left = { x: Math.min(...Object.values(clip.nodes).map((node) => node.x)), y: topOf(Object.values(clip.nodes)) };
  return {
    document: toDocument({ ...inner, inputs: inputs.table, outputs: outputs.table }),
    exposed: exposedOf({ inputs: inputs.table.values(), outputs: outputs.table.values() }),
    place: (catalogue, type) => {
      const node = newNodeId(type.split("@")[0]!, view.nodes);
      const wired = [
        ...into.map((edge) => {
          const port = inputs.name("", { name: "", node: edge.target, param: edge.targetPort });
          return wire(catalogue, type, { ...edge, target: node, targetPort: port });
        }),
        ...outOf.map((edge) => {
          const port = outputs.name("", { name: "", node: edge.source, port: edge.sourcePort });
          const kind = view.nodes.get(edge.target)!.type;
          return wire(catalogue, kind, { ...edge, source: node, sourcePort: port });
        }),
      ];
      const exposed: Change[] = [
        ...exposedInputs.map(
          (item): Change => ({ op: "input.set", input: { name: item.name, node, param: inputs.name("", item) } }),
        ),
        ...exposedOutputs.map(
          (item): Change => ({ op: "output.set", output: { name: item.name, node, port: outputs.name("", item) } }),
        ),
      ];
      const created: Change = { op: "node.create", id: node, node: { type, ...left } };
      return { changes: [...remove(view, picked), created, ...wired, ...exposed], node };
    },
  };
}

/** What nobody takes: without it, a node of what ends in nothing could not be connected. */
function ends(view: GraphView, catalogue: Catalogue, nodes: ReadonlySet<string>): OutputView[] {
  const last = [...nodes].filter((id) => edgesFrom(view, id).length === 0);
  return last.flatMap((node) => {
    const [first] = catalogue.get(view.nodes.get(node)?.type ?? "")?.outputs ?? [];
    return first ? [{ name: "", node, port: first.name }] : [];
  });
}

const topOf = (nodes: readonly { y: number }[]) => Math.min(...nodes.map((node) => node.y));

function feedsItself(view: GraphView, nodes: ReadonlySet<string>): boolean {
  const [after, before] = [downstream(view, nodes), upstream(view, nodes)];
  return [...after].some((id) => !nodes.has(id) && before.has(id));
}

/** What goes into the graph of its own, with its corner at the origin. */
function partsOf(view: GraphView, picked: Picked): Pick<GraphView, "nodes" | "edges" | "groups" | "notes"> {
  const nodes = [...view.nodes.values()].filter((node) => picked.nodes.has(node.id));
  const x = Math.min(...nodes.map((node) => node.x));
  const moved = <T extends { id: string; x: number; y: number }>(items: Iterable<T>) =>
    new Map([...items].map((item) => [item.id, { ...item, x: item.x - x, y: item.y - topOf(nodes) }]));
  return {
    nodes: moved(nodes),
    edges: new Map(
      [...view.edges].filter(([, edge]) => picked.nodes.has(edge.source) && picked.nodes.has(edge.target)),
    ),
    groups: moved([...view.groups.values()].filter((group) => picked.groups?.has(group.id))),
    notes: moved([...view.notes.values()].filter((note) => picked.notes?.has(note.id))),
  };
}

/** Names of exposures, each once; the same port has the same one however often it is asked for. */
class Names<T extends { name: string }> {
  readonly table = new Map<string, T>();
  readonly #known = new Map<string, string>();

  constructor(
    readonly keyOf: (item: T) => string,
    readonly chosen: PortNames,
  ) {}

  name(proposed: string, item: T): string {
    const key = this.keyOf(item);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stem = this.chosen.get(key)?.trim() || proposed;
    let name = stem;
    for (let count = 2; this.table.has(name); count += 1) name = `${stem}_${count}`;
    this.#known.set(key, name);
    this.table.set(name, { ...item, name });
    return name;
  }
}

/** An edge as it stands in the document. */
export function wire(catalogue: Catalogue, targetType: string, fields: EdgeFields): Change {
  const { source, sourcePort, target, targetPort } = fields;
  const edge = { source, sourcePort, target, targetPort };
  return { op: "edge.create", edge: { ...edge, key: edgeKey(edge, catalogue.single(targetType, targetPort)) } };
}

export interface Unpacked {
  changes: Change[];
  /** Ids of the nodes that came out. */
  nodes: string[];
}

/** Puts the nodes of a published graph in the place of the node that stands for it, with its values and edges. */
export function unpack(view: GraphView, catalogue: Catalogue, id: string, definition: GraphView): Unpacked {
  const outer = view.nodes.get(id)!;
  const ids = new Map<string, string>();
  const taken = new Set(view.nodes.keys());
  for (const node of definition.nodes.values()) {
    const fresh = newNodeId(node.type.split("@")[0]!, taken);
    taken.add(fresh);
    ids.set(node.id, fresh);
  }
  const typeOf = (node: string) => definition.nodes.get(node)?.type ?? "";
  const [into, outOf] = edgesAround(view, id);
  const entries = into.flatMap((edge) => {
    const item = definition.inputs.get(edge.targetPort);
    return item ? [{ edge, item }] : [];
  });
  // An edge from outside takes the place of one within, but for ports that take many.
  const replaced = new Set(
    entries
      .filter(({ item }) => catalogue.single(typeOf(item.node), item.param))
      .map(({ item }) => `${item.node}\n${item.param}`),
  );
  const within = inOrder(definition.edges.values()).filter(
    (edge) => !replaced.has(`${edge.target}\n${edge.targetPort}`),
  );
  const changes: Change[] = [
    ...remove(view, { nodes: [id] }),
    ...[...definition.nodes.values()].map((node) => broughtOut(node, outer, definition, ids.get(node.id)!)),
    ...within.map((edge) =>
      wire(catalogue, typeOf(edge.target), {
        ...edge,
        source: ids.get(edge.source)!,
        target: ids.get(edge.target)!,
      }),
    ),
    ...entries.map(({ edge, item }) =>
      wire(catalogue, typeOf(item.node), { ...edge, target: ids.get(item.node)!, targetPort: item.param }),
    ),
    ...outOf.flatMap((edge) => {
      const item = definition.outputs.get(edge.sourcePort);
      const kind = view.nodes.get(edge.target)!.type;
      return item ? [wire(catalogue, kind, { ...edge, source: ids.get(item.node)!, sourcePort: item.port })] : [];
    }),
    ...exposuresOf(view, id, definition, ids),
    ...framesOf(definition, outer, view),
  ];
  return { changes, nodes: [...ids.values()] };
}

export function edgesAround(view: GraphView, id: string): [EdgeView[], EdgeView[]] {
  const all = inOrder(view.edges.values());
  return [all.filter((edge) => edge.target === id), all.filter((edge) => edge.source === id)];
}

/** With the outer node's values, place, mode, and what it says of retries, time and tags where the node says nothing. */
function broughtOut(node: NodeView, outer: NodeView, definition: GraphView, fresh: string): Change {
  const { id, params, ...fields } = node;
  const given = [...definition.inputs.values()].filter((item) => item.node === id && item.name in outer.params);
  return {
    op: "node.create",
    id: fresh,
    params: { ...params, ...Object.fromEntries(given.map((item) => [item.param, outer.params[item.name]!])) },
    node: {
      ...fields,
      x: node.x + outer.x,
      y: node.y + outer.y,
      mode: outer.mode === "active" ? node.mode : outer.mode,
      retries: node.retries || outer.retries,
      retry_delay_s: node.retry_delay_s ?? outer.retry_delay_s,
      retry_jitter_factor: node.retry_jitter_factor ?? outer.retry_jitter_factor,
      timeout_s: node.timeout_s ?? outer.timeout_s,
      max_parallel: node.max_parallel ?? outer.max_parallel,
      tags: [...new Set([...node.tags, ...outer.tags])],
    },
  };
}

function exposuresOf(view: GraphView, id: string, definition: GraphView, ids: ReadonlyMap<string, string>): Change[] {
  const inputs = [...view.inputs.values()].filter((item) => item.node === id);
  const outputs = [...view.outputs.values()].filter((item) => item.node === id);
  return [
    ...inputs.flatMap((item): Change[] => {
      const found = definition.inputs.get(item.param);
      const input = found && { name: item.name, node: ids.get(found.node)!, param: found.param };
      return input ? [{ op: "input.set", input }] : [];
    }),
    ...outputs.flatMap((item): Change[] => {
      const found = definition.outputs.get(item.port);
      const output = found && { name: item.name, node: ids.get(found.node)!, port: found.port };
      return output ? [{ op: "output.set", output }] : [];
    }),
  ];
}

function framesOf(definition: GraphView, outer: NodeView, view: GraphView): Change[] {
  const free = (id: string, known: ReadonlyMap<string, unknown>) => (known.has(id) ? `${id}-${outer.id}` : id);
  return contents({ ...EMPTY_GRAPH, groups: definition.groups, notes: definition.notes }).map((change): Change => {
    if (change.op === "group.set")
      return { ...change, group: shifted(change.group, outer, free(change.group.id, view.groups)) };
    if (change.op === "note.set")
      return { ...change, note: shifted(change.note, outer, free(change.note.id, view.notes)) };
    return change;
  });
}

function shifted<T extends { id: string; x: number; y: number }>(item: T, by: { x: number; y: number }, id: string): T {
  return { ...item, id, x: item.x + by.x, y: item.y + by.y };
}
