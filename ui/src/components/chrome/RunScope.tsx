import { useStore } from "zustand";
import { useEditor } from "../../hooks/editor";

/** In a graph that was opened by way of another one: whose runs the canvas shows. */
export function RunScope() {
  const { watch } = useEditor();
  const { around, active, since } = useStore(watch.scope);
  if (!around) return null;
  const name = around.name || "Unnamed graph";
  return (
    <div className="run-scope" role="status" aria-label="Whose run is shown">
      <span>
        {active ? (since === "absent" ? "This was not part of the run of " : "Run of ") : "Runs of this graph alone"}
        {active && <b>{name}</b>}
      </span>
      {active && since === "changed" && (
        <em title="Nodes that are still here show what they did">This graph has changed since</em>
      )}
      {active ? (
        <button type="button" className="link" onClick={() => watch.showOwn()}>
          Show own runs
        </button>
      ) : (
        <button type="button" className="link" onClick={() => watch.showAround()}>
          Show the run of {name}
        </button>
      )}
    </div>
  );
}
