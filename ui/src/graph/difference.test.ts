import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { apply } from "../collab/apply";
import { ObservedGraph } from "../collab/observe";
import { difference, stillFitting } from "./difference";
import { contents } from "./document";
import type { Change, GraphView } from "./model";
import { graph } from "./testing";

const chain = () =>
  graph({ a: "test.image", b: "test.blur", c: "test.blur" }, ["a.image > b.image", "b.image > c.image"]);

function documentOf(view: GraphView) {
  const doc = new Y.Doc();
  apply(doc, contents(view));
  return { doc, seen: new ObservedGraph(doc) };
}

const EDITS: Change[][] = [
  [{ op: "node.set", id: "b", fields: { x: 5, mode: "muted", title: "B" } }],
  [{ op: "param.set", id: "b", name: "radius", value: 3 }],
  [{ op: "node.create", id: "d", node: { type: "test.blur", x: 1, y: 2 }, params: { radius: 2 } }],
  [
    { op: "edge.delete", key: "c:image" },
    { op: "node.delete", id: "c" },
  ],
  [{ op: "note.set", note: { id: "n", text: "here", color: null, x: 0, y: 0, width: 10, height: 10 } }],
  [
    { op: "output.set", output: { name: "o", node: "b", port: "image" } },
    { op: "graph.rename", name: "Other" },
  ],
];

describe("the difference of two graphs", () => {
  it.each(EDITS)("is what was done: %j", (...changes) => {
    const { doc, seen } = documentOf(chain());
    const before = seen.view;
    apply(doc, changes);
    const other = documentOf(before);
    apply(other.doc, difference(before, seen.view));
    expect(difference(other.seen.view, seen.view)).toEqual([]);
    expect(difference(before, seen.view)).not.toEqual([]);
  });
  it("is nothing where nothing was done", () => {
    expect(difference(chain(), chain())).toEqual([]);
  });
});

describe("what is done again", () => {
  it("leaves alone what others have deleted", () => {
    const done: Change[] = [
      { op: "node.set", id: "b", fields: { x: 5 } },
      { op: "param.set", id: "a", name: "width", value: 3 },
      {
        op: "edge.create",
        edge: { key: "b:image", source: "a", sourcePort: "image", target: "b", targetPort: "image" },
      },
    ];
    const now = graph({ a: "test.image" }, []);
    expect(stillFitting(done, now)).toEqual([done[1]]);
  });
  it("makes no node twice", () => {
    const create: Change = { op: "node.create", id: "a", node: { type: "test.image", x: 0, y: 0 } };
    expect(stillFitting([create], chain())).toEqual([]);
  });
});
