import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nothingWrong, soundDialog } from "./axe";
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

describe("a run", () => {
  it("shows its progress on the nodes, their pictures, and what it gives", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.page.getByRole("button", { name: "Run", exact: true }).click();
    await me.node("blur").locator('.node-frame[data-state="running"]').waitFor();
    await me.node("blur").getByRole("progressbar").waitFor();
    await me.sees(status, "completed");
    for (const id of ["image", "blur", "save"]) expect(await word(id)).toBe("Done");
    await me.node("blur").locator(".node-preview img").waitFor();
    await me.page.getByRole("tab", { name: "Outputs" }).click();
    await me.sees(() => me.page.locator(".output").count(), 1);
    await me.page.getByRole("button", { name: "picture, larger", exact: true }).click();
    await me.page.locator(".viewer img").waitFor();
    await soundDialog(me, "picture", () => document.activeElement?.className === "output-picture");
  });

  it("says on the node what failed, and shows the traceback", async () => {
    const nodes = { ...CHAIN.nodes, bad: { type: "test.fail", x: 320, y: 260 } };
    const graph = await makeGraph(stack, { nodes, edges: [...CHAIN.edges!, "image.image > bad.image"] });
    me = await Person.arrive(stack, graph);
    await me.press("Control+Enter");
    await me.sees(status, "failed");
    await me.node("bad").locator(".node-error").click();
    expect(await me.page.locator(".traceback").textContent()).toContain("nodes.py");
    await soundDialog(me, "WK-003 in bad", () => document.activeElement?.className.includes("node-error") ?? false);
    await nothingWrong(me, "a node that failed");
    expect(await word("save")).toBe("Done");
    // Among the runs it is said as well, and leads to the node.
    await me.press("q");
    await me.page.locator(".run-faults button").waitFor();
    await nothingWrong(me, "a run that failed", ".right");
    await me.select("bad");
    await me.page.getByRole("tab", { name: "Node", exact: true }).click();
    await me.page.getByRole("log", { name: "Log" }).getByText("a line of level 40").waitFor();
    await nothingWrong(me, "what a node said", ".right");
    await me.press("q");
    await me.page.locator(".run-faults button").filter({ hasText: "Fail WK-003" }).click();
    await me.sees(() => me.node("bad").getAttribute("class").then((all) => all?.includes("selected")), true);
    // From afar, where no text can be read, the node is painted in the colour of what is wrong.
    await me.press("Escape");
    const far = async () => {
      await me.press("Minus");
      return me.page.locator(".canvas[data-far]").count();
    };
    await me.sees(far, 1);
    const back = (id: string) => me.node(id).locator(".node").evaluate((node) => getComputedStyle(node).backgroundColor);
    await me.sees(async () => (await back("bad")) !== (await back("save")), true);
    await nothingWrong(me, "a graph from afar", ".stage");
  });

  it("is cancelled", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, { nodes: { slow: { type: "test.slow", params: { seconds: 60 } } } }));
    await me.press("Control+Enter");
    await me.node("slow").locator('.node-frame[data-state="running"]').waitFor();
    await me.page.getByRole("button", { name: "Cancel" }).click();
    await me.sees(status, "cancelled");
  });

  it("goes only as far as the node that is asked for", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.select("blur");
    await me.press("Shift+R");
    await me.sees(status, "completed");
    expect(await word("blur")).toBe("Done");
    // Nothing of it stays in the graph, and what is not given to callers can be run to as well.
    await me.select("image");
    await me.press("Shift+R");
    await me.sees(async () => (await me.node("blur").locator(".node-word").allTextContents()).join(), "Skipped");
    expect((await me.stored()).outputs.map(({ name }) => name)).toEqual(["picture"]);
    await me.sees(async () => (await me.node("save").locator(".node-word").allTextContents()).join(), "Skipped");
  });

  it("has the edit that was made just before it", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.select("save");
    await me.press("Delete", "Control+Enter");
    await me.sees(status, "completed");
    const { executions } = await (await fetch(`${stack.url}/api/execution?limit=1`)).json();
    expect(Object.keys(executions[0].nodes).sort()).toEqual(["blur", "image"]);
  });

  it("is listed in the history, and its graph can be opened again", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.press("Control+Enter");
    await me.sees(status, "completed");
    // What is edited at once after it is no part of it.
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.select("save");
    await me.press("Delete", "Control+Enter", "q");
    await me.sees(() => me.page.locator(".run-entry").count(), 2);
    await me.sees(status, "completed");
    const entry = me.page.locator(".run-entry").last();
    await entry.hover();
    // Its pictures beside those of the run that is shown, with a slider that the keys move.
    await entry.getByRole("button", { name: /^Compare its pictures/ }).press("Enter");
    await me.tabTo(() => document.activeElement?.getAttribute("role") === "slider");
    const slider = me.page.getByRole("slider", { name: "Where the first picture ends" });
    for (const [key, place] of [["ArrowLeft", "48"], ["End", "100"], ["PageDown", "90"], ["Home", "0"]] as const) {
      await me.press(key);
      await me.sees(() => slider.getAttribute("aria-valuenow"), place);
    }
    await soundDialog(me, "picture and picture", () => document.activeElement?.getAttribute("aria-label")?.startsWith("Compare") ?? false);
    await entry.getByRole("button", { name: "Open the graph of this run" }).click();
    await me.sees(async () => (await me.page.getByLabel("Name of the graph").inputValue()).startsWith("Test graph (run"), true);
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
  });

  it("does not begin while the graph has problems, which are told", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, { nodes: { blur: { type: "test.blur" } } }));
    await me.sees(() => me.node("blur").locator(".node-problem b").textContent(), "VE-007");
    await me.press("Control+Enter");
    await me.page.getByRole("alert").filter({ hasText: "VE-007" }).waitFor();
    await me.page.getByRole("tab", { name: "Problems" }).click();
    await me.sees(() => me.page.locator(".problems li").count(), 1);
    await nothingWrong(me, "a graph with problems");
  });
});

describe("publishing", () => {
  it("makes a deployment with a schedule", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.page.getByRole("button", { name: "Publish as a deployment" }).click();
    await me.page.getByLabel("cron").check();
    await me.page.getByRole("button", { name: "Publish", exact: true }).click();
    await me.page.getByText("Look at it in Prefect").waitFor();
    await soundDialog(me, "Publish as a deployment", () => document.activeElement?.getAttribute("aria-label") === "Publish as a deployment");
  });
});
