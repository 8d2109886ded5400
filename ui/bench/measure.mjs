// `node measure.mjs ORDER`: the editor and the bare page in Chromium. ORDER is JSON: {"editor", "bare", "chromium",
// "sizes": [[nodes, edges], …]}. The last line of the output is JSON.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const order = JSON.parse(process.argv[2]);
const PHASE_MS = 4000;
const STEP_MS = 16;
const KEYS = 60;
const VIEW = { width: 1440, height: 860 };
const MIDDLE = { x: 700, y: 430 };

/** Frames a second, by each frame's own length. */
const frames = (page, ms) =>
  page.evaluate(
    (length) =>
      new Promise((resolve) => {
        const times = [];
        const begin = performance.now();
        const look = (now) => {
          times.push(now);
          if (now - begin < length) requestAnimationFrame(look);
          else resolve(times.slice(1).map((time, index) => 1000 / (time - times[index])));
        };
        requestAnimationFrame(look);
      }),
    ms,
  );

/** Circles with a button held, from a place, for as long as a phase lasts. */
async function circle(page, from, button) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down({ button });
  const end = Date.now() + PHASE_MS;
  for (let turn = 0; Date.now() < end; turn += 0.1) {
    await page.mouse.move(from.x + 160 * Math.sin(turn), from.y + 90 * (Math.cos(turn) - 1));
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  await page.mouse.up({ button });
}

/** Median frames a second while the canvas is panned and a node is dragged. */
async function moved(page, grip) {
  const panned = frames(page, PHASE_MS);
  await circle(page, MIDDLE, "middle");
  const at = await page.evaluate(`(${grip})(${JSON.stringify(MIDDLE)})`);
  const dragged = frames(page, PHASE_MS);
  await circle(page, at, "left");
  const all = [...(await panned), ...(await dragged)].sort((a, b) => a - b);
  return all[all.length >> 1];
}

/** Where a node can be taken that is nearest to the middle. */
const grip = (selector) => `(middle) => {
  const places = [...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => {
    const box = element.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  });
  const far = (place) => Math.hypot(place.x - middle.x, place.y - middle.y);
  return places.sort((a, b) => far(a) - far(b))[0];
}`;

async function ofBare(browser, url, nodes, edges) {
  const page = await browser.newPage({ viewport: VIEW });
  await page.goto(`${url}/#${nodes},${edges}`);
  await page.waitForFunction((count) => document.querySelectorAll(".react-flow__node").length === count, nodes);
  await page.waitForTimeout(1500);
  const found = await moved(page, grip(".react-flow__node"));
  await page.close();
  return found;
}

async function ofEditor(browser, nodes, edges) {
  const id = await post("/api/graph", graphOf(nodes, edges)).then((answer) => answer.id);
  const page = await browser.newPage({ viewport: VIEW });
  await page.goto(`${order.editor}/#${id}`);
  await page.waitForSelector(".react-flow__node");
  await page.waitForTimeout(1500);
  // Progress of its nodes arrives from here on.
  await post(`/api/graph/${id}/execute`, {});
  await page.waitForSelector(".node-frame");
  const found = await moved(page, grip(".node-head"));
  await page.close();
  return found;
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

/** Rows of blends and blurs, each fed by the one or two before it, so that there are as many edges as are wanted. */
function graphOf(count, wanted) {
  const width = Math.ceil(Math.sqrt(count));
  const blends = wanted - count;
  const type = (index) => (index < 2 ? "test.image" : index < 2 + blends ? "test.blend" : "test.blur");
  const nodes = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `n${index}`,
      { type: type(index), position: { x: (index % width) * 300, y: Math.floor(index / width) * 200 } },
    ]),
  );
  const edges = [];
  for (let index = 2; index < count; index += 1) {
    const ports = type(index) === "test.blend" ? ["base", "layer"] : ["image"];
    for (const [back, port] of ports.entries()) {
      edges.push({ source: { node: `n${index - back - 1}`, port: "image" }, target: { node: `n${index}`, port } });
    }
  }
  return { schema: "vortex.graph/1", name: `${count} nodes`, nodes, edges };
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
  for (const [nodes, edges] of order.sizes) {
    found[`fps_${nodes}_median`] = await ofEditor(browser, nodes, edges);
    found[`fps_bare_${nodes}_median`] = await ofBare(browser, bareUrl, nodes, edges);
  }
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
  server.close();
}
