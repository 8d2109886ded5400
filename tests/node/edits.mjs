// Edits of a graph's document, as the editor makes them: each one transaction of the client's own.

export const ROOTS = ["meta", "nodes", "edges", "groups", "notes", "inputs", "outputs"];

/** The document as plain values, root by root. */
export function documentOf(doc) {
  return Object.fromEntries(ROOTS.map((root) => [root, doc.getMap(root).toJSON()]));
}

/**
 * Key of an edge. An input that takes one value has one key, so that two people who connect it at once make one edge.
 * @param {{source: string, sourcePort: string, target: string, targetPort: string, list?: boolean}} edge
 */
export function edgeKey({ source, sourcePort, target, targetPort, list = false }) {
  const parts = list ? [target, targetPort, source, sourcePort] : [target, targetPort];
  return parts.map((part) => part.replace(/%/g, "%25").replace(/:/g, "%3A")).join(":");
}

/** Name → (Y, doc, what the command names) => result. */
export const EDITS = {
  create_node(Y, doc, { node, type, x = 0, y = 0, title = null, mode = "active", params = {} }) {
    // Setting a key that is there would bring a node back that another client deletes at this moment.
    if (doc.getMap("nodes").has(node)) throw new Error(`there is a node ${node}`);
    const made = new Y.Map(Object.entries({ type, x, y, title, mode }));
    made.set("params", new Y.Map(Object.entries(params)));
    doc.getMap("nodes").set(node, made);
  },
  move(_Y, doc, { node, x, y }) {
    const found = nodeOf(doc, node);
    found.set("x", x);
    found.set("y", y);
  },
  set_param(_Y, doc, { node, name, value }) {
    nodeOf(doc, node).get("params").set(name, value);
  },
  delete_param(_Y, doc, { node, name }) {
    nodeOf(doc, node).get("params").delete(name);
  },
  set_title(_Y, doc, { node, title }) {
    nodeOf(doc, node).set("title", title);
  },
  set_mode(_Y, doc, { node, mode }) {
    nodeOf(doc, node).set("mode", mode);
  },
  delete_node(_Y, doc, { node }) {
    nodeOf(doc, node);
    removeWhere(doc, "edges", ({ source, target }) => source === node || target === node);
    for (const root of ["inputs", "outputs"]) removeWhere(doc, root, (exposed) => exposed.node === node);
    doc.getMap("nodes").delete(node);
  },
  connect_edge(_Y, doc, { source, sourcePort, target, targetPort, list = false }) {
    const key = edgeKey({ source, sourcePort, target, targetPort, list });
    if (!list) removeWhere(doc, "edges", (edge) => edge.target === target && edge.targetPort === targetPort);
    doc.getMap("edges").set(key, { source, sourcePort, target, targetPort });
    return key;
  },
  delete_edge(_Y, doc, { key }) {
    if (!doc.getMap("edges").has(key)) throw new Error(`there is no edge ${key}`);
    doc.getMap("edges").delete(key);
  },
  rename(_Y, doc, { name }) {
    doc.getMap("meta").set("name", name);
  },
  put(_Y, doc, { root, key, value }) {
    if (!ROOTS.includes(root)) throw new Error(`there is no root ${root}`);
    doc.getMap(root).set(key, value);
  },
};

function removeWhere(doc, root, matches) {
  const map = doc.getMap(root);
  for (const [key, value] of [...map.entries()]) if (matches(value)) map.delete(key);
}

function nodeOf(doc, node) {
  const found = doc.getMap("nodes").get(node);
  if (found === undefined) throw new Error(`there is no node ${node}`);
  return found;
}

/** What a random edit is, and how often it comes among the others. */
const WEIGHTS = {
  move: 35,
  set_param: 20,
  create_node: 15,
  connect_edge: 12,
  delete_node: 8,
  set_title: 4,
  delete_edge: 3,
  rename: 2,
  set_mode: 1,
};

/**
 * Edits that fit the document as it is, each in its own transaction.
 * @param {() => string} newName of a node that is created: no two clients may create the same
 * @returns {number} how many changed something: a document without nodes leaves little to move
 */
export function randomEdits(Y, doc, origin, newName, count, seed) {
  const random = randomNumbers(seed);
  let done = 0;
  for (let index = 0; index < count; index++) {
    const [edit, given] = randomEdit(doc, random, newName);
    if (given === null) continue;
    doc.transact(() => EDITS[edit](Y, doc, given), origin);
    done++;
  }
  return done;
}

function randomEdit(doc, random, newName) {
  const nodes = [...doc.getMap("nodes").keys()];
  const edges = [...doc.getMap("edges").keys()];
  const one = (list) => list[Math.floor(random() * list.length)];
  const edit = weighted(random);
  const node = one(nodes);
  const place = { x: Math.floor(random() * 4000), y: Math.floor(random() * 4000) };
  if (edit === "create_node") {
    const type = one(["test.image", "test.blur", "test.save"]);
    return [edit, { node: newName(), type, ...place, params: type === "test.blur" ? { radius: 1 } : {} }];
  }
  if (edit === "rename") return [edit, { name: `Graph ${Math.floor(random() * 1000)}` }];
  if (edit === "delete_edge") return [edit, edges.length ? { key: one(edges) } : null];
  if (!nodes.length) return [edit, null];
  return [
    edit,
    {
      move: () => ({ node, ...place }),
      set_param: () => ({ node, name: one(["radius", "size"]), value: Math.floor(random() * 10) }),
      connect_edge: () => ({ source: one(nodes), sourcePort: "image", target: node, targetPort: "image" }),
      delete_node: () => ({ node }),
      set_title: () => ({ node, title: `Title ${Math.floor(random() * 1000)}` }),
      set_mode: () => ({ node, mode: one(["active", "muted", "bypassed"]) }),
    }[edit](),
  ];
}

function weighted(random) {
  let left = random() * Object.values(WEIGHTS).reduce((sum, weight) => sum + weight);
  for (const [name, weight] of Object.entries(WEIGHTS)) {
    left -= weight;
    if (left < 0) return name;
  }
  return "move";
}

/** Numbers in 0..1 that a seed decides (mulberry32 of T. Ettinger, public domain). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
