// The viewer: one graph, its latest execution, and what the WebSocket tells of both.

const NODE = { width: 176, height: 64 };
const MARGIN = 32;
const STEP = { x: 232, y: 104 };
const RECONNECT_MS = 1000;
const SVG = "http://www.w3.org/2000/svg";

const $ = (id) => document.getElementById(id);

const state = {
  graph: null, // GraphDSL document
  version: 0,
  execution: null, // id of the execution that is shown
  nodes: {}, // node id → {state, progress}
  socket: null,
  seq: null,
  csrf: null, // what goes beside the session's cookie
};

// HTTP

async function api(path, { headers = {}, ...options } = {}) {
  const proof = state.csrf ? { "X-CSRF-Token": state.csrf } : {};
  const response = await fetch(path, { ...options, headers: { ...headers, ...proof } });
  const body = response.status === 204 ? null : await response.json();
  if (response.status === 401 && path !== "/api/session") askForLogin();
  if (!response.ok) throw Object.assign(new Error(body.error.message), { detail: body.error });
  return body;
}

const post = (path, body) =>
  api(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });

async function guarded(work) {
  try {
    return await work();
  } catch (failure) {
    showError(failure.detail ?? { code: "", message: String(failure.message), hint: "", problems: [] });
    return null;
  }
}

// Who is asking

async function recognise() {
  const code = /^#login=(.+)$/.exec(location.hash)?.[1];
  if (code) {
    history.replaceState(null, "", location.pathname); // it serves once, but belongs in no history
    await post("/api/session", { code }).then(welcome, refuseLogin);
  } else {
    welcome(await api("/api/session"));
  }
}

function welcome({ required, user, csrf_token }) {
  state.csrf = csrf_token;
  $("logout").hidden = !(required && user);
  $("logout").title = user ? `Logged in as ${user}` : "";
  if (required && !user) askForLogin();
}

function askForLogin() {
  if (!$("login").open) $("login").showModal();
}

function refuseLogin(failure) {
  askForLogin();
  const { message, hint = "" } = failure.detail ?? failure;
  $("login-error").textContent = `${message}. ${hint}`;
  $("login-error").hidden = false;
}

async function logIn(event) {
  event.preventDefault();
  try {
    await post("/api/session", { token: $("token").value.trim() });
    location.reload();
  } catch (failure) {
    refuseLogin(failure);
  }
}

// The list of graphs

async function listGraphs() {
  const { graphs } = await api("/api/graph");
  $("no-graphs").hidden = graphs.length > 0;
  $("graphs").replaceChildren(
    ...graphs.map((graph) => {
      const button = element("button", { type: "button", textContent: graph.name || "(unnamed)" });
      button.title = `${graph.nodes} nodes, version ${graph.version}`;
      button.setAttribute("aria-current", String(graph.id === openedId()));
      button.addEventListener("click", () => (location.hash = graph.id));
      const item = element("li");
      item.append(button);
      return item;
    }),
  );
}

const openedId = () => location.hash.slice(1) || null;

async function open() {
  closeSocket();
  const id = openedId();
  Object.assign(state, { graph: null, version: 0, execution: null, nodes: {}, seq: null });
  $("errors").replaceChildren();
  $("outputs").replaceChildren();
  $("opened").hidden = !id;
  $("welcome").hidden = Boolean(id);
  await guarded(listGraphs);
  if (!id) return;
  await guarded(async () => {
    const found = await api(`/api/graph/${encodeURIComponent(id)}`);
    if (id !== openedId()) return;
    showGraph(found.graph, found.version);
    await showLatestExecution(id);
    connect(id);
  });
}

// The graph, drawn from its nodes' positions

function showGraph(graph, version) {
  if (version < state.version) return;
  Object.assign(state, { graph, version });
  $("name").textContent = graph.name || "(unnamed)";
  document.title = `${graph.name || "(unnamed)"} – VORTEX viewer`;
  draw();
}

function draw() {
  const places = layOut(state.graph);
  const right = Math.max(0, ...[...places.values()].map((place) => place.x)) + NODE.width + MARGIN;
  const bottom = Math.max(0, ...[...places.values()].map((place) => place.y)) + NODE.height + MARGIN;
  const drawing = svg("svg", { width: right, height: bottom, role: "img" });
  drawing.setAttribute("aria-label", `${places.size} nodes, ${state.graph.edges.length} edges`);
  for (const { source, target } of state.graph.edges) {
    const [from, to] = [places.get(source.node), places.get(target.node)];
    if (from && to) drawing.append(svg("path", { class: "edge", d: curve(from, to) }));
  }
  for (const [id, place] of places) drawing.append(drawNode(id, state.graph.nodes[id], place));
  $("canvas").replaceChildren(drawing);
  for (const id of Object.keys(state.nodes)) showNode(id);
}

// Positions are the editor's; a graph that has none (all in one place) is laid out by depth.
function layOut(graph) {
  const ids = Object.keys(graph.nodes);
  const at = (id) => graph.nodes[id].position ?? { x: 0, y: 0 };
  const distinct = new Set(ids.map((id) => `${at(id).x},${at(id).y}`)).size;
  const raw = distinct < ids.length ? byDepth(graph, ids) : new Map(ids.map((id) => [id, at(id)]));
  const left = Math.min(...[...raw.values()].map((place) => place.x));
  const top = Math.min(...[...raw.values()].map((place) => place.y));
  return new Map([...raw].map(([id, { x, y }]) => [id, { x: x - left + MARGIN, y: y - top + MARGIN }]));
}

function byDepth(graph, ids) {
  const depth = new Map(ids.map((id) => [id, 0]));
  // A draft may hold a cycle: as many rounds as there are nodes are enough for any graph without one.
  for (let round = 0, moved = true; moved && round < ids.length; round += 1) {
    moved = false;
    for (const { source, target } of graph.edges) {
      if (depth.get(target.node) < depth.get(source.node) + 1) {
        depth.set(target.node, depth.get(source.node) + 1);
        moved = true;
      }
    }
  }
  const rows = new Map();
  return new Map(
    ids.map((id) => {
      const column = depth.get(id);
      const row = rows.get(column) ?? 0;
      rows.set(column, row + 1);
      return [id, { x: column * STEP.x, y: row * STEP.y }];
    }),
  );
}

function curve(from, to) {
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [to.x, to.y + NODE.height / 2];
  const bend = Math.max(40, Math.abs(x2 - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}

function drawNode(id, node, { x, y }) {
  const group = svg("g", { class: "node", transform: `translate(${x},${y})` });
  group.dataset.node = id;
  if (node.mode === "muted") group.classList.add("muted");
  const inner = NODE.width - 24;
  group.append(
    svg("title"),
    svg("rect", { class: "box", width: NODE.width, height: NODE.height, rx: 8 }),
    text("", 12, 21, shorten(node.title || id, 23)),
    text("type", 12, 37, shorten(node.type, 17)),
    text("state", 12, 52, ""),
    svg("rect", { class: "track", x: 12, y: 56, width: inner, height: 3, rx: 1.5 }),
    svg("rect", { class: "done", x: 12, y: 56, width: 0, height: 3, rx: 1.5 }),
  );
  return group;
}

function showNode(id) {
  const group = [...$("canvas").querySelectorAll(".node")].find((found) => found.dataset.node === id);
  if (!group) return;
  const { state: name = "pending", progress = 0, why = null, attempt = 0 } = state.nodes[id] ?? {};
  group.setAttribute("class", `node ${name}${state.graph.nodes[id]?.mode === "muted" ? " muted" : ""}`);
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  const percent = name === "running" ? ` ${Math.round(progress)} %` : "";
  group.querySelector(".state").textContent = name === "pending" ? "" : `${name}${percent}${again}`;
  group.querySelector("title").textContent = why ? `${id}: ${name} (${why})` : `${id}: ${name}`;
  group.querySelector(".done").setAttribute("width", ((NODE.width - 24) * progress) / 100);
}

// Executions

async function showLatestExecution(graphId) {
  const { executions } = await api(`/api/execution?limit=1&graph_id=${encodeURIComponent(graphId)}`);
  if (executions.length) showExecution(executions[0]);
  else showStatus(null, null);
}

function showExecution(execution) {
  state.execution = execution.id;
  state.nodes = execution.nodes;
  draw();
  showStatus(execution.status, execution.prefect_url);
  showOutputs(execution.outputs);
  $("errors").replaceChildren();
  for (const [id, node] of Object.entries(execution.nodes)) if (node.state === "failed") showError(node.error, id);
  if (execution.error && !$("errors").children.length) showError(execution.error);
}

function begin(executionId) {
  if (state.execution === executionId) return;
  Object.assign(state, { execution: executionId, nodes: {} });
  $("errors").replaceChildren();
  $("outputs").replaceChildren();
  draw();
  showStatus("queued", null);
}

function showStatus(status, prefectUrl) {
  const active = ["queued", "running", "paused"].includes(status);
  $("status").textContent = status ?? "not run yet";
  $("cancel").disabled = !active;
  link($("flow-run"), prefectUrl);
}

async function refresh() {
  if (!state.execution) return;
  await guarded(async () => showExecution(await api(`/api/execution/${state.execution}`)));
}

function showOutputs(outputs) {
  $("outputs").replaceChildren(...Object.entries(outputs).map(([name, output]) => drawOutput(name, output)));
}

function drawOutput(name, output) {
  const figure = element("figure");
  const address = pictureAddress(output);
  if (address) {
    const image = element("img", { src: address, alt: `Output ${name}`, loading: "lazy" });
    const opened = element("a", { href: address, target: "_blank", rel: "noopener" });
    opened.append(image);
    figure.append(opened);
  } else if ("value" in output) {
    figure.append(element("pre", { textContent: JSON.stringify(output.value, null, 2) }));
  } else {
    figure.append(element("a", { href: output.url, textContent: "Download" }));
  }
  figure.append(element("figcaption", { textContent: `${name} · ${output.type}` }));
  return figure;
}

function pictureAddress(output) {
  if (["IMAGE", "MASK"].includes(output.type) && !("value" in output)) return output.url;
  const isPicture = output.type === "PATH" && /\.(png|jpe?g|webp|gif)$/i.test(output.value ?? "");
  return isPicture ? `${output.url}?format=file` : null;
}

function showError(error, nodeId = error?.node_id) {
  if (!error) return;
  const box = element("div", { className: "error" });
  const where = nodeId ? `${nodeId}: ` : "";
  box.append(element("strong", { textContent: `${error.code} ${where}${error.message}` }));
  // Each problem has a hint of its own, more exact than the one of the whole.
  const lines = error.problems?.length
    ? error.problems.map((problem) => `${problem.code} ${problem.message}. ${problem.hint}`)
    : [error.hint];
  for (const line of lines) if (line) box.append(element("p", { textContent: line }));
  if (error.traceback) box.append(element("pre", { textContent: error.traceback }));
  $("errors").append(box);
}

// The WebSocket

const handlers = {
  "graph.sync": ({ graph, version }) => showGraph(graph, version),
  "graph.deleted": () => (location.hash = ""),
  "execution.queued": ({ execution_id }) => begin(execution_id),
  "execution.status": ({ status, prefect_url }) => showStatus(status, prefect_url),
  "execution.progress": ({ node_id, ...node }) => {
    state.nodes[node_id] = node;
    showNode(node_id);
  },
  "execution.error": ({ node_id, error }) => showError(error, node_id),
  "execution.complete": refresh,
  "execution.failed": refresh,
  "execution.cancelled": refresh,
  error: ({ error }) => showError(error),
};

// A message of an execution that this page has not heard of begins to show it.
const STARTS = new Set(["execution.queued", "execution.status"]);

function receive({ type, payload, seq }) {
  state.seq = Math.max(seq, state.seq ?? 0);
  const id = payload.execution_id;
  if (id && id !== state.execution) {
    if (!STARTS.has(type) || ["completed", "failed", "cancelled", "crashed"].includes(payload.status)) return;
    begin(id);
  }
  handlers[type]?.(payload);
}

function connect(graphId) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const after = state.seq === null ? "" : `&after=${state.seq}`;
  const socket = new WebSocket(`${scheme}://${location.host}/ws?graph_id=${encodeURIComponent(graphId)}${after}`);
  state.socket = socket;
  socket.addEventListener("open", () => ($("connection").textContent = "live"));
  socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener("close", ({ code }) => {
    if (state.socket !== socket) return;
    if (code === 4401) return askForLogin();
    $("connection").textContent = "reconnecting…";
    setTimeout(() => state.socket === socket && connect(graphId), RECONNECT_MS);
  });
}

function closeSocket() {
  const socket = state.socket;
  state.socket = null;
  socket?.close();
  $("connection").textContent = "offline";
}

// Elements

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

function svg(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function text(kind, x, y, content) {
  const made = svg("text", { class: kind, x, y });
  made.textContent = content;
  return made;
}

const shorten = (words, most) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);

// Only links to web pages: what a server names may be anything.
function link(anchor, address) {
  anchor.hidden = !/^https?:\/\//.test(address ?? "");
  if (!anchor.hidden) anchor.href = address;
}

// Start

$("run").addEventListener("click", () =>
  guarded(async () => {
    $("errors").replaceChildren();
    const { execution_id } = await post(`/api/graph/${encodeURIComponent(openedId())}/execute`);
    begin(execution_id);
  }),
);

$("cancel").addEventListener("click", () =>
  guarded(() => post(`/api/execution/${encodeURIComponent(state.execution)}/cancel`)),
);

$("login-form").addEventListener("submit", logIn);

$("logout").addEventListener("click", () =>
  guarded(async () => {
    await api("/api/session", { method: "DELETE" });
    location.reload();
  }),
);

window.addEventListener("hashchange", open);

await guarded(recognise);
guarded(async () => {
  const { prefect_ui, dask_dashboard } = await api("/api/stack");
  link($("prefect"), prefect_ui);
  link($("dask"), dask_dashboard);
});
open();
