import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nothingWrong } from "./axe";
import { makeGraph, Person } from "./person";
import { type Stack, startStack } from "./stack";

let stack: Stack;
let me: Person;
let graph: string;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());
beforeEach(async () => {
  graph = await makeGraph(stack, {
    nodes: { w: { type: "test.widgets" }, blend: { type: "test.blend", x: 320 }, load: { type: "test.load", x: 320, y: 260 }, n: { type: "test.number", x: -320 } },
  });
  me = await Person.arrive(stack, graph);
  await me.node("w").waitFor();
});
afterEach(() => me.leave());

/** The parameters as the server has them. */
async function stored(id: string): Promise<Record<string, unknown>> {
  const { graph: document } = await (await fetch(`${stack.url}/api/graph/${graph}`)).json();
  return document.nodes[id].params;
}

const spin = (node: string, name: string) => me.node(node).getByRole("spinbutton", { name });

describe("a number", () => {
  it("is dragged, and one undo takes the whole gesture back", async () => {
    const field = spin("blend", "Opacity");
    const at = await me.middle(field);
    await me.drag(at, { x: at.x + 20, y: at.y });
    await me.sees(async () => Number(await field.getAttribute("aria-valuenow")) > 0.5, true);
    await me.press("Control+z");
    await me.sees(() => field.getAttribute("aria-valuenow"), "0.5");
  });
  it("is typed as a sum", async () => {
    await spin("w", "Count").click();
    await me.page.keyboard.type("6*7");
    await me.press("Enter");
    await me.sees(async () => (await stored("w")).count, 42);
  });
  it("is changed with the arrows", async () => {
    await spin("w", "Count").focus();
    await me.press("ArrowUp", "ArrowUp", "ArrowDown");
    await me.sees(() => spin("w", "Count").getAttribute("aria-valuenow"), "4");
  });
  it("out of its bounds is told on the node as it is typed", async () => {
    await spin("w", "Count").click();
    await me.page.keyboard.type("200");
    await me.press("Enter");
    await me.sees(() => me.node("w").locator(".node-problem").first().textContent(), "VE-010 count = 200 is above 100");
  });
});

describe("other values", () => {
  it("are chosen, switched and painted", async () => {
    await me.node("blend").getByRole("combobox").selectOption("screen");
    await me.node("w").getByRole("switch", { name: "Active" }).click();
    await me.node("w").locator('input[type="color"]').fill("#ff0000");
    await me.sees(async () => [(await stored("blend")).mode, (await stored("w")).active, (await stored("w")).tint], ["screen", true, "#ff0000"]);
  });
  it("are written, with the browser's own undo in the field", async () => {
    const field = me.node("w").getByRole("textbox", { name: "Text", exact: true });
    await field.fill("one\ntwo");
    await field.press("Control+z");
    expect(await me.node("w").count()).toBe(1);
    await field.fill("three");
    await me.sees(async () => (await stored("w")).text, "three");
  });
  it("stay as they were while JSON is not finished", async () => {
    const field = me.node("w").getByRole("textbox", { name: /Data/ });
    await field.fill('{"a": 1}');
    await me.sees(async () => (await stored("w")).data, { a: 1 });
    await field.fill('{"a": ');
    await me.page.getByText("is no JSON yet").waitFor();
    expect((await stored("w")).data).toEqual({ a: 1 });
  });
  it("are seeds of 64 bits, which no number of a browser holds", async () => {
    await me.node("w").getByRole("button", { name: "Seed: another one" }).click();
    await me.node("w").getByRole("textbox", { name: "Seed" }).fill("18446744073709551615");
    await me.press("Enter");
    const text = async () => (await fetch(`${stack.url}/api/graph/${graph}`)).text();
    await me.sees(async () => (await text()).includes('"seed":18446744073709551615'), true);
    await me.page.reload();
    await me.sees(() => me.node("w").getByRole("textbox", { name: "Seed" }).inputValue(), "18446744073709551615");
  });
  it("are curves with points of their own", async () => {
    const box = (await me.node("w").locator(".field-curve svg").boundingBox())!;
    await me.drag({ x: box.x + box.width * 0.25, y: box.y + box.height * 0.75 }, { x: box.x + box.width * 0.25, y: box.y + box.height * 0.4 });
    await me.sees(async () => ((await stored("w")).points as number[][] | undefined)?.length, 4);
  });
  it("are files that are uploaded", async () => {
    await me.node("load").locator('input[type="file"]').setInputFiles({ name: "a.png", mimeType: "image/png", buffer: PNG });
    await me.sees(async () => /[0-9a-f]{64}/.test(String((await stored("load")).path)), true);
    await me.node("load").locator(".field-thumb").waitFor();
  });
  it("go back to their default", async () => {
    await me.node("blend").getByRole("combobox").selectOption("screen");
    await me.sees(async () => (await stored("blend")).mode, "screen");
    await me.node("blend").locator(".param").first().hover();
    await me.node("blend").getByRole("button", { name: "Mode: back to the default" }).click();
    await me.sees(async () => "mode" in (await stored("blend")), false);
  });
  it("give way to a wire", async () => {
    await me.node("blend").hover();
    await me.wire("n", "out", me.port("blend", "opacity", "target"));
    await me.sees(() => me.node("blend").locator(".field-connected").count(), 1);
    await me.press("Control+z");
    await me.sees(() => me.node("blend").locator(".field-connected").count(), 0);
  });
});

/** One black pixel. */
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==", "base64");

describe("how a node is run", () => {
  it("is set beside it: retries and limits", async () => {
    await me.select("w");
    await me.page.getByRole("checkbox", { name: "Output Image" }).check();
    await nothingWrong(me, "all widgets, on the canvas and beside it");
    await me.select("blend");
    await me.page.getByLabel("Retries").fill("3");
    await me.press("Enter");
    await me.page.getByLabel("Time-out, s").fill("2.5");
    await me.press("Enter");
    await me.sees(async () => {
      const { graph: document } = await (await fetch(`${stack.url}/api/graph/${graph}`)).json();
      return [document.nodes.blend.retries, document.nodes.blend.timeout_s];
    }, [3, 2.5]);
  });
});
