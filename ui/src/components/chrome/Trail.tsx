import { Boxes, ChevronRight } from "lucide-react";
import { useState } from "react";
import { useEditor } from "../../hooks/editor";
import { may } from "../../store/session";
import { publishedAs, publishNext } from "../../store/subgraphs";
import { leaveTo } from "../../store/trail";

/** The way back to the graphs in which this one stands. */
export function Trail() {
  const { crumbs } = useEditor();
  if (crumbs.length === 0) return null;
  return (
    <nav className="trail" aria-label="Graphs around this one">
      {crumbs.map((crumb) => (
        <span key={crumb.id}>
          <button type="button" onClick={() => leaveTo(crumbs, crumb)}>
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
  const spec = publishedAs(editor);
  const [busy, setBusy] = useState(false);
  if (!spec || !may("edit")) return null;
  const publish = async () => {
    setBusy(true);
    await publishNext(editor);
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
