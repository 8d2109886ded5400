// `node measure.mjs ORDER`: the editor and the bare page in Chromium, in turns. ORDER is JSON: {"editor", "bare",
// "chromium", "sizes": [[nodes, edges], …], "rounds"}. The last line of the output is JSON.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";
import { area, moved, zoomIn } from "./gestures.mjs";
import { graphOf } from "./graph.mjs";

const order = JSON.parse(process.argv[2]);
const KEYS = 60;
const VIEW = { width: 1440, height: 860 };

async function ofEditor(browser, graph) {
  const { id } = await post("/api/graph", graph);
  const page = await browser.newPage({ viewport: VIEW });
  await page.goto(`${order.editor}/#${id}`);
  await settled(page, Object.keys(graph.nodes).length);
  const canvas = await area(page, ".canvas");
  const bare = { area: canvas, nodes: await boxes(page, graph), edges: graph.edges };
  // Progress of its nodes arrives from here on.
  const { execution_id: execution } = await post(`/api/graph/${id}/execute`, {});
  await page.waitForSelector('[data-run="running"], [data-state="running"]');
  const found = await views(page, { area: canvas, handle: ".node-head" });
  await post(`/api/execution/${execution}/cancel`, {});
  await page.close();
  return { found, bare };
}

async function ofBare(browser, url, bare) {
  const page = await browser.newPage({ viewport: VIEW });
  await page.addInitScript((given) => Object.assign(window, { order: given }), bare);
  await page.goto(url);
  await settled(page, Object.keys(bare.nodes).length);
  const found = await views(page, { area: bare.area, handle: ".react-flow__node" });
  await page.close();
  return found;
}

/** All of the graph in view, and then a part of it as large as life. */
async function views(page, place) {
  const all = await moved(page, place);
  await zoomIn(page, place.area);
  return { all, near: await moved(page, place) };
}

async function settled(page, count) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".react-flow__node").length >= wanted, count);
  await page.waitForTimeout(2000);
}

/** Where the nodes are, and as large as the editor draws them. */
async function boxes(page, graph) {
  const sizes = await page.evaluate(() =>
    [...document.querySelectorAll(".react-flow__node")].map((node) => [node.dataset.id, node.offsetWidth, node.offsetHeight]),
  );
  return Object.fromEntries(sizes.map(([id, width, height]) => [id, { ...graph.nodes[id].position, width, height }]));
}

async function post(path, body) {
  const answer = await fetch(order.editor + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Frames a second: of the median interval, of one in twenty that are longer, and those that there were. */
function rates(intervals) {
  const sorted = intervals.toSorted((a, b) => a - b);
  const at = (share) => 1000 / sorted[Math.floor((sorted.length - 1) * share)];
  return { median: at(0.5), p5: at(0.95), mean: (1000 * sorted.length) / sorted.reduce((sum, one) => sum + one, 0) };
}

async function framesOf(browser, bareUrl, [nodes, edges]) {
  const graph = graphOf(nodes, edges);
  const seen = { editor: { all: [], near: [] }, bare: { all: [], near: [] } };
  const take = (name, { all, near }) => {
    seen[name].all.push(...all.pan, ...all.drag);
    seen[name].near.push(...near.pan, ...near.drag);
    const text = (one) => Object.entries(one).map(([gesture, times]) => `${gesture} ${rates(times).mean.toFixed(1)}`);
    console.error(`${nodes} ${name}: ${text(all).join(", ")}; near: ${text(near).join(", ")} frames a second`);
  };
  let bare;
  for (let round = 0; round < order.rounds; round += 1) {
    // The bare page needs the sizes first; after that it goes first in every other round.
    if (round % 2 === 1) take("bare", await ofBare(browser, bareUrl, bare));
    const editor = await ofEditor(browser, graph);
    bare ??= editor.bare;
    take("editor", editor.found);
    if (round % 2 === 0) take("bare", await ofBare(browser, bareUrl, bare));
  }
  const named = [];
  for (const [page, of] of [["editor", ""], ["bare", "bare_"]]) {
    for (const [view, suffix] of [["all", ""], ["near", "near_"]]) {
      const found = Object.entries(rates(seen[page][view]));
      named.push(...found.map(([rate, value]) => [`fps_${of}${nodes}_${suffix}${rate}`, value]));
    }
  }
  return Object.fromEntries(named);
}

/** Seconds until a graph of three nodes is there, and milliseconds from a key to what it paints (95th percentile). */
async function small(browser) {
  const nodes = { a: { type: "test.image" }, w: { type: "test.widgets", position: { x: 320, y: 0 } } };
  const { id } = await post("/api/graph", { schema: "vortex.graph/1", name: "Small", nodes });
  const page = await browser.newPage({ viewport: VIEW });
  const begin = Date.now();
  await page.goto(`${order.editor}/#${id}`);
  await page.locator('.react-flow__node[data-id="w"] textarea').first().waitFor();
  const interactive = (Date.now() - begin) / 1000;
  const delays = page.evaluate(
    (count) =>
      new Promise((resolve) => {
        const found = [];
        window.addEventListener("keydown", (event) => {
          requestAnimationFrame(() => setTimeout(() => {
            found.push(performance.now() - event.timeStamp);
            if (found.length === count) resolve(found);
          }));
        }, true);
      }),
    KEYS,
  );
  await page.locator('.react-flow__node[data-id="w"] textarea').first().click();
  await page.keyboard.type("x".repeat(KEYS), { delay: 40 });
  const sorted = (await delays).sort((a, b) => a - b);
  await page.close();
  return { interactive_s: interactive, keystroke_p95_ms: sorted[Math.floor(sorted.length * 0.95)] };
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const server = createServer(async (request, response) => {
  const path = request.url === "/" ? "/index.html" : request.url;
  const content = await readFile(join(order.bare, path)).catch(() => null);
  response.writeHead(content ? 200 : 404, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
  response.end(content ?? "");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const bareUrl = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: order.chromium });
try {
  const found = await small(browser);
  for (const size of order.sizes) Object.assign(found, await framesOf(browser, bareUrl, size));
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
  server.close();
}
