import type { NodeSpec, OutputSpec, ParamSpec } from "../contract/api";

/** A place where an edge may end: an input, or a parameter that the edge overrides. */
export interface TargetPort {
  name: string;
  type: string;
  list: boolean;
  required: boolean;
  param: ParamSpec | null;
  doc: string;
}

/** The node types by name, with what the editor asks of them again and again. */
export class Catalogue {
  readonly types: readonly NodeSpec[];
  /** Those that may be added: not older versions of published graphs, nor what was withdrawn. */
  readonly offered: readonly NodeSpec[];
  readonly #specs: ReadonlyMap<string, NodeSpec>;
  readonly #targets = new Map<string, readonly TargetPort[]>();

  constructor(types: readonly NodeSpec[]) {
    this.types = types;
    this.offered = types.filter((spec) => !spec.hidden);
    this.#specs = new Map(types.map((spec) => [spec.type, spec]));
  }

  get(type: string): NodeSpec | undefined {
    return this.#specs.get(type);
  }

  /** Where edges into a node of this type may end; inputs first. */
  targets(type: string): readonly TargetPort[] {
    const known = this.#targets.get(type);
    if (known) return known;
    const spec = this.get(type);
    const found = spec ? [...spec.inputs.map(inputPort), ...spec.params.map(paramPort)] : [];
    this.#targets.set(type, found);
    return found;
  }

  target(type: string, port: string): TargetPort | undefined {
    return this.targets(type).find((found) => found.name === port);
  }

  /** Whether a port is known to take one edge only. */
  single(type: string, port: string): boolean {
    return this.target(type, port)?.list === false;
  }

  output(type: string, port: string): OutputSpec | undefined {
    return this.get(type)?.outputs.find((found) => found.name === port);
  }
}

function inputPort(input: NodeSpec["inputs"][number]): TargetPort {
  const { name, type, list, required, doc } = input;
  return { name, type, list, required, param: null, doc };
}

function paramPort(param: ParamSpec): TargetPort {
  return { name: param.name, type: param.type, list: false, required: false, param, doc: param.doc };
}
