import { create, GraphsPanel } from "../components/panels/GraphsPanel";

/** The page before a graph is open. */
export function Start() {
  return (
    <main className="start">
      <div>
        <h1>VORTEX</h1>
        <p className="quiet">Open a graph, drop a file into the list, or begin a new one.</p>
        <button type="button" className="button primary" onClick={() => void create()}>
          New graph
        </button>
        <GraphsPanel current={null} />
      </div>
    </main>
  );
}
