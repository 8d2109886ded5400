import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { nothingWrong } from "./axe";
import { CHAIN, makeGraph, Person } from "./person";
import { type Stack, startStack } from "./stack";

let stack: Stack;
let ann: Person;
let ben: Person;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());
beforeEach(async () => {
  const graph = await makeGraph(stack, CHAIN);
  ann = await Person.arrive(stack, graph);
  ben = await Person.arrive(stack, graph, { colorScheme: "light" });
  await ben.sees(() => ben.nodes(), ["blur", "image", "save"]);
});
afterEach(async () => {
  stack.mend();
  await Promise.all([ann.leave(), ben.leave()]);
});

it("people see each other's edits", async () => {
  await ann.select("blur");
  await ann.press("Delete");
  await ben.sees(() => ben.nodes(), ["image", "save"]);
  await ben.sees(() => ben.edges(), []);
});

it("people see each other: pointers, selections, and that somebody left", async () => {
  await ann.select("save");
  await ann.toNowhere();
  await ben.sees(() => ben.page.locator(".person").count(), 1);
  await ben.page.locator(".peer-cursor span").waitFor();
  await ben.sees(() => ben.node("save").locator(".node").evaluate((node) => getComputedStyle(node).getPropertyValue("--peer-ring") !== ""), true);
  await nothingWrong(ben, "other people");
  await ann.page.goto("about:blank");
  await ben.sees(() => ben.page.locator(".person").count(), 0);
});

it("undo takes back one's own edits only", async () => {
  await ann.select("blur");
  await ann.press("Control+m");
  await ben.sees(() => ben.node("blur").locator(".node").getAttribute("data-mode"), "muted");
  await ben.select("save");
  await ben.press("Control+m");
  await ann.sees(() => ann.node("save").locator(".node").getAttribute("data-mode"), "muted");
  await ann.press("Control+z");
  await ben.sees(() => ben.node("blur").locator(".node").getAttribute("data-mode"), "active");
  expect(await ben.node("save").locator(".node").getAttribute("data-mode")).toBe("muted");
});

it("a text that one writes is not taken from him by what another does", async () => {
  const spin = (person: Person) => person.node("blur").getByRole("spinbutton");
  await spin(ann).click();
  await ann.page.keyboard.type("7");
  await ben.select("blur");
  await ben.press("Control+b");
  await ann.sees(() => ann.node("blur").locator(".node").getAttribute("data-mode"), "bypassed");
  await ann.press("Enter");
  await ben.sees(() => spin(ben).getAttribute("aria-valuenow"), "7");
});

it("what is done while the line is cut is kept, said, and merged when it is back", async () => {
  stack.cut();
  await ann.page.locator('.connection[data-kind="bad"]').waitFor();
  await ben.page.locator('.connection[data-kind="bad"]').waitFor();
  await nothingWrong(ben, "a line that is cut", ".topbar");
  await ann.select("blur");
  await ann.press("Control+m");
  await ben.select("save");
  await ben.press("Delete");
  expect(await ann.nodes()).toEqual(["blur", "image", "save"]);
  stack.mend();
  for (const person of [ann, ben]) {
    await person.page.locator('.connection[data-kind="good"]').waitFor({ timeout: 20_000 });
    await person.sees(() => person.nodes(), ["blur", "image"]);
    await person.sees(() => person.node("blur").locator(".node").getAttribute("data-mode"), "muted");
  }
});

it("no run begins from a page whose edits have not arrived", async () => {
  stack.cut();
  await ann.page.locator('.connection[data-kind="bad"]').waitFor();
  await ann.press("Control+Enter");
  await ann.page.getByRole("alert").filter({ hasText: "has not got your edits" }).waitFor();
});
