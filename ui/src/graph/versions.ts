// Versions of graphs that are nodes, and what becomes of a node that takes another one.

import type { Catalogue } from "./catalogue";
import type { Successors } from "./exposed";
import type { Change, GraphView } from "./model";
import { edgesAround, wire } from "./subgraphs";

/** The type that is offered in place of one that has a newer version; null where there is none. */
export function updateOf(catalogue: Catalogue, type: string): string | null {
  if (!catalogue.get(type)?.hidden) return null;
  const stem = `${type.split("@")[0]}@`;
  const newer = catalogue.offered.find((spec) => spec.type.startsWith(stem));
  return newer && newer.version > (catalogue.get(type)?.version ?? 0) ? newer.type : null;
}

export interface Retyped {
  changes: Change[];
  /** Edges, exposures and values that have no place any more, as people read them. */
  lost: string[];
}

/**
 * A node of another version of its type. Edges, values and exposures of ports that have another name there, as `next`
 * says, follow; those of ports that this version lacks go.
 */
export function retype(view: GraphView, catalogue: Catalogue, id: string, type: string, next: Successors): Retyped {
  const node = view.nodes.get(id)!;
  const spec = catalogue.get(type);
  const outputs = new Set(spec?.outputs.map(({ name }) => name));
  const params = new Set(spec?.params.map(({ name }) => name));
  const targets = new Set(catalogue.targets(type).map(({ name }) => name));
  const place = (names: ReadonlyMap<string, string>, there: ReadonlySet<string>) => (name: string) => {
    const now = names.get(name);
    return now !== undefined && there.has(now) ? now : null;
  };
  const [target, source] = [place(next.inputs, targets), place(next.outputs, outputs)];
  const value = place(next.inputs, params);
  const titleOf = (other: string) => {
    const found = view.nodes.get(other);
    return found?.title ?? catalogue.get(found?.type ?? "")?.title ?? other;
  };
  const gone: Change[] = [];
  const made: Change[] = [];
  const lost: string[] = [];
  /** Takes something away and puts it in its new place, unless that is the old one. */
  const move = (name: string, now: string | null, away: Change, there: (now: string) => Change, told: string) => {
    if (now === name) return;
    gone.push(away);
    if (now === null) lost.push(told);
    else made.push(there(now));
  };
  const [into, outOf] = edgesAround(view, id);
  for (const edge of into) {
    const away: Change = { op: "edge.delete", key: edge.key };
    const there = (targetPort: string) => wire(catalogue, type, { ...edge, targetPort });
    move(edge.targetPort, target(edge.targetPort), away, there, `the wire from ${titleOf(edge.source)}`);
  }
  for (const edge of outOf) {
    const kind = view.nodes.get(edge.target)!.type;
    const away: Change = { op: "edge.delete", key: edge.key };
    const there = (sourcePort: string) => wire(catalogue, kind, { ...edge, sourcePort });
    move(edge.sourcePort, source(edge.sourcePort), away, there, `the wire to ${titleOf(edge.target)}`);
  }
  for (const [name, was] of Object.entries(node.params)) {
    const there = (now: string): Change => ({ op: "param.set", id, name: now, value: was });
    move(name, value(name), { op: "param.clear", id, name }, there, `the value of ${name}`);
  }
  for (const input of [...view.inputs.values()].filter((item) => item.node === id)) {
    const there = (param: string): Change => ({ op: "input.set", input: { ...input, param } });
    move(input.param, target(input.param), { op: "input.delete", name: input.name }, there, `the input ${input.name}`);
  }
  for (const output of [...view.outputs.values()].filter((item) => item.node === id)) {
    const there = (port: string): Change => ({ op: "output.set", output: { ...output, port } });
    const away: Change = { op: "output.delete", name: output.name };
    move(output.port, source(output.port), away, there, `the output ${output.name}`);
  }
  return { changes: [{ op: "node.type", id, type }, ...gone, ...made], lost };
}
