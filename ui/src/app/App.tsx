import { ReactFlowProvider } from "@xyflow/react";
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { Canvas } from "../components/canvas/Canvas";
import { CanvasMenu } from "../components/chrome/CanvasMenu";
import { CanvasTools } from "../components/chrome/CanvasTools";
import { RunScope } from "../components/chrome/RunScope";
import { SearchPanel } from "../components/chrome/SearchPanel";
import { Toasts } from "../components/chrome/Toasts";
import { TopBar } from "../components/chrome/TopBar";
import { CommandPalette } from "../components/dialogs/CommandPalette";
import { Deploy } from "../components/dialogs/Deploy";
import { Failure } from "../components/dialogs/Failure";
import { ImportReport } from "../components/dialogs/ImportReport";
import { Login } from "../components/dialogs/Login";
import { PreferencesDialog } from "../components/dialogs/PreferencesDialog";
import { Shortcuts } from "../components/dialogs/Shortcuts";
import { MakeSubgraph, Publish } from "../components/dialogs/Subgraphs";
import { Viewer } from "../components/dialogs/Viewer";
import { LeftSide, RightSide } from "../components/panels/Side";
import { EditorContext } from "../hooks/editor";
import { Editor } from "../store/editor";
import { nodes } from "../store/nodes";
import { useGraphId } from "./address";
import { Start } from "./Start";
import { useStartUp } from "./startUp";
import { useShortcuts } from "./useShortcuts";

export function App() {
  const start = useStartUp();
  const graphId = useGraphId();
  if (start.kind === "login") return <Login refused={start.refused} />;
  if (start.kind === "failed") return <Problem text={start.text} onRetry={start.retry} />;
  if (start.kind === "waiting") return <main className="loading" aria-busy="true" aria-label="Loading" />;
  return (
    <>
      {graphId ? <Opened key={graphId} graphId={graphId} /> : <Start />}
      <Toasts />
    </>
  );
}

function Problem({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <main className="login">
      <div role="alert">
        <h1>VORTEX</h1>
        <p>{text}</p>
        <button type="button" className="button primary" onClick={onRetry}>
          Try again
        </button>
      </div>
    </main>
  );
}

function Opened({ graphId }: { graphId: string }) {
  const editor = useOpened(graphId);
  const { catalogue } = useStore(nodes);
  // Another value when the node types are others: whatever looks into them is drawn again.
  const opened = useMemo(() => editor && { editor, catalogue }, [editor, catalogue]);
  if (!opened) return <main className="loading" aria-busy="true" aria-label="Loading" />;
  return (
    <EditorContext value={opened}>
      <ReactFlowProvider>
        <Workspace />
      </ReactFlowProvider>
    </EditorContext>
  );
}

function useOpened(graphId: string): Editor | null {
  const [editor, setEditor] = useState<Editor | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round opens the same graph anew
  useEffect(() => {
    const opened = new Editor(graphId, () => setRound((before) => before + 1));
    setEditor(opened);
    return () => opened.leave();
  }, [graphId, round]);
  return editor;
}

function Workspace() {
  useShortcuts();
  return (
    <div className="workspace">
      <TopBar />
      <div className="middle">
        <LeftSide />
        <main className="stage">
          <Canvas />
          <CanvasTools />
          <RunScope />
        </main>
        <RightSide />
      </div>
      <SearchPanel />
      <CanvasMenu />
      <Shortcuts />
      <CommandPalette />
      <Deploy />
      <MakeSubgraph />
      <Publish />
      <PreferencesDialog />
      <Viewer />
      <Failure />
      <ImportReport />
    </div>
  );
}
