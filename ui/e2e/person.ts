// Somebody in front of the editor: what they do with mouse and keys, and what they see.

import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Stack } from "./stack";

export interface Place {
  x: number;
  y: number;
}

interface StoredGraph {
  nodes: Record<string, { type: string; params: Record<string, unknown>; position: Place; title: string | null; mode: string }>;
  outputs: { name: string; node: string; port: string }[];
  groups: unknown[];
  notes: unknown[];
}

type Document = {
  name?: string;
  nodes: Record<string, { type: string; x?: number; y?: number; params?: object }>;
  edges?: string[];
  inputs?: object[];
  outputs?: object[];
};

/** A graph as the API takes it; edges are `a.image > b.image`. */
export async function makeGraph(stack: Stack, { name = "Test graph", nodes, edges = [], inputs = [], outputs = [] }: Document): Promise<string> {
  const end = (text: string) => ({ node: text.split(".")[0], port: text.split(".")[1] });
  const document = {
    schema: "vortex.graph/1",
    name,
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([id, { type, x = 0, y = 0, params = {} }]) => [id, { type, params, position: { x, y } }]),
    ),
    edges: edges.map((edge) => ({ source: end(edge.split(" > ")[0]!), target: end(edge.split(" > ")[1]!) })),
    inputs,
    outputs,
  };
  return (await post<{ id: string }>(stack, "/api/graph", document)).id;
}

/** A graph that is a node type; its type. */
export async function makeNodeType(stack: Stack, document: Document): Promise<string> {
  return (await post<{ type: string }>(stack, `/api/graph/${await makeGraph(stack, document)}/publish`, {})).type;
}

async function post<T>(stack: Stack, path: string, body: object): Promise<T> {
  const headers = { "Content-Type": "application/json", ...(stack.token ? { Authorization: `Bearer ${stack.token}` } : {}) };
  const answer = await fetch(stack.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(201);
  return (await answer.json()) as T;
}

/** Three nodes in a row: picture → blur → save. */
export const CHAIN: Document = {
  nodes: {
    image: { type: "test.image" },
    blur: { type: "test.blur", x: 320 },
    save: { type: "test.save", x: 640 },
  },
  edges: ["image.image > blur.image", "blur.image > save.image"],
  outputs: [{ name: "picture", node: "blur", port: "image" }],
};

const MOST_TABS = 80;
/** Shorter than a test may take: it is told what was waited for. */
const LONGEST_WAIT_MS = 10_000;

export class Person {
  readonly faults: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on("pageerror", (error) => this.faults.push(String(error)));
  }

  static async arrive(stack: Stack, graph: string | null, options: { colorScheme?: "light" | "dark"; viewport?: { width: number; height: number } } = {}): Promise<Person> {
    const context = await stack.browser.newContext({
      viewport: { width: 1280, height: 720 },
      permissions: ["clipboard-read", "clipboard-write"],
      reducedMotion: "reduce",
      colorScheme: "dark",
      ...options,
    });
    context.setDefaultTimeout(LONGEST_WAIT_MS);
    const person = new Person(context, await context.newPage());
    await person.page.goto(graph ? `${stack.url}/#${graph}` : stack.url);
    if (graph) {
      await person.page.locator('.connection[data-kind="good"]').waitFor();
      await person.page.locator(".react-flow__viewport").waitFor();
    }
    return person;
  }

  /** Nothing may have gone wrong in the page by the time a person leaves. */
  async leave(): Promise<void> {
    await this.context.close();
    expect(this.faults).toEqual([]);
  }

  node(id: string): Locator {
    return this.page.locator(`.react-flow__node[data-id="${id}"]`);
  }

  /** The ids of all nodes. */
  async nodes(): Promise<string[]> {
    const ids = await this.page.locator(".react-flow__node-node").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.id!));
    return ids.sort();
  }

  /** The keys of all edges. */
  async edges(): Promise<string[]> {
    const ids = await this.page.locator(".react-flow__edge").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.id!));
    return ids.sort();
  }

  /** Waits until something is so. */
  async sees<T>(look: () => Promise<T>, wanted: T): Promise<void> {
    await expect.poll(look, { timeout: 8000, interval: 30 }).toEqual(wanted);
  }

  port(node: string, port: string, side: "source" | "target"): Locator {
    return this.node(node).locator(`.port.${side}[data-handleid="${port}"]`);
  }

  async middle(of: Locator): Promise<Place> {
    const box = (await of.boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  async drag(from: Place, to: Place, options: { keep?: boolean } = {}): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 3 });
    await mouse.move(to.x, to.y, { steps: 3 });
    if (!options.keep) await mouse.up();
  }

  /** Draws a wire from an output to somewhere. */
  async wire(node: string, port: string, to: Locator | Place): Promise<void> {
    const from = await this.middle(this.port(node, port, "source"));
    await this.drag(from, "x" in to ? to : await this.middle(to));
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Goes on with Tab until something has the focus. */
  async tabTo(there: () => boolean): Promise<void> {
    for (let times = 0; times < MOST_TABS; times += 1) {
      await this.press("Tab");
      if (await this.page.evaluate(there)) return;
    }
    throw new Error(`nothing of that after ${MOST_TABS} presses of Tab`);
  }

  /** Lets a file fall on the canvas. */
  async dropFile(name: string, type: string, content: Buffer): Promise<void> {
    const data = await this.page.evaluateHandle(
      ({ name, type, bytes }) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
        return transfer;
      },
      { name, type, bytes: [...content] },
    );
    await this.page.locator(".react-flow__pane").dispatchEvent("drop", { dataTransfer: data, clientX: 640, clientY: 400 });
  }

  /** A key by its place, with what the layout in use writes there. */
  async physical(code: string, key: string, { ctrl = false } = {}): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    const event = { code, key, modifiers: ctrl ? 2 : 0, windowsVirtualKeyCode: code.charCodeAt(3) };
    await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...event });
    await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
    await session.detach();
  }

  /** The open graph as the server has it. */
  async stored(): Promise<StoredGraph> {
    const { origin, hash } = new URL(this.page.url());
    return ((await (await fetch(`${origin}/api/graph/${hash.slice(1)}`)).json()) as { graph: StoredGraph }).graph;
  }

  async select(id: string, more = false): Promise<void> {
    await this.node(id).locator(".node-head").click({ modifiers: more ? ["Shift"] : [], position: { x: 120, y: 12 } });
  }

  /** An empty place of the canvas. */
  get nowhere(): Place {
    return { x: 640, y: 560 };
  }

  async toNowhere(): Promise<void> {
    await this.page.mouse.move(this.nowhere.x, this.nowhere.y);
  }
}
