// What is wrong with the graph, by node: this page's own view at once, the server's a little later.

import { createStore } from "zustand/vanilla";
import type { ProblemResource } from "../contract/api";
import type { InputView } from "../graph/model";
import type { Problem } from "../graph/problems";
import { KeyedStore } from "./keyed";

const NONE: readonly Problem[] = [];

export class Problems {
  readonly all = createStore<{ list: readonly Problem[] }>(() => ({ list: NONE }));
  readonly #byNode = new KeyedStore<readonly Problem[]>();
  #local: readonly Problem[] = NONE;
  #server: readonly Problem[] = NONE;
  #given: ReadonlySet<string> = new Set();

  get = (node: string): readonly Problem[] | undefined => this.#byNode.get(node);
  subscribe = (node: string, listener: () => void): (() => void) => this.#byNode.subscribe(node, listener);

  /** `given`: what callers of the graph connect, who are there where it stands in another one. */
  setLocal(problems: readonly Problem[], given: readonly InputView[] = []): void {
    this.#given = new Set(given.map(({ node, param }) => `${node}\n${param}`));
    this.#local = problems;
    this.#update();
  }

  setServer(problems: readonly ProblemResource[]): void {
    this.#server = problems.map(({ code, message, hint, node_id, port }) => ({
      code,
      message,
      hint,
      node: node_id,
      port,
    }));
    this.#update();
  }

  /** The graph has changed: what the server said may no longer be so. */
  forgetServer(): void {
    this.#server = NONE;
  }

  #update(): void {
    const seen = new Set(this.#local.map(place));
    const all = [...this.#local, ...this.#server.filter((problem) => !seen.has(place(problem)))];
    const list = all.filter(({ code, node, port }) => code !== "VE-007" || !this.#given.has(`${node}\n${port}`));
    if (JSON.stringify(list) === JSON.stringify(this.all.getState().list)) return;
    const nodes = new Map<string, Problem[]>();
    for (const problem of list) {
      if (problem.node === null) continue;
      nodes.set(problem.node, [...(nodes.get(problem.node) ?? []), problem]);
    }
    for (const [id] of [...this.#byNode.entries()]) if (!nodes.has(id)) this.#byNode.set(id, NONE);
    for (const [id, problems] of nodes) {
      if (JSON.stringify(problems) !== JSON.stringify(this.#byNode.get(id))) this.#byNode.set(id, problems);
    }
    this.all.setState({ list });
  }
}

const place = ({ code, node, port }: Problem) => `${code} ${node} ${port}`;
