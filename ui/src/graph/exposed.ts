// What a graph gives to callers and takes from them: the ports that its node has in other graphs, and their names.

import type { Catalogue } from "./catalogue";
import type { Change, GraphView, InputView, OutputView } from "./model";
import { givenType } from "./wiring";

/** The graphs behind node types that are graphs, by type. */
export type Definitions = ReadonlyMap<string, GraphView>;

export type Side = "inputs" | "outputs";
export const SIDES: readonly Side[] = ["inputs", "outputs"];

export interface Exposed {
  side: Side;
  name: string;
  /** The node within, and its port or parameter. */
  node: string;
  port: string;
}

/** An exposed port with what people are told of it. */
export interface PortLine extends Exposed {
  key: string;
  type: string | null;
  /** Node title · port. */
  from: string;
}

/** The name that a port is to have, by `keyOf`. */
export type PortNames = ReadonlyMap<string, string>;

const LONGEST = 200;

/** What a port is known by whatever it is called. */
export const keyOf = ({ side, node, port }: Omit<Exposed, "name">): string => `${side}\n${node}\n${port}`;

export function exposedOf(exposed: { inputs: Iterable<InputView>; outputs: Iterable<OutputView> }): Exposed[] {
  return [
    ...[...exposed.inputs].map(({ name, node, param }): Exposed => ({ side: "inputs", name, node, port: param })),
    ...[...exposed.outputs].map(({ name, node, port }): Exposed => ({ side: "outputs", name, node, port })),
  ];
}

/** With types as the graph around has them, and where they come from. */
export function linesOf(view: GraphView, catalogue: Catalogue, exposed: readonly Exposed[]): PortLine[] {
  return exposed.map((item) => {
    const node = view.nodes.get(item.node);
    const kind = node?.type ?? "";
    const target = item.side === "inputs" ? catalogue.target(kind, item.port) : undefined;
    const type = item.side === "inputs" ? (target?.type ?? null) : givenType(view, catalogue, item.node, item.port);
    const title = node?.title ?? catalogue.get(kind)?.title ?? item.node;
    return { ...item, key: keyOf(item), type, from: `${title} · ${item.port.replaceAll("_", " ")}` };
  });
}

/** What is wrong with each name, by key: of names that the server would refuse, and of no others. */
export function nameFaults(lines: readonly Exposed[], names: PortNames): Map<string, string> {
  const nameOf = (line: Exposed) => (names.get(keyOf(line)) ?? line.name).trim();
  const faults = new Map<string, string>();
  for (const line of lines) {
    const name = nameOf(line);
    const twice = lines.some((other) => other !== line && other.side === line.side && nameOf(other) === name);
    const fault = faultOf(name) ?? (twice ? `Another ${line.side.slice(0, -1)} has this name.` : null);
    if (fault) faults.set(keyOf(line), fault);
  }
  return faults;
}

function faultOf(name: string): string | null {
  if (name === "") return "A name is needed.";
  if ([...name].length > LONGEST) return `At most ${LONGEST} characters.`;
  // Half a character, which has no UTF-8.
  return /\p{Surrogate}/u.test(name) ? "This is no text." : null;
}

/** Gives exposures other names; their order stays. */
export function renameExposed(view: GraphView, names: PortNames): Change[] {
  const { inputs, outputs } = view;
  const named = <T extends Exposed>(line: T): string => names.get(keyOf(line))?.trim() ?? line.name;
  const lines = exposedOf({ inputs: inputs.values(), outputs: outputs.values() });
  return SIDES.flatMap((side) => {
    const all = lines.filter((line) => line.side === side);
    const first = all.findIndex((line) => named(line) !== line.name);
    // A new name has its place behind all others: who stood behind it goes there, too.
    const moved = first < 0 ? [] : all.slice(first);
    return side === "inputs"
      ? [
          ...moved.map(({ name }): Change => ({ op: "input.delete", name })),
          ...moved.map((line): Change => {
            return { op: "input.set", input: { name: named(line), node: line.node, param: line.port } };
          }),
        ]
      : [
          ...moved.map(({ name }): Change => ({ op: "output.delete", name })),
          ...moved.map((line): Change => {
            return { op: "output.set", output: { name: named(line), node: line.node, port: line.port } };
          }),
        ];
  });
}

/** The names that ports of one version have in another one, by side; what is missing there has gone. */
export type Successors = Readonly<Record<Side, ReadonlyMap<string, string>>>;

/**
 * What became of a version's ports: the port that leads to the same place within is the same, whatever it is called;
 * failing that, one of the same name, unless that one is another's successor.
 */
export function successors(before: readonly Exposed[], after: readonly Exposed[]): Successors {
  const of = (side: Side) => {
    const [old, now] = [before.filter((item) => item.side === side), after.filter((item) => item.side === side)];
    const found = new Map<string, string>();
    const free = new Set(now.map(({ name }) => name));
    const follow = (item: Exposed, fitting: readonly Exposed[]) => {
      const left = fitting.filter(({ name }) => free.has(name));
      const name = (left.find((one) => one.name === item.name) ?? left[0])?.name;
      if (name === undefined) return;
      found.set(item.name, name);
      free.delete(name);
    };
    for (const item of old) {
      const there = now.filter((one) => keyOf(one) === keyOf(item));
      follow(item, there);
    }
    for (const item of old) {
      const named = now.filter(({ name }) => name === item.name);
      if (!found.has(item.name)) follow(item, named);
    }
    return found;
  };
  return { inputs: of("inputs"), outputs: of("outputs") };
}

export interface PortChanges {
  renamed: { side: Side; name: string; was: string }[];
  gone: { side: Side; name: string }[];
}

/** What users of a version find changed in another one. */
export function portChanges(before: readonly Exposed[], after: readonly Exposed[]): PortChanges {
  const next = successors(before, after);
  const changes: PortChanges = { renamed: [], gone: [] };
  for (const { side, name: was } of before) {
    const name = next[side].get(was);
    if (name === undefined) changes.gone.push({ side, name: was });
    else if (name !== was) changes.renamed.push({ side, name, was });
  }
  return changes;
}
