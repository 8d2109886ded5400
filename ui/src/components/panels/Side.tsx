import { useRef } from "react";
import { useStore } from "zustand";
import { useEditor, usePreferences } from "../../hooks/editor";
import { type LeftPanel, prefer, type RightPanel } from "../../store/preferences";
import { GraphsPanel } from "./GraphsPanel";
import { Inspector } from "./Inspector";
import { NodesPanel } from "./NodesPanel";
import { OutputsPanel } from "./OutputsPanel";
import { ProblemsPanel } from "./ProblemsPanel";
import { RunsPanel } from "./RunsPanel";
import { StackPanel } from "./StackPanel";

const LEFT: readonly [LeftPanel, string][] = [
  ["nodes", "Nodes"],
  ["graphs", "Graphs"],
];
const RIGHT: readonly [RightPanel, string][] = [
  ["inspector", "Node"],
  ["outputs", "Outputs"],
  ["runs", "Runs"],
  ["problems", "Problems"],
  ["stack", "Stack"],
];

export function LeftSide() {
  const editor = useEditor();
  const open = usePreferences((state) => state.left);
  const width = usePreferences((state) => state.leftWidth);
  return (
    <aside
      className="side left"
      data-open={open !== null}
      style={open ? { width } : undefined}
      aria-label="Nodes and graphs"
    >
      <Tabs tabs={LEFT} open={open} onOpen={(panel) => prefer({ left: panel })} />
      {open === "nodes" && <NodesPanel />}
      {open === "graphs" && <GraphsPanel current={editor.graphId} catalogue={editor.catalogue} />}
      {open && <Grip from="left" width={width} onWidth={(leftWidth) => prefer({ leftWidth })} />}
    </aside>
  );
}

export function RightSide() {
  const open = usePreferences((state) => state.right);
  const width = usePreferences((state) => state.rightWidth);
  const editor = useEditor();
  const problems = useStore(editor.problems.all, (state) => state.list.length);
  return (
    <aside
      className="side right"
      data-open={open !== null}
      style={open ? { width } : undefined}
      aria-label="Node, outputs and runs"
    >
      <Tabs tabs={RIGHT} open={open} onOpen={(panel) => prefer({ right: panel })} badges={{ problems }} />
      <div className="side-content">
        {open === "inspector" && <Inspector />}
        {open === "outputs" && <OutputsPanel />}
        {open === "runs" && <RunsPanel />}
        {open === "problems" && <ProblemsPanel />}
        {open === "stack" && <StackPanel />}
      </div>
      {open && <Grip from="right" width={width} onWidth={(rightWidth) => prefer({ rightWidth })} />}
    </aside>
  );
}

interface TabsProps<T extends string> {
  tabs: readonly [T, string][];
  open: T | null;
  onOpen: (panel: T | null) => void;
  badges?: Partial<Record<T, number>>;
}

function Tabs<T extends string>({ tabs, open, onOpen, badges = {} }: TabsProps<T>) {
  return (
    <div className="tabs" role="tablist">
      {tabs.map(([panel, title]) => (
        <button
          key={panel}
          type="button"
          role="tab"
          aria-selected={open === panel}
          title={open === panel ? `${title}: click to close` : title}
          onClick={() => onOpen(open === panel ? null : panel)}
        >
          {title}
          {(badges[panel] ?? 0) > 0 && <span className="badge">{badges[panel]}</span>}
        </button>
      ))}
    </div>
  );
}

const NARROW = 180;
const WIDE = 560;

/** The edge of a panel: drag it, or use the arrows, to make the panel wider. */
function Grip({ from, width, onWidth }: { from: "left" | "right"; width: number; onWidth: (width: number) => void }) {
  const start = useRef<{ x: number; width: number } | null>(null);
  const sign = from === "left" ? 1 : -1;
  const set = (next: number) => onWidth(Math.min(Math.max(next, NARROW), WIDE));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      className="grip"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuenow={width}
      aria-valuemin={NARROW}
      aria-valuemax={WIDE}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => start.current && set(start.current.width + sign * (event.clientX - start.current.x))}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") set(width - sign * 16);
        if (event.key === "ArrowRight") set(width + sign * 16);
      }}
    />
  );
}
