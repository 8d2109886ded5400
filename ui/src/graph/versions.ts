// Versions of graphs that are nodes, and what becomes of a node that takes another one.

import type { Catalogue } from "./catalogue";
import type { Successors } from "./exposed";
import { type Change, type EdgeFields, type GraphView, inOrder, sharesPort } from "./model";
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
  const made = new Retyping(view, catalogue, id, type, next);
  made.edgesInto();
  made.edgesOutOf();
  made.values();
  made.exposures();
  return made.done();
}

/** What a port is called now; null where there is none any more. */
type NameNow = (name: string) => string | null;

class Retyping {
  readonly #view: GraphView;
  readonly #catalogue: Catalogue;
  readonly #id: string;
  readonly #type: string;
  readonly #target: NameNow;
  readonly #source: NameNow;
  readonly #value: NameNow;
  readonly #gone: Change[] = [];
  readonly #made: Change[] = [];
  readonly #lost: string[] = [];

  constructor(view: GraphView, catalogue: Catalogue, id: string, type: string, next: Successors) {
    [this.#view, this.#catalogue, this.#id, this.#type] = [view, catalogue, id, type];
    const spec = catalogue.get(type);
    this.#target = nameIn(next.inputs, catalogue.targets(type));
    this.#source = nameIn(next.outputs, spec?.outputs ?? []);
    this.#value = nameIn(next.inputs, spec?.params ?? []);
  }

  edgesInto(): void {
    for (const edge of edgesAround(this.#view, this.#id)[0]) {
      const there = (targetPort: string) => wire(this.#catalogue, this.#type, { ...edge, targetPort });
      const told = `the wire from ${this.#titleOf(edge.source)}`;
      this.#move(edge.targetPort, this.#target, { op: "edge.delete", key: edge.key }, there, told);
    }
  }

  edgesOutOf(): void {
    const crowded = new Set<string>();
    for (const edge of edgesAround(this.#view, this.#id)[1]) {
      const now = this.#source(edge.sourcePort);
      if (now !== null && now !== edge.sourcePort && sharesPort(edge.key)) {
        crowded.add(placeOf(edge));
        continue;
      }
      const there = (sourcePort: string) => this.#wire({ ...edge, sourcePort });
      const told = `the wire to ${this.#titleOf(edge.target)}`;
      this.#move(edge.sourcePort, this.#source, { op: "edge.delete", key: edge.key }, there, told);
    }
    this.#renew(crowded);
  }

  /** An edge into a list has its place behind all others: with it, all are put there anew, in their order. */
  #renew(crowded: ReadonlySet<string>): void {
    for (const edge of inOrder(this.#view.edges.values()).filter((one) => crowded.has(placeOf(one)))) {
      const sourcePort = edge.source === this.#id ? this.#source(edge.sourcePort) : edge.sourcePort;
      this.#gone.push({ op: "edge.delete", key: edge.key });
      if (sourcePort !== null) this.#made.push(this.#wire({ ...edge, sourcePort }));
    }
  }

  values(): void {
    const id = this.#id;
    for (const [name, value] of Object.entries(this.#view.nodes.get(id)!.params)) {
      const there = (now: string): Change => ({ op: "param.set", id, name: now, value });
      this.#move(name, this.#value, { op: "param.clear", id, name }, there, `the value of ${name}`);
    }
  }

  exposures(): void {
    const { inputs, outputs } = this.#view;
    for (const input of [...inputs.values()].filter(({ node }) => node === this.#id)) {
      const there = (param: string): Change => ({ op: "input.set", input: { ...input, param } });
      const away: Change = { op: "input.delete", name: input.name };
      this.#move(input.param, this.#target, away, there, `the input ${input.name}`);
    }
    for (const output of [...outputs.values()].filter(({ node }) => node === this.#id)) {
      const there = (port: string): Change => ({ op: "output.set", output: { ...output, port } });
      const away: Change = { op: "output.delete", name: output.name };
      this.#move(output.port, this.#source, away, there, `the output ${output.name}`);
    }
  }

  /** What is taken away goes first: ports may have changed names with each other. */
  done(): Retyped {
    const type: Change = { op: "node.type", id: this.#id, type: this.#type };
    return { changes: [type, ...this.#gone, ...this.#made], lost: this.#lost };
  }

  /** Takes something away and puts it in its new place, unless that is the old one. */
  #move(name: string, nameNow: NameNow, away: Change, there: (now: string) => Change, told: string): void {
    const now = nameNow(name);
    if (now === name) return;
    this.#gone.push(away);
    if (now === null) this.#lost.push(told);
    else this.#made.push(there(now));
  }

  #wire(edge: EdgeFields): Change {
    return wire(this.#catalogue, this.#view.nodes.get(edge.target)!.type, edge);
  }

  #titleOf(id: string): string {
    const node = this.#view.nodes.get(id);
    return node?.title ?? this.#catalogue.get(node?.type ?? "")?.title ?? id;
  }
}

function nameIn(names: ReadonlyMap<string, string>, ports: readonly { name: string }[]): NameNow {
  const there = new Set(ports.map(({ name }) => name));
  return (name) => {
    const now = names.get(name);
    return now !== undefined && there.has(now) ? now : null;
  };
}

const placeOf = ({ target, targetPort }: EdgeFields): string => `${target}\n${targetPort}`;
