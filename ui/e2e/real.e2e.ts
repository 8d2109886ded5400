import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Locator } from "playwright-core";
import { Person } from "./person";
import { realStack } from "./real";
import { ROOT, type Stack } from "./stack";

// Everything that a user has, and nothing that plays a part. With VORTEX_PICTURES=docs/images the second test makes the
// pictures of the documentation.

let stack: Stack;
let me: Person;
beforeAll(async () => {
  stack = await realStack();
}, 180_000);
afterAll(() => stack?.stop());
afterEach(() => me.leave());

const PICTURES = process.env.VORTEX_PICTURES;
const THEMES = ["light", "dark"] as const;

const status = () => me.page.locator(".run-status > span").nth(1).textContent();
const tab = (name: string) => me.page.getByRole("tab", { name, exact: true }).click();

/** What is on the page now, in both themes. */
async function picture(name: string): Promise<void> {
  if (!PICTURES) return;
  for (const colorScheme of THEMES) {
    await me.page.emulateMedia({ colorScheme });
    await me.page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
    // The first one may have parts of what was painted in the other theme.
    await me.page.screenshot();
    await me.page.screenshot({ path: `${ROOT}${PICTURES}/editor-${name}-${colorScheme}.jpg`, type: "jpeg", quality: 82 });
  }
}

describe("a stack of one's own", () => {
  it("runs a template, and shows what comes of it here and in Prefect", async () => {
    me = await Person.arrive(stack, null);
    await me.page.getByRole("button", { name: /^Through a mask/ }).waitFor();
    await picture("start");
    await me.page.getByRole("button", { name: /^Through a mask/ }).click();
    await me.page.locator(".react-flow__node").first().waitFor();
    await run();
    await tab("Outputs");
    await shown(me.page.locator(".output img").first());
    const prefect = await me.page.getByRole("link", { name: "The flow run in Prefect" }).getAttribute("href");
    expect(prefect).toMatch(/\/runs\/flow-run\/[0-9a-f-]{36}$/);
  });

  it("grades a photograph, as the documentation shows", async () => {
    const graph = await photoGrade();
    me = await Person.arrive(stack, graph, SCREEN);
    await me.page.locator(".react-flow__node").nth(12).waitFor();
    await run();
    await tab("Outputs");
    await me.sees(() => me.page.locator(".output img").count(), 2);
    for (const image of await me.page.locator(".output img").all()) await shown(image);
    await picture("outputs");

    // Another value, and both runs beside each other.
    await me.node("vignette").locator(".node-head").click();
    await me.press("Period");
    await me.node("vignette").locator("[role=spinbutton]").first().click();
    await me.page.keyboard.type("0.9");
    await me.press("Enter");
    await run();
    await picture("node");
    await me.press("q");
    await me.sees(() => me.page.locator(".run-entry").count(), 2);
    await picture("runs");
    const before = me.page.locator(".run-entry").last();
    await before.hover();
    await before.getByRole("button", { name: /^Compare its pictures/ }).click();
    await me.page.locator(".compared-area").waitFor();
    await picture("compare");
    await me.press("Escape");

    await tab("Stack");
    await me.page.locator(".arena-map").waitFor();
    await picture("stack");
    await me.page.getByRole("button", { name: "Publish as a deployment" }).click();
    await me.page.getByRole("dialog").waitFor();
    await picture("publish");
    await me.press("Escape");
    await me.press("Shift+A");
    await me.page.keyboard.type("blur");
    await me.page.locator(".search-entry").first().waitFor();
    await picture("search");
    await me.press("Escape");

    const other = await Person.arrive(stack, graph, SCREEN);
    await other.press("Period");
    await other.node("vivid").locator(".node-head").click();
    await me.page.locator(".peer-cursor").waitFor();
    await me.press("KeyF");
    // What was not computed again is shown as well.
    await me.sees(() => me.page.locator(".node-preview img").count(), 13);
    for (const image of await me.page.locator(".node-preview img").all()) await shown(image);
    await picture("together");
    await other.leave();

    // The file that a node wrote carries the graph that it was made by.
    const { outputs } = await (await fetch(`${stack.url}/api/execution/${await execution()}`)).json();
    const file = await fetch(`${stack.url}${outputs.saved.url}?format=file`);
    expect(file.headers.get("content-type")).toBe("image/png");
    await me.dropFile("result.png", "image/png", Buffer.from(await file.arrayBuffer()));
    await me.sees(async () => me.page.url().endsWith(graph), false);
    await me.page.locator(".react-flow__node").nth(12).waitFor();
    await me.sees(async () => (await me.stored()).nodes.vignette?.params.amount, 0.9);
  }, 120_000);
});

const SCREEN = { viewport: { width: 1440, height: 860 } };

const execution = () => me.page.evaluate(() => document.querySelector<HTMLElement>(".run-status")?.dataset.execution);

async function run(): Promise<void> {
  await me.page.locator('.connection[data-kind="good"]').waitFor();
  const before = await execution();
  await me.press("Control+Enter");
  await expect.poll(async () => (await execution()) !== before && (await status()), { timeout: 60_000 }).toBe("completed");
}

const shown = (image: Locator) =>
  me.sees(() => image.evaluate((element: HTMLImageElement) => element.complete && element.naturalWidth > 0), true);

async function photoGrade(): Promise<string> {
  const { id: _, ...example } = JSON.parse(await readFile(`${ROOT}examples/photo_grade.json`, "utf8"));
  for (const node of Object.values<{ params?: { path?: string } }>(example.nodes)) {
    if (node.params?.path) node.params.path = `${ROOT}examples/coffee.png`;
  }
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${stack.url}/api/graph`, { method: "POST", headers, body: JSON.stringify(example) });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}
