import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nothingWrong } from "./axe";
import { CHAIN, makeGraph, makeNodeType, Person } from "./person";
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
const scope = () => me.page.getByRole("status", { name: "Whose run is shown" });
const back = (to: string) => me.page.getByRole("navigation", { name: "Graphs around this one" }).getByText(to).click();
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
    // What the run did in here is shown, with how long it took.
    for (const id of ["blur", "soft"]) await me.sees(() => word(id), "Done");
    for (const id of ["blur", "soft"]) await me.node(id).locator(".node-preview img").waitFor();
    expect(await me.node("blur").locator(".node-facts .figure").textContent()).toMatch(/\d m?s$/);
    await me.sees(() => scope().textContent(), "Run of Test graphShow own runs");
    await me.page.getByRole("button", { name: "image", exact: true }).click();
    await me.sees(() => me.page.locator(".react-flow__node.selected").getAttribute("data-id"), "soft");
    expect(await me.page.getByPlaceholder("Search nodes", { exact: true }).count()).toBe(0);
    await nothingWrong(me, "an open subgraph", ".topbar");
    await snap("opened");
    await back("Test graph");
    await me.sees(async () => (await me.nodes()).includes(node), true);
    await me.sees(() => word(node), "Done");

    await me.select(node);
    await me.press("Control+Alt+G");
    await me.sees(async () => (await me.nodes()).length, 4);
    const types = async () => Object.values((await documentOf(graph)).nodes as Record<string, { type: string }>).map(({ type }) => type).sort();
    await me.sees(types, ["test.blur", "test.blur", "test.image", "test.save"]);
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
    await nothingWrong(me, "a subgraph that has a newer version", ".stage");
    await snap("update");
    await me.node(node).getByRole("button", { name: "Update to 2" }).click();
    await me.sees(() => me.node(node).getByRole("button", { name: /^Update/ }).count(), 0);
    await me.sees(async () => (await documentOf(graph)).nodes[node].type, "graph.updated@2");
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

  it("has the names that are chosen for its ports, and wires follow where they are called otherwise later", async () => {
    const nodes = { under: { type: "test.image" }, over: { type: "test.image", y: 240 }, mix: { type: "test.blend", x: 320 }, save: { type: "test.save", x: 640 } };
    const edges = ["under.image > mix.base", "over.image > mix.layer", "mix.image > save.image"];
    const graph = await makeGraph(stack, { nodes, edges });
    me = await Person.arrive(stack, graph);
    await me.select("mix");
    await me.press("Control+Shift+G", "Escape", "Control+Shift+G");
    const type = async (...texts: string[]) => {
      for (const text of texts) {
        await me.page.keyboard.type(text);
        await me.press("Tab");
      }
    };
    const named = () => me.page.getByRole("dialog").locator(".port-name input").evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
    const wrong = () => me.page.locator(".port-name .wrong").allTextContents();
    await type("Mixer", "layer");
    await me.sees(wrong, ["Another input has this name.", "Another input has this name."]);
    await snap("names");
    await me.press("Enter");
    await me.page.keyboard.type("below");
    await me.sees(wrong, []);
    await me.press("Tab", "Tab");
    await me.page.keyboard.type("mixed");
    expect(await named()).toEqual(["below", "layer", "mixed"]);
    await me.press("Enter");
    await me.sees(async () => (await me.nodes()).includes("mix"), false);
    const node = (await me.nodes()).find((id) => !(id in nodes))!;
    await me.sees(() => me.edges(), [`${node}:below`, `${node}:layer`, "save:image"].sort());

    await me.select(node);
    await me.press("Enter");
    await me.sees(() => me.nodes(), ["mix"]);
    await me.select("mix");
    await me.page.getByRole("checkbox", { name: "Input Layer" }).uncheck();
    // What takes a port away from others is asked about, by the button as well.
    await me.page.getByRole("button", { name: "Publish", exact: true }).click();
    await me.page.getByText("layer goes away.").waitFor();
    await me.press("Escape", "Control+Z");
    await me.press("Control+K");
    await me.page.getByRole("textbox", { name: "Command" }).fill("Publish as a node");
    await me.press("Enter");
    await me.sees(named, ["below", "layer", "mixed"]);
    await me.page.getByRole("textbox", { name: "Output from Blend · image" }).fill("result");
    await me.page.getByText("Was “mixed”: wires to it follow").waitFor();
    await snap("names-next");
    await me.press("Enter");
    await me.page.getByText("Published", { exact: true }).waitFor();
    await me.page.goBack();
    await me.node(node).getByRole("button", { name: "Update to 2" }).click();
    const wires = async () => {
      const all = (await documentOf(graph)).edges as { source: { node: string; port: string } }[];
      return all.map(({ source }) => `${source.node}.${source.port}`).sort();
    };
    await me.sees(wires, [`${node}.result`, "over.image", "under.image"].sort());
    await me.sees(() => me.edges(), [`${node}:below`, `${node}:layer`, "save:image"].sort());
    await snap("names-updated");
  });

  it("shows what a run of the graph around does within it, on any depth, while it runs and afterwards", async () => {
    const image = { name: "image", param: "image" };
    const one = { name: "One", nodes: { one: { type: "test.blur" } }, inputs: [{ ...image, node: "one" }], outputs: [{ name: "image", node: "one", port: "image" }] };
    const twice = {
      name: "Twice",
      nodes: { first: { type: await makeNodeType(stack, one) }, slow: { type: "test.slow", x: 320, params: { seconds: 60 } } },
      edges: ["first.image > slow.in"],
      inputs: [{ ...image, node: "first" }],
      outputs: [{ name: "out", node: "slow", port: "out" }],
    };
    const nodes = { image: { type: "test.image" }, twice: { type: await makeNodeType(stack, twice), x: 320 } };
    me = await Person.arrive(stack, await makeGraph(stack, { nodes, edges: ["image.image > twice.image"] }));
    await me.select("twice");
    await me.press("Control+Enter");
    await me.sees(() => me.node("twice").locator(".node-within").textContent(), "slow");
    await me.press("Enter");
    await me.sees(() => me.nodes(), ["first", "slow"]);
    await me.sees(() => word("slow"), "Running");
    await me.sees(() => word("first"), "Done");
    await snap("live");
    await me.select("first");
    await me.press("Enter");
    await me.sees(() => me.nodes(), ["one"]);
    await me.sees(() => word("one"), "Done");
    await me.node("one").locator(".node-preview img").waitFor();
    await snap("nested");
    await back("Twice");
    await me.sees(() => word("slow"), "Running");
    await me.press("Control+Alt+Enter");
    await me.sees(() => word("slow"), "Cancelled");
    await me.sees(() => scope().textContent(), "Run of Test graphShow own runs");

    await me.select("slow");
    await me.press("Delete");
    await me.sees(() => scope().textContent(), "Run of Test graphThis graph has changed sinceShow own runs");
    expect(await word("first")).toBe("Done");
    await snap("changed");
    await me.press("Control+Z");
    await me.sees(() => scope().textContent(), "Run of Test graphShow own runs");
    await me.page.reload();
    await me.sees(() => word("slow"), "Cancelled");
    await scope().getByRole("button", { name: "Show own runs" }).click();
    await me.sees(() => me.page.locator(".node-word").count(), 0);
    await snap("own");
    await scope().getByRole("button", { name: "Show the run of Test graph" }).click();
    await me.sees(() => word("first"), "Done");
    await back("Test graph");
    await me.sees(() => word("twice"), "Cancelled");
    // Opened by itself, it is none of that run's business.
    await me.page.getByRole("tab", { name: "Graphs" }).click();
    await me.page.getByRole("link", { name: /^Twice/ }).click();
    await me.sees(() => me.nodes(), ["first", "slow"]);
    expect([await scope().count(), await me.page.locator(".trail, .node-word").count()]).toEqual([0, 0]);
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
    await me.select(node);
    await me.press("Enter");
    await me.sees(() => me.nodes(), ["bad"]);
    await me.node("bad").locator(".node-error").click();
    expect(await me.page.locator(".traceback").textContent()).toContain("nodes.py");
    await me.press("Escape");
    await snap("failed-within");
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
    await me.page.getByText("No subgraph of these").waitFor();
    expect(await me.page.getByRole("dialog").count()).toBe(0);
    expect(await me.nodes()).toEqual(["blur", "image", "save"]);
  });
});
