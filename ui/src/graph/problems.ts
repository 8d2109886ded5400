// What is wrong with a graph, as far as the browser can say while somebody types. The server's `validate` has the last
// word; the codes are its own.

import type { ParamSpec } from "../contract/api";
import type { Catalogue } from "./catalogue";
import type { GraphView, Json, NodeView } from "./model";
import { fitOf } from "./ports";
import { givenType } from "./wiring";

export interface Problem {
  code: string;
  message: string;
  hint: string;
  node: string | null;
  port: string | null;
}

type Connected = ReadonlyMap<string, ReadonlySet<string>>;

export function problemsOf(view: GraphView, catalogue: Catalogue): Problem[] {
  const connected = connectedPorts(view);
  const nodes = [...view.nodes.values()].filter((node) => node.mode === "active");
  return [
    ...nodes.flatMap((node) => nodeProblems(node, catalogue, connected)),
    ...[...view.edges.values()].flatMap((edge) => {
      const target = view.nodes.get(edge.target);
      const given = givenType(view, catalogue, edge.source, edge.sourcePort);
      const taken = target && catalogue.target(target.type, edge.targetPort);
      if (!given || !taken) return [];
      const found = fitOf(given, taken.type, taken.list);
      if (found.fits) return [];
      return [
        problem(
          "VE-006",
          found.reason,
          "Connect another output, or put a conversion between.",
          edge.target,
          edge.targetPort,
        ),
      ];
    }),
  ];
}

/** Node → ports that an edge ends at. */
export function connectedPorts(view: GraphView): Connected {
  const found = new Map<string, Set<string>>();
  for (const edge of view.edges.values()) {
    if (!view.nodes.has(edge.source)) continue;
    const ports = found.get(edge.target) ?? new Set();
    found.set(edge.target, ports.add(edge.targetPort));
  }
  return found;
}

function nodeProblems(node: NodeView, catalogue: Catalogue, connected: Connected): Problem[] {
  const spec = catalogue.get(node.type);
  if (!spec) {
    const hint = "Install the pack that has it, or replace the node.";
    return [problem("VE-003", `there is no node type ${node.type}`, hint, node.id, null)];
  }
  const ports = connected.get(node.id);
  const missing = spec.inputs.filter((input) => needed(input, node, spec.params) && !ports?.has(input.name));
  const unset = spec.params.filter(
    (param) => param.required && param.default == null && node.params[param.name] == null && !ports?.has(param.name),
  );
  return [
    ...missing.map((input) =>
      problem(
        "VE-007",
        `${input.name} is not connected`,
        `Connect an output of type ${input.type}.`,
        node.id,
        input.name,
      ),
    ),
    ...unset.map((param) =>
      problem("VE-007", `${param.name} has no value`, "Choose one, or connect it.", node.id, param.name),
    ),
    ...spec.params.flatMap((param) => {
      const value = node.params[param.name];
      const found = value === undefined || ports?.has(param.name) ? null : paramProblem(param, value);
      return found ? [problem(found.code, found.message, found.hint, node.id, param.name)] : [];
    }),
  ];
}

function needed(input: { required: boolean; when?: unknown }, node: NodeView, params: readonly ParamSpec[]): boolean {
  if (!input.required) return false;
  if (!Array.isArray(input.when)) return true;
  const [name, value] = input.when as [string, unknown];
  return (node.params[name] ?? params.find((param) => param.name === name)?.default) === value;
}

function problem(code: string, message: string, hint: string, node: string, port: string | null): Problem {
  return { code, message, hint, node, port };
}

type Wrong = { code: string; message: string; hint: string };

/** What is wrong with a parameter's value; null if nothing. */
export function paramProblem(param: ParamSpec, value: Json): Wrong | null {
  if (value === null) return param.default == null && !param.required ? null : wrongType(param, value);
  if (!hasType(param.type, value)) return wrongType(param, value);
  if (param.choices && !param.choices.includes(String(value))) {
    return { code: "VE-010", message: `${param.name} is ${short(value)}`, hint: `One of ${param.choices.join(", ")}.` };
  }
  const { min, max } = param.bounds ?? {};
  const number = Number(value);
  if (min != null && number < min) return outside(param, value, "below", min);
  if (max != null && number > max) return outside(param, value, "above", max);
  return null;
}

function hasType(type: ParamSpec["type"], value: Json): boolean {
  if (type === "JSON") return true;
  if (type === "BOOL") return typeof value === "boolean";
  if (type === "FLOAT") return typeof value === "number" && Number.isFinite(value);
  if (type === "INT") return typeof value === "string" ? /^-?\d{1,20}$/.test(value) : Number.isInteger(value);
  return typeof value === "string";
}

function wrongType(param: ParamSpec, value: Json): Wrong {
  return { code: "VE-009", message: `${param.name} is ${short(value)}`, hint: `A value of type ${param.type}.` };
}

function outside(param: ParamSpec, value: Json, where: string, limit: number): Wrong {
  const { min, max } = param.bounds!;
  const range = min != null && max != null ? `${min} to ${max}` : min != null ? `${min} or more` : `${max} or less`;
  return { code: "VE-010", message: `${param.name} = ${short(value)} is ${where} ${limit}`, hint: `${range}.` };
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
