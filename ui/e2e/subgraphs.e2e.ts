import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CHAIN, makeGraph, Person } from "./person";
import { type Stack, startStack } from "./stack";

let stack: Stack;
let me: Person;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());
afterEach(() => me.leave());

const status = () => me.page.locator(".run-status > span").nth(1).textContent();
const word = (id: string) => me.node(id).locator(".node-word").textContent();
const name = () => me.page.getByLabel("Name of the graph").inputValue();
const documentOf = async (id: string) => (await (await fetch(`${stack.url}/api/graph/${id}`)).json()).graph;
const snap = async (to: string) => {
  if (process.env.VORTEX_SNAPS) await me.page.screenshot({ path: `${process.env.VORTEX_SNAPS}/${to}.png` });
};

/** image → blur → soft → save, of which blur and soft become one node; its id. */
async function chainWithSubgraph(title: string): Promise<{ graph: string; node: string }> {
  const graph = await makeGraph(stack, {
    nodes: { ...CHAIN.nodes, soft: { type: "test.blur", x: 480, y: 220 } },
    edges: ["image.image > blur.image", "blur.image > soft.image", "soft.image > save.image"],
    outputs: [{ name: "picture", node: "soft", port: "image" }],
  });
  me = await Person.arrive(stack, graph);
  await me.sees(() => me.nodes(), ["blur", "image", "save", "soft"]);
  await me.select("blur");
  await me.select("soft", true);
  await me.press("Control+Shift+G");
  await snap("make");
  await me.page.getByLabel("Name", { exact: true }).fill(title);
  await me.press("Enter");
  await me.sees(async () => (await me.nodes()).length, 3);
  const node = (await me.nodes()).find((id) => id !== "image" && id !== "save")!;
  return { graph, node };
}

describe("a subgraph", () => {
  it("is made of the selection with its wires, runs, is opened, and is unpacked; undo takes each back", async () => {
    const { graph, node } = await chainWithSubgraph("Soft focus");
    await me.sees(() => me.edges(), [`save:image`, `${node}:image`].sort());
    expect(await me.node(node).locator(".node-title").textContent()).toBe("Soft focus");
    await me.press("Control+Z");
    await me.sees(() => me.nodes(), ["blur", "image", "save", "soft"]);
    await me.press("Control+Shift+Z");
    await me.sees(async () => (await me.nodes()).includes(node), true);

    await me.press("Control+Enter");
    await me.sees(status, "completed");
    expect(await word(node)).toBe("Done");
    await me.node(node).locator(".node-preview img").waitFor();
    const { executions } = await (await fetch(`${stack.url}/api/execution?graph_id=${graph}&limit=1`)).json();
    expect(Object.keys(executions[0].nodes).sort()).toEqual(["image", "save", `${node}:blur`, `${node}:soft`].sort());
    await me.press("Escape");
    await me.page.getByRole("tab", { name: "Outputs" }).click();
    await me.page.getByRole("button", { name: "picture", exact: true }).click();
    await me.sees(() => me.page.locator(".react-flow__node.selected").getAttribute("data-id"), node);
    await snap("made");

    await me.node(node).locator(".node-head").dblclick({ position: { x: 120, y: 12 } });
    await me.sees(() => me.nodes(), ["blur", "soft"]);
    await me.sees(name, "Soft focus");
    expect(await me.page.getByPlaceholder("Search nodes", { exact: true }).count()).toBe(0);
    await snap("opened");
    await me.page.getByRole("navigation", { name: "Graphs around this one" }).getByText("Test graph").click();
    await me.sees(async () => (await me.nodes()).includes(node), true);

    await me.select(node);
    await me.press("Control+Alt+G");
    await me.sees(async () => (await me.nodes()).length, 4);
    const types = Object.values((await documentOf(graph)).nodes as Record<string, { type: string }>).map(({ type }) => type);
    expect(types.sort()).toEqual(["test.blur", "test.blur", "test.image", "test.save"]);
    expect((await me.edges()).length).toBe(3);
    await me.sees(() => me.page.getByRole("spinbutton", { name: "Radius" }).count(), 2);
    await snap("unpacked");
    await me.press("Control+Z");
    await me.sees(async () => (await me.nodes()).includes(node), true);
  });

  it("offers the version that was published since, and takes it", async () => {
    const { graph, node } = await chainWithSubgraph("Updated");
    await me.select(node);
    await me.press("Enter");
    await me.sees(() => me.nodes(), ["blur", "soft"]);
    await me.select("soft");
    await me.press("Control+Backspace");
    await me.sees(() => me.nodes(), ["blur"]);
    await me.select("blur");
    await me.page.getByRole("checkbox", { name: "Output Image" }).check();
    await me.page.getByRole("button", { name: "Publish", exact: true }).click();
    await me.page.getByText("Published", { exact: true }).waitFor();
    await me.page.goBack();
    await me.node(node).getByRole("button", { name: "Update to 2" }).waitFor();
    await snap("update");
    await me.node(node).getByRole("button", { name: "Update to 2" }).click();
    await me.sees(() => me.node(node).getByRole("button", { name: /^Update/ }).count(), 0);
    expect((await documentOf(graph)).nodes[node].type).toBe("graph.updated@2");
    await me.press("Control+Enter");
    await me.sees(status, "completed");

    // The graph of that run is opened as it was drawn, not as it ran.
    await me.press("q");
    const entry = me.page.locator(".run-entry").first();
    await entry.hover();
    await entry.getByRole("button", { name: "Open the graph of this run" }).click();
    await me.sees(async () => (await name()).startsWith("Test graph (run"), true);
    await me.sees(() => me.nodes(), ["image", "save", node].sort());
    expect(await me.node(node).locator(".node-title").textContent()).toBe("Updated");
  });

  it("says which node within failed", async () => {
    const graph = await makeGraph(stack, { nodes: { image: { type: "test.image" }, bad: { type: "test.fail", x: 320 } }, edges: ["image.image > bad.image"] });
    me = await Person.arrive(stack, graph);
    await me.sees(() => me.nodes(), ["bad", "image"]);
    await me.node("bad").locator(".node-head").click({ button: "right", position: { x: 120, y: 12 } });
    await me.page.getByRole("menuitem", { name: "Make a subgraph…" }).click();
    await me.page.getByLabel("Name", { exact: true }).fill("Hopeless");
    await me.page.getByRole("button", { name: "Make", exact: true }).click();
    await me.sees(async () => (await me.nodes()).includes("bad"), false);
    const node = (await me.nodes()).find((id) => id !== "image")!;
    await me.press("Control+Enter");
    await me.sees(status, "failed");
    expect(await me.node(node).locator(".node-error").textContent()).toContain("bad: ");
    await me.node(node).locator(".node-error").click();
    await me.page.getByRole("heading", { name: `WK-003 in ${node}:bad` }).waitFor();
    await me.press("Escape");
    await snap("failed");
  });

  it("is found among the nodes by others, who have the page open already", async () => {
    const other = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await chainWithSubgraph("Shared look");
    await other.press("Control+K");
    await other.page.getByRole("textbox", { name: "Command" }).fill("Shared look");
    await other.page.getByRole("option", { name: /Add Shared look/ }).click();
    await other.sees(async () => (await other.nodes()).length, 4);
    await other.leave();
  });

  it("is refused where the node would feed itself", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.select("image");
    await me.select("save", true);
    await me.press("Control+Shift+G");
    await me.press("Enter");
    await me.page.getByText("No subgraph of these").waitFor();
    expect(await me.nodes()).toEqual(["blur", "image", "save"]);
    await me.press("Escape");
  });
});
