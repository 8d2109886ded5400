import type { Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { leadsBack, nothingWrong, soundDialog } from "./axe";
import { CHAIN, makeGraph, Person } from "./person";
import { type Stack, startStack } from "./stack";

let stack: Stack;
let me: Person;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

describe("the page", () => {
  afterEach(() => me.leave());

  it("begins without a graph, and makes one", async () => {
    me = await Person.arrive(stack, null);
    await me.page.getByRole("button", { name: "New graph" }).click();
    await me.sees(() => me.page.getByLabel("Name of the graph").inputValue(), "Untitled");
  });

  it("keeps what a person prefers, and takes it to another browser", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.page.getByRole("button", { name: "Preferences" }).click();
    await me.page.getByLabel("light").check();
    await me.press("Escape");
    const theme = () => me.page.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("light");
    await me.page.reload();
    await me.sees(theme, "light");
  });

  it("shows the shortcuts with ? and finds commands with Ctrl+K", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.press("Shift+Slash");
    await me.page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
    await me.press("Escape", "Control+k");
    await me.page.keyboard.type("minimap");
    await me.press("Enter");
    await me.sees(() => me.page.locator(".react-flow__minimap").count(), 0);
  });

  it("takes keys of one's own for a command", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.press("Shift+Slash");
    await me.page.getByRole("button", { name: "Keys for: Select all" }).click();
    await me.press("Control+Shift+KeyJ", "Escape", "Control+Shift+KeyJ");
    await me.sees(() => me.page.locator(".react-flow__node.selected").count(), 3);
    await me.press("Escape", "Control+a");
    await me.sees(() => me.page.locator(".react-flow__node.selected").count(), 0);
  });

  it("has a menu on the right button", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.node("blur").locator(".node-head").click({ button: "right" });
    await me.page.getByRole("menuitem", { name: /^Delete\s?Del$/ }).click();
    await me.sees(() => me.nodes(), ["image", "save"]);
  });

  it("says when its graph is gone", async () => {
    me = await Person.arrive(stack, null);
    await me.page.goto(`${stack.url}/#no-such-graph`);
    await me.page.getByText("This graph was deleted").waitFor();
  });

  it("saves a version and goes back to it", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.press("Control+s");
    await me.page.getByText("is marked in the history").waitFor();
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.select("blur");
    await me.press("Delete", "Escape");
    await me.sees(() => me.nodes(), ["image", "save"]);
    await me.page.locator('.versions [data-saved="true"]').getByRole("button", { name: "Restore" }).click();
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
  });
});

describe("packs that somebody works on", () => {
  afterEach(() => me.leave());

  const reload = async (body: object) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${stack.url}/api/nodes/reload`, { method: "POST", headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
  };

  it("bring their node types while a graph is open, and tell what is wrong with them", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, { nodes: { later: { type: "test.fresh" } } }));
    const search = me.page.getByRole("searchbox", { name: "Search nodes" });
    if (!(await search.isVisible())) await me.press("Digit1");
    await search.fill("Fresh");
    await me.page.getByText("No node is called that.").waitFor();
    await reload({});
    await me.page.locator(".nodes-list").getByText("Fresh", { exact: true }).waitFor();
    await me.node("later").getByText("Fresh", { exact: true }).waitFor();
    await reload({ fault: { pack: "mine", message: "pack mine: SyntaxError: invalid syntax (nodes.py, line 7)" } });
    await me.page.getByText("The pack mine stays as it was").waitFor();
    await me.page.getByText("(nodes.py, line 7)").waitFor();
  });
});

describe("whoever uses no mouse", () => {
  afterEach(() => me.leave());

  it("comes from nothing to a run with the keyboard alone", async () => {
    me = await Person.arrive(stack, null);
    await me.tabTo(() => document.activeElement?.textContent?.trim() === "New graph");
    await me.press("Enter");
    await me.page.locator('.connection[data-kind="good"]').waitFor();
    await me.press("Control+k");
    await me.page.keyboard.type("Add Picture");
    await me.press("Enter");
    await me.sees(async () => (await me.nodes()).length, 1);
    await me.press("KeyE");
    await me.page.getByRole("dialog", { name: "Add a node" }).waitFor();
    await me.page.keyboard.type("blur");
    await me.press("Enter");
    await me.sees(async () => [(await me.nodes()).length, (await me.edges()).length], [2, 1]);
    await me.tabTo(() => document.activeElement?.getAttribute("role") === "spinbutton");
    await me.page.keyboard.type("7");
    await me.press("Enter");
    await me.sees(async () => Object.values((await me.stored()).nodes).flatMap(({ params }) => params.radius ?? []), [7]);
    await me.press("Control+Enter");
    await me.sees(() => me.page.locator(".run-status > span").nth(1).textContent(), "completed");
    // To the outputs, and the picture in full.
    await me.press("Digit3");
    await me.tabTo(() => document.activeElement?.className === "output-picture");
    await me.press("Enter");
    await me.page.locator(".viewer img").waitFor();
    await me.press("Escape");
    await me.sees(() => me.page.locator(".viewer").count(), 0);
  });

  it("meets nothing that axe-core finds wrong", async () => {
    const graph = { ...CHAIN, outputs: [...CHAIN.outputs!, { name: "path", node: "save", port: "path" }] };
    me = await Person.arrive(stack, await makeGraph(stack, graph));
    await me.press("Control+Enter");
    await me.sees(() => me.page.locator(".run-status > span").nth(1).textContent(), "completed");
    await me.page.getByRole("tab", { name: "Outputs" }).click();
    // What to compare with is asked for, and a node type is told about.
    await me.page.getByRole("button", { name: "Compare picture" }).click();
    await me.page.getByRole("searchbox", { name: "Search nodes" }).fill("blur");
    await me.page.getByRole("button", { name: "Blur", exact: true }).focus();
    await me.page.getByRole("complementary", { name: "About Blur" }).waitFor();
    for (const tab of ["Node", "Outputs", "Runs", "Problems", "Stack"]) {
      await me.page.getByRole("tab", { name: tab }).last().click({ force: true });
      await nothingWrong(me, tab);
    }
    await me.press("Control+o");
    await me.page.locator('.graph-entry[aria-current="true"] a').focus();
    await me.tabTo(() => document.activeElement?.getAttribute("aria-label") === "Delete Test graph");
    await me.press("Enter");
    await me.page.getByRole("button", { name: "Keep" }).waitFor();
    await nothingWrong(me, "graphs", ".left");
    await me.page.route("**/api/nodes", withTypes("core.string", "text.strip", "text.slug", "text.hash", "core.format"));
    await me.page.goto(stack.url);
    await me.page.getByRole("button", { name: "Words to a slug" }).waitFor();
    await nothingWrong(me, "start");
  });

  const onBlur = () => (document.activeElement as HTMLElement).dataset.id === "blur";

  it("finds nothing wrong in dialogs either, and is back where they were opened", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.press("Control+a");
    await me.node("blur").focus();
    const dialogs = [["Shift+Slash", "Shortcuts"], ["Control+k", "Commands"], ["Shift+KeyA", "Add a node"]] as const;
    for (const [keys, name] of dialogs) {
      await me.press(keys);
      await soundDialog(me, name, onBlur);
    }
    // A click on one of several selected nodes leaves it alone selected.
    await me.select("blur");
    await me.press("Control+Shift+G");
    await me.page.getByRole("textbox", { name: "Input from Blur" }).fill("");
    await me.page.getByText("A name is needed.").waitFor();
    await soundDialog(me, "Make a subgraph", onBlur);
    await me.press("Control+k");
    await me.page.keyboard.type("Publish as a node");
    await me.press("Enter");
    await soundDialog(me, "Publish as a node", onBlur);
  });

  it("comes back to the button and the node whose dialog or menu it was", async () => {
    me = await Person.arrive(stack, await makeGraph(stack, CHAIN));
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.page.getByRole("button", { name: "Preferences" }).press("Enter");
    await soundDialog(me, "Preferences", () => document.activeElement?.getAttribute("aria-label") === "Preferences");
    await me.page.getByRole("button", { name: "Publish as a deployment" }).press("Enter");
    await me.page.getByLabel("cron").check();
    await soundDialog(me, "Publish as a deployment", () => document.activeElement?.getAttribute("aria-label") === "Publish as a deployment");
    await me.node("blur").locator(".node-head").click({ button: "right" });
    await me.page.getByRole("menu").waitFor();
    await nothingWrong(me, "menu");
    await me.press("Escape");
    await leadsBack(me, "menu", onBlur);
    await me.node("blur").locator(".node-head").click({ button: "right" });
    await me.page.getByRole("menuitem", { name: "Make a subgraph…" }).press("Enter");
    await me.page.getByRole("dialog", { name: "Make a subgraph" }).waitFor();
    await me.press("Escape");
    await leadsBack(me, "a dialog of the menu", onBlur);
  });

  it("is told by the page when the server does not answer it", async () => {
    me = await Person.arrive(stack, null);
    await me.page.route("**/api/session", (route) => route.abort());
    await me.page.reload();
    await me.page.getByRole("alert").waitFor();
    await nothingWrong(me, "no answer");
    await me.page.unroute("**/api/session");
    await me.page.getByRole("button", { name: "Try again" }).click();
    await me.page.getByRole("button", { name: "New graph" }).waitFor();
  });
});

/** More node types, such as templates want. */
function withTypes(...types: string[]): (route: Route) => Promise<void> {
  return async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const [one] = body.types;
    await route.fulfill({ response, json: { ...body, types: [...body.types, ...types.map((type) => ({ ...one, type }))] } });
  };
}

describe("a server that asks who is there", () => {
  let guarded: Stack;
  beforeAll(async () => {
    guarded = await startStack("--auth");
  });
  afterAll(() => guarded?.stop());
  afterEach(() => me.leave());

  it("lets in whoever has a token, and nobody else", async () => {
    const graph = await makeGraph(guarded, CHAIN);
    me = await Person.arrive(guarded, null);
    await me.page.goto(`${guarded.url}/#${graph}`);
    const token = me.page.getByLabel("Token");
    await token.waitFor();
    await nothingWrong(me, "login");
    await me.tabTo(() => document.activeElement?.id === "token");
    await me.page.keyboard.type("vtx_wrong");
    await me.press("Enter");
    await me.page.getByRole("alert").waitFor();
    await nothingWrong(me, "login that was refused");
    // Whoever hears the page is told at the field what is wrong with it.
    expect(await token.evaluate((field) => document.getElementById(field.getAttribute("aria-describedby") ?? "")?.role)).toBe("alert");
    await me.page.getByLabel("Token").fill(guarded.token!);
    await me.page.getByRole("button", { name: "Log in" }).click();
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.select("blur");
    await me.press("Delete");
    await me.page.reload();
    await me.sees(() => me.nodes(), ["image", "save"]);
  });

  it("shows a graph to whoever may only look, and takes no edit of theirs", async () => {
    const graph = await makeGraph(guarded, CHAIN);
    me = await Person.arrive(guarded, null);
    await me.page.goto(`${guarded.url}/#${graph}`);
    await me.page.getByLabel("Token").fill(guarded.reader!);
    await me.page.getByRole("button", { name: "Log in" }).click();
    await me.sees(() => me.nodes(), ["blur", "image", "save"]);
    await me.page.getByText("You may only look").waitFor();
    await nothingWrong(me, "the page of whoever may only look");
    expect(await me.page.getByRole("button", { name: "Run", exact: true }).isDisabled()).toBe(true);
    await me.select("blur");
    await me.press("Delete");
    await me.page.getByText("has no scope").waitFor();
    expect(await me.nodes()).toEqual(["blur", "image", "save"]);
  });

  it("takes a code for one login out of the address", async () => {
    const headers = { Authorization: `Bearer ${guarded.token}` };
    const { path } = await (await fetch(`${guarded.url}/api/session/code`, { method: "POST", headers })).json();
    me = await Person.arrive(guarded, null);
    // From elsewhere, as from a terminal: within the page it would be another fragment of the same address.
    await me.page.goto("about:blank");
    await me.page.goto(guarded.url + path);
    await me.page.getByRole("button", { name: "New graph" }).waitFor();
    expect(me.page.url()).not.toContain("login");
  });
});
