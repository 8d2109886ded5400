import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nothingWrong } from "./axe";
import { CHAIN, makeGraph, Person } from "./person";
import { type Stack, startStack } from "./stack";

let stack: Stack;
let me: Person;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());
beforeEach(async () => {
  me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
  await me.sees(() => me.nodes(), ["blur", "image", "save"]);
});
afterEach(() => me.leave());

const added = async () => (await me.nodes()).filter((id) => !["blur", "image", "save"].includes(id));
const selected = async () =>
  (await me.page.locator(".react-flow__node.selected").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.id!))).sort();
const status = () => me.page.locator(".run-status > span").nth(1).textContent();
const sourceOf = (key: string) => me.page.locator(`.react-flow__edge[data-id="${key}"]`).getAttribute("aria-label");

/** Where the canvas looks: how far it is moved, and its zoom. */
async function view(): Promise<{ x: number; y: number; zoom: number }> {
  const style = await me.page.locator(".react-flow__viewport").evaluate((element) => (element as HTMLElement).style.transform);
  const [x = 0, y = 0, zoom = 1] = style.match(/-?[\d.]+/g)!.map(Number);
  return { x, y, zoom };
}

async function addByName(name: string, { x, y } = me.nowhere): Promise<string> {
  const before = await added();
  await me.page.mouse.dblclick(x, y);
  await me.page.keyboard.type(name);
  // The list may be a moment behind the keys.
  await me.page.locator(".search-entry").first().filter({ hasText: new RegExp(name, "i") }).waitFor();
  await me.press("Enter");
  await me.sees(async () => (await added()).length, before.length + 1);
  return (await added()).find((id) => !before.includes(id))!;
}

describe("a wire", () => {
  it("that is being drawn, or whose end is taken off, is given up with Escape", async () => {
    const from = await me.middle(me.port("image", "image", "source"));
    const into = await me.middle(me.port("save", "image", "target"));
    await me.drag(from, into, { keep: true });
    await me.sees(() => me.page.locator(".react-flow__connection").count(), 1);
    await me.press("Escape");
    await me.sees(() => me.page.locator(".react-flow__connection").count(), 0);
    await me.page.mouse.up();
    expect(await sourceOf("save:image")).toContain("from blur");
    const end = await me.middle(me.page.locator('.react-flow__edge[data-id="save:image"] .react-flow__edgeupdater-target'));
    await me.drag(end, { x: end.x - 60, y: end.y + 260 }, { keep: true });
    await me.press("Escape");
    await me.page.mouse.up();
    expect(await me.edges()).toEqual(["blur:image", "save:image"]);
    expect(await me.page.getByRole("dialog").count()).toBe(0);
  });

  it("is moved together with all others of its port by a drag with Shift", async () => {
    const other = await addByName("blur");
    await me.press("Escape");
    await me.wire("image", "image", me.port(other, "image", "target"));
    await me.sees(() => me.edges(), ["blur:image", `${other}:image`, "save:image"].sort());
    const picture = await addByName("picture", { x: 330, y: 480 });
    await me.drag(await me.middle(me.node(picture).locator(".node-title")), { x: 420, y: 200 });
    await me.page.keyboard.down("Shift");
    await me.wire("image", "image", me.port(picture, "image", "source"));
    await me.page.keyboard.up("Shift");
    await me.sees(() => sourceOf("blur:image"), `Edge from ${picture} image to blur image`);
    await me.sees(() => sourceOf(`${other}:image`), `Edge from ${picture} image to ${other} image`);
    expect(await sourceOf("save:image")).toContain("from blur");
    await me.press("Control+z");
    await me.sees(() => sourceOf("blur:image"), "Edge from image image to blur image");
    await me.sees(() => sourceOf(`${other}:image`), `Edge from image image to ${other} image`);
  });

  it("from a port with Shift goes nowhere that not all of them fit", async () => {
    await me.page.keyboard.down("Shift");
    await me.drag(await me.middle(me.port("image", "image", "source")), await me.middle(me.port("image", "mask", "source")), { keep: true });
    await me.sees(() => me.port("image", "mask", "source").getAttribute("data-fits"), "false");
    await me.page.mouse.up();
    await me.page.keyboard.up("Shift");
    expect(await sourceOf("blur:image")).toContain("from image image");
  });
});

describe("keys of runs", () => {
  it("put a run at the front of the queue, and cancel it", async () => {
    await fetch(`${stack.url}/api/queue/pause`, { method: "POST" });
    const waiting = async () => {
      const { waiting } = (await (await fetch(`${stack.url}/api/queue`)).json()) as { waiting: { execution_id: string }[] };
      return waiting.map(({ execution_id }) => execution_id);
    };
    await me.press("Control+Enter");
    await me.sees(async () => (await waiting()).length, 1);
    const [first] = await waiting();
    await me.press("Control+Shift+Enter");
    await me.sees(async () => [(await waiting()).length, (await waiting())[1]], [2, first]);
    const [second] = await waiting();
    await me.sees(() => me.page.locator(".run-status").getAttribute("data-execution"), second);
    await me.press("q");
    await me.tabTo(() => document.activeElement?.getAttribute("aria-label") === "Later");
    await nothingWrong(me, "a queue that is paused", ".right");
    await me.press("Control+Alt+Enter");
    await me.sees(waiting, [first]);
    await me.sees(status, "cancelled");
    await fetch(`${stack.url}/api/queue/resume`, { method: "POST" });
    await me.sees(waiting, []);
  });
});

describe("keys of edits", () => {
  it("go by their place, whatever the layout writes there", async () => {
    await me.select("blur");
    await me.press("Delete");
    await me.sees(() => me.nodes(), ["image", "save"]);
    // Ctrl+Z, Ctrl+Y and Ctrl+A where the layout is Russian.
    await me.physical("KeyZ", "я", { ctrl: true });
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.sees(() => me.edges(), ["blur:image", "save:image"]);
    await me.physical("KeyY", "н", { ctrl: true });
    await me.sees(() => me.nodes(), ["image", "save"]);
    await me.physical("KeyA", "ф", { ctrl: true });
    await me.sees(selected, ["image", "save"]);
  });

  it("paste what was copied alone, or with what feeds it", async () => {
    await me.select("blur");
    await me.press("Control+c");
    await me.toNowhere();
    await me.press("Control+v");
    await me.sees(async () => (await added()).length, 1);
    expect(await me.edges()).toEqual(["blur:image", "save:image"]);
    await me.press("Control+Shift+v");
    await me.sees(async () => (await added()).length, 2);
    await me.sees(async () => (await me.edges()).length, 3);
  });

  it("pin a node: it is neither dragged nor nudged until it is let go", async () => {
    await me.select("save");
    const y = async () => Math.round((await me.node("save").boundingBox())!.y);
    const before = await y();
    await me.press("p");
    await me.node("save").getByLabel("Pinned").waitFor();
    const head = await me.middle(me.node("save").locator(".node-head"));
    await me.drag(head, { x: head.x, y: head.y + 100 });
    await me.select("save");
    await me.press("ArrowDown", "Shift+L");
    expect(await y()).toBe(before);
    await me.press("p", "ArrowDown");
    await me.sees(async () => (await y()) > before, true);
    await me.drag(head, { x: head.x, y: head.y + 100 });
    await me.sees(async () => (await y()) > before + 50, true);
  });

  it("nudge, and what is dragged snaps to the grid if that is wished", async () => {
    await me.select("blur");
    const x = async () => Math.round((await me.node("blur").boundingBox())!.x);
    const before = await x();
    await me.press("ArrowRight", "ArrowRight");
    await me.sees(async () => (await x()) > before, true);
    await me.press("Control+z", "Control+z");
    await me.sees(x, before);
    await me.page.getByRole("button", { name: "Preferences" }).click();
    await me.page.getByLabel(/snap/i).check();
    await me.press("Escape");
    const head = await me.middle(me.node("blur").locator(".node-head"));
    await me.drag(head, { x: head.x + 45, y: head.y + 71 });
    await me.sees(async () => {
      const { position } = (await me.stored()).nodes.blur!;
      return position.y !== 0 && position.x % 16 === 0 && position.y % 16 === 0;
    }, true);
  });

  it("open the list of graphs, and the field of the text keeps its own undo", async () => {
    await me.press("Control+o");
    await me.page.getByPlaceholder("Search graphs").waitFor();
    await me.press("n");
    const note = me.page.getByRole("textbox", { name: "Note" });
    await note.click();
    await me.page.keyboard.type("ab");
    await me.press("Control+z");
    expect(await me.nodes()).toEqual(["blur", "image", "save"]);
    expect(await note.count()).toBe(1);
    expect((await note.inputValue()).length).toBeLessThan(2);
  });
});

describe("the mouse", () => {
  it("adds to the selection with Shift and with Control, and takes away", async () => {
    await me.select("image");
    await me.select("blur", true);
    await me.sees(selected, ["blur", "image"]);
    await me.node("save").locator(".node-head").click({ modifiers: ["Control"], position: { x: 120, y: 12 } });
    await me.sees(selected, ["blur", "image", "save"]);
    await me.select("blur", true);
    await me.sees(selected, ["image", "save"]);
  });

  it("leaves a copy where it drags with Alt", async () => {
    const head = await me.middle(me.node("blur").locator(".node-head"));
    await me.page.keyboard.down("Alt");
    await me.drag(head, { x: head.x + 20, y: head.y + 220 });
    await me.page.keyboard.up("Alt");
    await me.sees(async () => (await added()).length, 1);
    await me.sees(async () => (await me.edges()).length, 3);
    const [copied] = await added();
    await me.sees(async () => (await me.node(copied!).boundingBox())!.y - (await me.node("blur").boundingBox())!.y > 100, true);
  });

  it("moves the view with Space and with its middle button, and zooms with the wheel", async () => {
    const { x, y } = me.nowhere;
    const start = await view();
    await me.toNowhere();
    await me.page.keyboard.down("Space");
    await me.drag({ x, y }, { x: x + 60, y });
    await me.page.keyboard.up("Space");
    await me.sees(async () => (await view()).x > start.x + 30, true);
    expect(await selected()).toEqual([]);
    const before = await view();
    await me.page.mouse.move(x, y);
    await me.page.mouse.down({ button: "middle" });
    await me.page.mouse.move(x, y - 50, { steps: 4 });
    await me.page.mouse.up({ button: "middle" });
    await me.sees(async () => (await view()).y < before.y - 30, true);
    await me.page.mouse.wheel(0, -240);
    await me.sees(async () => (await view()).zoom > before.zoom, true);
  });

  it("has a menu on its right button for the canvas, wires, groups and notes", async () => {
    const menu = (name: RegExp) => me.page.getByRole("menuitem", { name });
    await me.page.mouse.click(me.nowhere.x, me.nowhere.y, { button: "right" });
    await menu(/^Add a note/).click();
    const note = me.page.locator(".note-head");
    await note.click({ button: "right" });
    await menu(/^Delete/).click();
    await me.sees(() => note.count(), 0);
    await me.press("Control+a", "Control+g");
    await me.page.locator(".group-head").click({ button: "right", position: { x: 200, y: 8 } });
    await menu(/^Delete/).click();
    await me.sees(() => me.page.locator(".group").count(), 0);
    const [a, b] = [await me.middle(me.port("image", "image", "source")), await me.middle(me.port("blur", "image", "target"))];
    await me.page.mouse.click((a.x + b.x) / 2, (a.y + b.y) / 2, { button: "right" });
    await menu(/^Disconnect/).click();
    await me.sees(() => me.edges(), ["save:image"]);
    expect(await me.nodes()).toEqual(["blur", "image", "save"]);
  });

  it("changes a number with its wheel only where the person is in it", async () => {
    const radius = me.node("blur").getByRole("spinbutton");
    const at = await me.middle(radius);
    await me.page.mouse.move(at.x, at.y);
    const { zoom } = await view();
    await me.page.mouse.wheel(0, -100);
    await me.sees(async () => (await view()).zoom > zoom, true);
    expect(await radius.getAttribute("aria-valuenow")).toBe("2");
    await radius.focus();
    const now = (await view()).zoom;
    const there = await me.middle(radius);
    await me.page.mouse.move(there.x, there.y);
    await me.page.mouse.wheel(0, -100);
    await me.sees(async () => Number(await radius.getAttribute("aria-valuenow")) > 2, true);
    expect((await view()).zoom).toBe(now);
  });

  it("opens a node's picture in full", async () => {
    await me.press("Control+Enter");
    await me.sees(status, "completed");
    await me.node("blur").locator(".node-preview img").click();
    await me.page.locator(".viewer img").waitFor();
    await me.press("Escape");
    await me.sees(() => me.page.locator(".viewer").count(), 0);
  });
});

describe("the view", () => {
  it("fits the selection and the graph, and zooms, by keys", async () => {
    await me.press("Equal");
    const start = await view();
    await me.select("save");
    await me.press("Period");
    await me.sees(async () => {
      const [at, box] = [await me.middle(me.node("save")), (await me.page.locator(".canvas").boundingBox())!];
      return Math.abs(at.x - box.x - box.width / 2) < 20;
    }, true);
    await me.press("Digit0");
    await me.sees(async () => (await view()).zoom, 1);
    await me.press("Minus");
    await me.sees(async () => (await view()).zoom < 1, true);
    await me.press("f");
    await me.sees(async () => (await view()).zoom !== 1 && (await view()).x !== start.x, true);
    await me.sees(async () => (await me.node("image").boundingBox())!.x > (await me.page.locator(".canvas").boundingBox())!.x, true);
  });
});
