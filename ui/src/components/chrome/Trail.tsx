import { Boxes, ChevronRight } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { useEditor } from "../../hooks/editor";
import { may } from "../../store/session";
import { publishGraph } from "../../store/subgraphs";
import { crumbsTo, leaveTo, trail } from "../../store/trail";

/** The way back to the graphs in which this one stands. */
export function Trail() {
  const { graphId } = useEditor();
  const crumbs = crumbsTo(useStore(trail), graphId);
  if (crumbs.length === 0) return null;
  return (
    <nav className="trail" aria-label="Graphs around this one">
      {crumbs.map((crumb) => (
        <span key={crumb.id}>
          <button type="button" onClick={() => leaveTo(crumb)}>
            {crumb.name || "Unnamed graph"}
          </button>
          <ChevronRight size={13} aria-hidden="true" />
        </span>
      ))}
    </nav>
  );
}

/** For a graph that is a node of others: what it is now as that node's next version. */
export function PublishAgain() {
  const editor = useEditor();
  const { catalogue, graphId } = editor;
  const spec = catalogue.offered.find(({ graph }) => graph === graphId);
  const [busy, setBusy] = useState(false);
  if (!spec || !may("edit")) return null;
  const publish = async () => {
    setBusy(true);
    await publishGraph(editor);
    setBusy(false);
  };
  return (
    <button
      type="button"
      className="publish-again"
      disabled={busy}
      title={`This graph is the node ${spec.type}: publish it as the next version`}
      onClick={() => void publish()}
    >
      <Boxes size={13} aria-hidden="true" /> Publish
    </button>
  );
}
