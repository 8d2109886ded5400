import { useStore } from "zustand";
import { create, GraphsPanel } from "../components/panels/GraphsPanel";
import { nodes } from "../store/nodes";

/** The page before a graph is open. */
export function Start() {
  const { catalogue } = useStore(nodes);
  return (
    <main className="start">
      <div>
        <h1>VORTEX</h1>
        <p className="quiet">Begin a new graph, open one of this server or of a file, or take a template.</p>
        <button type="button" className="button primary" onClick={() => void create()}>
          New graph
        </button>
        <GraphsPanel current={null} catalogue={catalogue} />
      </div>
    </main>
  );
}
