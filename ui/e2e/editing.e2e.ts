import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nothingWrong, soundDialog } from "./axe";
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

describe("nodes", () => {
  it("are found by a double-click on the canvas", async () => {
    await me.page.mouse.dblclick(me.nowhere.x, me.nowhere.y);
    await me.page.keyboard.type("blen");
    await me.press("Enter");
    await me.sees(async () => (await added())[0]?.split("-")[0], "blend");
  });

  it("are found with Tab, and Escape adds none", async () => {
    await me.toNowhere();
    await me.press("Tab");
    await me.page.getByRole("dialog", { name: "Add a node" }).waitFor();
    await me.press("Escape");
    expect(await added()).toEqual([]);
  });

  it("come from the palette with a click, and by being dragged", async () => {
    await me.page.getByPlaceholder("Search 10 nodes").fill("number");
    await me.page.getByRole("button", { name: "Number", exact: true }).click();
    await me.sees(async () => (await added()).length, 1);
    await me.page.getByRole("button", { name: "Number", exact: true }).dragTo(me.page.locator(".react-flow__pane"), { targetPosition: { x: 300, y: 500 } });
    await me.sees(async () => (await added()).length, 2);
  });

  it("are moved, and undo puts them back", async () => {
    const head = await me.middle(me.node("save").locator(".node-head"));
    await me.drag(head, { x: head.x, y: head.y + 150 });
    const y = (await me.node("save").boundingBox())!.y;
    await me.sees(async () => (await me.page.locator(".connection").textContent())?.includes("Saved"), true);
    await me.press("Control+z");
    await me.sees(async () => (await me.node("save").boundingBox())!.y < y - 100, true);
  });

  it("are muted, bypassed and collapsed", async () => {
    await me.select("blur");
    for (const [keys, name, value] of [["Control+m", "mode", "muted"], ["Control+b", "mode", "bypassed"], ["Alt+c", "collapsed", "true"]] as const) {
      await me.press(keys);
      await me.sees(() => me.node("blur").locator(".node").getAttribute(`data-${name}`), value);
    }
    expect((await me.edges()).length).toBe(2);
  });

  it("get another name with F2", async () => {
    await me.select("blur");
    await me.press("F2");
    await me.page.keyboard.type("Soft");
    await me.press("Enter");
    await me.sees(() => me.node("blur").locator(".node-title").textContent(), "Soft");
  });
});

describe("wires", () => {
  it("on the empty canvas ask for nodes that fit, and connect the one that is chosen", async () => {
    await me.wire("image", "mask", me.nowhere);
    const names = me.page.locator(".search-entry span");
    await me.sees(async () => (await names.allTextContents()).sort(), ["Make a list", "Slow"]);
    await me.press("Escape");
    await me.wire("image", "image", me.nowhere);
    await me.page.keyboard.type("blend");
    await me.press("Enter");
    await me.sees(async () => (await added()).length, 1);
    await me.sees(() => me.edges(), ["blur:image", "save:image", `${(await added())[0]}:base`].sort());
  });

  it("dim what does not fit while they are drawn, and say why", async () => {
    const from = await me.middle(me.port("image", "mask", "source"));
    const wrong = await me.middle(me.port("save", "image", "target"));
    await me.drag(from, wrong, { keep: true });
    await me.sees(() => me.port("save", "image", "target").getAttribute("data-fits"), "false");
    await me.sees(() => me.page.locator(".connection-hint").textContent(), "MASK does not fit IMAGE");
    await me.page.mouse.up();
    await me.sees(() => me.port("save", "image", "target").getAttribute("data-fits"), null);
    expect(await me.edges()).toEqual(["blur:image", "save:image"]);
  });

  it("replace what an occupied input had, and undo brings that back", async () => {
    await me.wire("image", "image", me.port("save", "image", "target"));
    const from = () => me.page.locator('.react-flow__edge[data-id="save:image"]').getAttribute("aria-label");
    await me.sees(from, "Edge from image image to save image");
    await me.press("Control+z");
    await me.sees(from, "Edge from blur image to save image");
  });

  it("dropped on a node take its first port that fits", async () => {
    await me.select("save");
    await me.press("Delete");
    await me.sees(() => me.edges(), ["blur:image"]);
    await me.page.mouse.dblclick(me.nowhere.x, me.nowhere.y);
    await me.page.keyboard.type("blend");
    await me.press("Enter");
    await me.sees(async () => (await added()).length, 1);
    const [blend] = await added();
    await me.wire("blur", "image", me.node(blend!).locator(".node-title"));
    await me.sees(() => me.edges(), [`${blend}:base`, "blur:image"].sort());
    await me.wire("image", "image", me.node(blend!).locator(".node-title"));
    await me.sees(() => me.edges(), [`${blend}:base`, `${blend}:layer`, "blur:image"].sort());
  });

  it("are taken off by their end", async () => {
    const end = await me.middle(me.page.locator('.react-flow__edge[data-id="save:image"] .react-flow__edgeupdater-target'));
    await me.drag(end, { x: end.x - 60, y: end.y + 260 });
    await me.sees(() => me.edges(), ["blur:image"]);
  });

  it("make no loop", async () => {
    const from = await me.middle(me.port("blur", "image", "source"));
    const back = await me.middle(me.port("blur", "image", "target"));
    await me.drag(from, back);
    expect(await me.edges()).toEqual(["blur:image", "save:image"]);
  });

  it("take a node in that is dropped on them", async () => {
    await me.page.mouse.dblclick(me.nowhere.x, me.nowhere.y);
    await me.page.keyboard.type("blur");
    await me.press("Enter");
    await me.sees(async () => (await added()).length, 1);
    const [fresh] = await added();
    const [a, b] = [await me.middle(me.port("blur", "image", "source")), await me.middle(me.port("save", "image", "target"))];
    await me.drag(await me.middle(me.node(fresh!).locator(".node-title")), { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
    await me.sees(() => me.edges(), ["blur:image", `${fresh}:image`, "save:image"].sort());
  });
});

describe("the selection", () => {
  it("is deleted with its edges, and one undo brings all of it back", async () => {
    await me.select("blur");
    await me.press("Backspace");
    await me.sees(() => me.nodes(), ["image", "save"]);
    await me.sees(() => me.edges(), []);
    await me.press("Control+z");
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.sees(() => me.edges(), ["blur:image", "save:image"]);
    await me.press("Control+Shift+z");
    await me.sees(() => me.nodes(), ["image", "save"]);
  });

  it("is deleted and its neighbours are joined", async () => {
    await me.select("blur");
    await me.press("Control+Backspace");
    await me.sees(() => me.edges(), ["save:image"]);
  });

  it("is drawn with a frame of the mouse, and duplicated with its edges", async () => {
    await me.drag({ x: 270, y: 120 }, { x: 960, y: 640 });
    await me.sees(() => me.page.locator(".react-flow__node.selected").count(), 3);
    await me.press("Control+d");
    await me.sees(async () => (await me.edges()).length, 4);
    expect(await added()).toHaveLength(3);
  });

  it("is copied as text, and pasted into another graph", async () => {
    await me.press("Control+a", "Control+c");
    const text = await me.page.evaluate(() => navigator.clipboard.readText());
    expect(JSON.parse(text)).toMatchObject({ schema: "vortex.clip/1" });
    const other = await makeGraph(stack, { nodes: {} });
    await me.page.evaluate((id) => {
      location.hash = id;
    }, other);
    await me.sees(() => me.nodes(), []);
    await me.toNowhere();
    await me.press("Control+v");
    await me.sees(async () => [(await me.nodes()).length, (await me.edges()).length], [3, 2]);
  });

  it("is framed, and moves with its frame", async () => {
    await me.press("Control+a", "Control+g");
    const head = me.page.locator(".group-head");
    await head.waitFor();
    const before = (await me.node("blur").boundingBox())!;
    const at = (await head.boundingBox())!;
    const grip = at.x + at.width / 2;
    await me.drag({ x: grip, y: at.y + 12 }, { x: grip, y: at.y + 92 });
    const moved = async () => Math.round((await me.node("blur").boundingBox())!.y - before.y);
    await me.sees(async () => (await moved()) > 50, true);
    // The first pixels of a drag are those that tell it from a click.
    expect(Math.abs((await moved()) - ((await head.boundingBox())!.y - at.y))).toBeLessThan(2);
    await me.press("Control+z");
    await me.sees(moved, 0);
  });

  it("is laid out", async () => {
    await me.press("Control+a", "Shift+ArrowLeft");
    await me.sees(async () => Math.round((await me.node("save").boundingBox())!.x - (await me.node("image").boundingBox())!.x), 0);
    await me.press("Shift+L");
    await me.sees(async () => (await me.node("save").boundingBox())!.x > (await me.node("image").boundingBox())!.x + 200, true);
  });
});

describe("files", () => {
  const name = () => me.page.getByLabel("Name of the graph").inputValue();
  const graph = JSON.stringify({ schema: "vortex.graph/1", name: "Dropped", nodes: { n: { type: "test.number" } } });

  it("of graphs are opened when they are dropped, and pictures that carry one", async () => {
    await me.dropFile("graph.json", "application/json", Buffer.from(graph));
    await me.sees(name, "Dropped");
    await me.sees(() => me.nodes(), ["n"]);
    await me.dropFile("picture.png", "image/png", png("vortex.graph", graph.replace("Dropped", "In a picture")));
    await me.sees(name, "In a picture");
  });

  it("of ComfyUI become graphs, and what was not taken is told", async () => {
    const workflow = {
      nodes: [
        { id: 1, type: "LoadImage", pos: [0, 0], widgets_values: ["a.png", "image"], outputs: [{ name: "IMAGE", links: [1] }] },
        { id: 2, type: "Odd", title: "Magic", mode: 2, pos: [400, 0], inputs: [{ name: "pixels", link: 1 }], widgets_values: [0.5] },
        { id: 3, type: "Note", pos: [0, 300], widgets_values: ["For people"] },
      ],
      links: [[1, 1, 0, 2, 0, "IMAGE"]],
      groups: [{ title: "Frame", bounding: [-40, -80, 800, 700] }],
    };
    await me.dropFile("theirs.json", "application/json", Buffer.from(JSON.stringify(workflow)));
    const report = me.page.getByRole("dialog", { name: "Imported" });
    await report.getByText("Odd has no counterpart").waitFor();
    await soundDialog(me, "Imported", () => document.activeElement === document.body);
    await me.sees(name, "theirs");
    await me.sees(() => me.edges(), ["2:pixels:1:IMAGE"]);
    expect(await me.node("2").locator(".node").getAttribute("data-mode")).toBe("muted");
    expect(await me.node("2").locator(".node-title").textContent()).toBe("Magic");
    expect(await me.node("2").locator(".unknown-value").textContent()).toContain("[0.5]");
    await me.sees(() => me.node("2").locator(".node-problem b").textContent(), "VE-003");
    expect(await me.page.getByRole("textbox", { name: "Note" }).inputValue()).toBe("For people");
    expect(await me.page.getByRole("textbox", { name: "Title of the group" }).inputValue()).toBe("Frame");
    await nothingWrong(me, "nodes without a type, notes and groups", ".stage");
    const prompt = JSON.stringify({ a: { class_type: "Odd", inputs: { strength: Number.NaN } } });
    await me.dropFile("picture.png", "image/png", png("prompt", prompt.replace("null", "NaN")));
    await me.sees(() => me.nodes(), ["a"]);
  });
});

/** A picture of one pixel that carries a text. Nobody here looks at the chunks' sums. */
function png(keyword: string, text: string): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("tEXt", Buffer.from(`${keyword}\0${text}`, "latin1")), chunk("IEND", Buffer.alloc(0))]);
}
