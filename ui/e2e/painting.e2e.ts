import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeGraph, Person } from "./person";
import { type Stack, startStack } from "./stack";

// What makes the canvas fast, counted in elements and not in seconds: nothing is drawn again but what has changed.

let stack: Stack;
let me: Person;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());
afterEach(() => me.leave());

/** So many nodes in rows, each fed by the one before it, that they are seen from far away. */
function many(count: number): Parameters<typeof makeGraph>[1] {
  const place = (index: number) => ({ x: (index % 10) * 300, y: Math.floor(index / 10) * 200 });
  const type = (index: number) => (index === 0 ? "test.image" : "test.blur");
  const all = Array.from({ length: count }, (_, index) => index);
  return {
    nodes: Object.fromEntries(all.map((index) => [`n${index}`, { type: type(index), ...place(index) }])),
    edges: all.slice(1).map((index) => `n${index - 1}.image > n${index}.image`),
  };
}

/** Begins to note which nodes and wires are changed in any way; the ids come from `changed`. */
const watch = () =>
  me.page.evaluate(() => {
    const ids = new Set<string>();
    const observer = new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement;
        ids.add(element?.closest<HTMLElement>("[data-id]")?.dataset.id ?? element?.className.toString() ?? "?");
      }
    });
    const options = { subtree: true, childList: true, attributes: true, characterData: true };
    for (const part of document.querySelectorAll(".react-flow__nodes, .react-flow__edges, .far-wires")) observer.observe(part, options);
    Object.assign(window, { seen: ids });
  });
const changed = () => me.page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen].sort());
const place = () => me.page.locator(".react-flow__viewport").getAttribute("style");
const moving = () => me.page.locator(".canvas").getAttribute("data-moving");

describe("a graph that is seen from far away", () => {
  beforeEach(async () => {
    me = await Person.arrive(stack, await makeGraph(stack, many(100)));
    await me.page.locator(".far-wires .react-flow__edge").nth(98).waitFor({ state: "attached" });
    await me.sees(async () => (await place())?.includes("scale(0.") ?? false, true);
  });

  it("is panned without anything of it being drawn again", async () => {
    const before = await place();
    await me.page.mouse.move(640, 300);
    await me.page.mouse.down({ button: "middle" });
    await me.page.mouse.move(644, 304);
    await me.page.mouse.move(648, 308);
    // The pointer is no longer on the node below it.
    await me.sees(() => me.page.locator(".plain > .port").count(), 0);
    await watch();
    await me.page.mouse.move(700, 340, { steps: 8 });
    expect(await moving()).toBe("view");
    const drawn = await changed();
    await me.page.mouse.up({ button: "middle" });
    expect(await moving()).toBe(null);
    expect(await place()).not.toBe(before);
    expect(drawn).toEqual([]);
  });

  it("draws only the node again that is dragged, and its wires", async () => {
    const at = await me.middle(me.node("n44"));
    await me.page.mouse.move(at.x, at.y);
    await me.page.mouse.down();
    await me.page.mouse.move(at.x + 20, at.y + 10, { steps: 4 });
    expect(await moving()).toBe("node");
    await watch();
    await me.page.mouse.move(at.x + 40, at.y + 30, { steps: 8 });
    const drawn = await changed();
    await me.page.mouse.up();
    expect(drawn).toEqual(["n44", "n44:image", "n45:image"]);
    await me.sees(moving, null);
  });

  it("lets a node be taken by any part of it", async () => {
    const box = (await me.node("n99").boundingBox())!;
    const low = { x: box.x + box.width / 2, y: box.y + box.height * 0.8 };
    await me.drag(low, { x: low.x, y: low.y + 60 });
    await me.sees(async () => Math.round((await me.node("n99").boundingBox())!.y - box.y) > 50, true);
  });

  it("has its ports where the fields of near nodes have theirs", async () => {
    const ends = () =>
      me.page.evaluate(() => {
        const node = document.querySelector<HTMLElement>('.react-flow__node[data-id="n44"]')!;
        const [box, zoom] = [node.getBoundingClientRect(), node.getBoundingClientRect().width / node.offsetWidth];
        const found = [...node.querySelectorAll<HTMLElement>(".port")].map((port) => {
          const { x, y, width, height } = port.getBoundingClientRect();
          const at = [(x + width / 2 - box.x) / zoom, (y + height / 2 - box.y) / zoom].map(Math.round);
          return `${port.dataset.handleid} ${port.dataset.handlepos} ${at}`;
        });
        return found.sort();
      });
    await me.page.mouse.move(900, 120);
    const far = await ends();
    const at = await me.middle(me.node("n44"));
    await me.page.mouse.move(at.x, at.y);
    for (let turn = 0; turn < 8; turn += 1) await me.page.mouse.wheel(0, -200);
    await me.node("n44").locator("[role=spinbutton]").waitFor();
    expect(far).toEqual(await ends());
  });

  it("says of plain nodes too whether a wire may end there", async () => {
    const over = await me.middle(me.node("n44"));
    await me.page.mouse.move(over.x, over.y);
    const from = await me.middle(me.port("n44", "image", "source"));
    await me.page.mouse.move(from.x, from.y);
    await me.page.mouse.down();
    // Behind it, and before it, which would be a circle.
    for (const [id, fits] of [["n66", "true"], ["n22", "false"]] as const) {
      const to = await me.middle(me.node(id));
      await me.page.mouse.move(to.x, to.y, { steps: 4 });
      await me.node(id).locator(`.plain > .port.target[data-fits="${fits}"]`).first().waitFor();
    }
    await me.press("Escape");
    await me.page.mouse.up();
    expect(await me.page.locator("[data-fits]").count()).toBe(0);
  });

  it("is drawn with its fields only where one looks at it", async () => {
    const fields = () => me.page.locator(".react-flow__node [role=spinbutton]").count();
    expect(await fields()).toBe(0);
    const at = await me.middle(me.node("n44"));
    await me.page.mouse.move(at.x, at.y);
    for (let turn = 0; turn < 8; turn += 1) await me.page.mouse.wheel(0, -200);
    await me.node("n44").locator("[role=spinbutton]").waitFor();
    await me.sees(async () => (await fields()) < 40, true);
    expect((await me.edges()).length).toBeLessThan(60);
    for (const id of ["n0", "n99"]) expect(await me.node(id).getAttribute("aria-label")).toContain("node");
  });
});

describe("a graph of more than a thousand nodes", () => {
  it("has only those on the page that are in view", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, many(1001)));
    const there = () => me.page.locator(".react-flow__node").count();
    await me.sees(async () => (await there()) > 500, true);
    await me.page.mouse.move(640, 300);
    for (let turn = 0; turn < 12; turn += 1) await me.page.mouse.wheel(0, -200);
    await me.sees(async () => (await there()) < 100, true);
    for (let turn = 0; turn < 12; turn += 1) await me.page.mouse.wheel(0, 200);
    await me.sees(async () => (await there()) > 500, true);
  });
});
