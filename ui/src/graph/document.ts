// Between the graph that the editor shows and the document `vortex.graph/1` of files and of the API.

import type { Graph, Node } from "../contract/api";
import type { Catalogue } from "./catalogue";
import { type Change, edgeKey, type GraphView, inOrder, type Json, NODE_DEFAULTS, type Params } from "./model";

export const SCHEMA = "vortex.graph/1";

/** The document of a graph; what has its default is left out. */
export function toDocument(view: GraphView): Graph {
  return {
    schema: SCHEMA,
    name: view.name,
    nodes: Object.fromEntries(
      [...view.nodes].map(([id, { id: _, x, y, collapsed: __, pinned: ___, params, ...fields }]) => [
        id,
        { ...withoutDefaults(fields), params, position: { x, y } } as Node,
      ]),
    ),
    edges: inOrder(view.edges.values()).map((edge) => ({
      source: { node: edge.source, port: edge.sourcePort },
      target: { node: edge.target, port: edge.targetPort },
    })),
    inputs: [...view.inputs.values()],
    outputs: [...view.outputs.values()],
    groups: [...view.groups.values()].map(({ x, y, width, height, ...rest }) => ({
      ...rest,
      position: { x, y },
      size: { width, height },
    })),
    notes: [...view.notes.values()].map(({ x, y, width, height, ...rest }) => ({
      ...rest,
      position: { x, y },
      size: { width, height },
    })),
  };
}

function withoutDefaults(fields: Record<string, unknown>): Record<string, unknown> {
  const defaults: Record<string, unknown> = NODE_DEFAULTS;
  const isDefault = (name: string, value: unknown) => JSON.stringify(value) === JSON.stringify(defaults[name]);
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !isDefault(name, value)));
}

/** A document as a graph; `null` where the text is none. Edges' keys need the catalogue: lists have longer ones. */
export function fromDocument(document: Graph, catalogue: Catalogue): GraphView {
  const nodes = Object.entries(document.nodes ?? {}).map(([id, node]) => {
    const { params, position, ...fields } = node;
    const place = { x: position?.x ?? 0, y: position?.y ?? 0 };
    return [
      id,
      { ...NODE_DEFAULTS, ...present(fields), type: node.type, ...place, id, params: (params ?? {}) as Params },
    ] as const;
  });
  const types = new Map(nodes.map(([id, node]) => [id, node.type]));
  const edges = (document.edges ?? []).map(({ source, target }, order) => {
    const edge = { source: source.node, sourcePort: source.port, target: target.node, targetPort: target.port };
    const key = edgeKey(edge, catalogue.single(types.get(target.node) ?? "", target.port));
    return [key, { ...edge, key, order }] as const;
  });
  const frame = (item: { position?: { x?: number; y?: number }; size?: { width?: number; height?: number } }) => ({
    x: item.position?.x ?? 0,
    y: item.position?.y ?? 0,
    width: item.size?.width ?? 0,
    height: item.size?.height ?? 0,
  });
  return {
    name: document.name ?? "",
    nodes: new Map(nodes),
    edges: new Map(edges),
    groups: new Map(
      (document.groups ?? []).map((group) => [
        group.id,
        { id: group.id, title: group.title ?? "", color: group.color ?? null, ...frame(group) },
      ]),
    ),
    notes: new Map(
      (document.notes ?? []).map((note) => [
        note.id,
        { id: note.id, text: note.text ?? "", color: note.color ?? null, ...frame(note) },
      ]),
    ),
    inputs: new Map((document.inputs ?? []).map((input) => [input.name, input])),
    outputs: new Map((document.outputs ?? []).map((output) => [output.name, output])),
  };
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as Partial<T>;
}

/** Everything that makes a graph into another one's content, for imports into an open graph. */
export function contents(view: GraphView): Change[] {
  return [
    ...[...view.nodes.values()].map(({ id, params, ...node }): Change => ({ op: "node.create", id, node, params })),
    ...[...view.edges.values()].map((edge): Change => ({ op: "edge.create", edge })),
    ...[...view.groups.values()].map((group): Change => ({ op: "group.set", group })),
    ...[...view.notes.values()].map((note): Change => ({ op: "note.set", note })),
    ...[...view.inputs.values()].map((input): Change => ({ op: "input.set", input })),
    ...[...view.outputs.values()].map((output): Change => ({ op: "output.set", output })),
  ];
}

/** Whether a JSON value looks like a workflow of ComfyUI, in one of its two forms. */
export function isWorkflow(data: unknown): boolean {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  const { nodes, prompt } = data as Record<string, unknown>;
  const isNode = (value: unknown) => typeof (value as { class_type?: unknown } | null)?.class_type === "string";
  return Array.isArray(nodes) || [data, prompt].some((table) => Object.values(table ?? {}).some(isNode));
}

/** Whether a JSON value looks like a graph's document. */
export function isDocument(data: unknown): data is Graph {
  return typeof data === "object" && data !== null && (data as { schema?: Json }).schema === SCHEMA;
}
