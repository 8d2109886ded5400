import { Activity, Command, ExternalLink, ListVideo, Play, Redo2, Rocket, Settings, Square, Undo2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useEditor, useGraph, useRoom, useShown } from "../../hooks/editor";
import { COMMANDS } from "../../store/commands";
import { prefer, preferences } from "../../store/preferences";
import { isFinal } from "../../store/runs";
import { may } from "../../store/session";
import { duration } from "../node/appearance";
import { useDraft } from "../widgets/useDraft";
import { Connection } from "./Connection";
import { People } from "./People";
import { PublishAgain, Trail } from "./Trail";

export function TopBar() {
  const editor = useEditor();
  const [canUndo, canRedo] = [useRoom((room) => room.undo.canUndo()), useRoom((room) => room.undo.canRedo())];
  const run = (command: string) => () => COMMANDS[command]?.(editor);
  return (
    <header className="topbar">
      <button type="button" className="brand" aria-label="VORTEX: graphs" onClick={() => prefer({ left: "graphs" })}>
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <rect width="24" height="24" rx="6" />
          <path d="M5.5 7h5l2 5-2 5M18.5 7h-3.2l-2.8 5 2 5h4" />
        </svg>
      </button>
      <h1 className="unseen">VORTEX editor</h1>
      <Trail />
      <GraphName />
      <PublishAgain />
      <Connection />
      <span className="topbar-gap" />
      <RunStatus />
      <div className="topbar-tools">
        <IconButton title="Undo (Ctrl+Z)" disabled={!canUndo} onClick={run("undo")} icon={<Undo2 size={16} />} />
        <IconButton title="Redo (Ctrl+Shift+Z)" disabled={!canRedo} onClick={run("redo")} icon={<Redo2 size={16} />} />
        <IconButton title="Commands (Ctrl+K)" onClick={run("palette")} icon={<Command size={16} />} />
        <IconButton title="Queue and history (Q)" onClick={run("panel.runs")} icon={<ListVideo size={16} />} />
        <IconButton title="Workers and memory (5)" onClick={run("panel.stack")} icon={<Activity size={16} />} />
        <IconButton title="Publish as a deployment" onClick={run("deploy")} icon={<Rocket size={16} />} />
        <IconButton title="Preferences" onClick={run("preferences")} icon={<Settings size={16} />} />
      </div>
      <People />
      <RunButton />
    </header>
  );
}

interface IconButtonProps {
  title: string;
  icon: React.ReactNode;
  onClick: () => void;
  disabled?: boolean;
}

export function IconButton({ title, icon, onClick, disabled }: IconButtonProps) {
  return (
    <button
      type="button"
      className="icon-button"
      title={title}
      aria-label={title}
      disabled={disabled}
      onClick={onClick}
    >
      {icon}
    </button>
  );
}

function GraphName() {
  const editor = useEditor();
  const name = useGraph((view) => view.name);
  const { text, type, begin, end } = useDraft(name);
  useEffect(() => {
    document.title = `${name || "Unnamed"} – VORTEX`;
  }, [name]);
  return (
    <input
      className="graph-name"
      aria-label="Name of the graph"
      value={text}
      placeholder="Unnamed graph"
      size={Math.min(Math.max(text.length, 12), 36)}
      onFocus={begin}
      onChange={(event) => type(event.target.value)}
      onBlur={() => {
        if (text.trim() !== name) editor.edit([{ op: "graph.rename", name: text.trim() }]);
        end();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
      }}
    />
  );
}

/** What the shown execution does, and for how long. */
function RunStatus() {
  const { id, status, startedMs, tookMs, prefectUrl } = useShown((shown) => shown);
  const ended = isFinal(status);
  const now = useClock(status !== null && !ended);
  if (!status) return null;
  const ms = tookMs ?? (startedMs === null || ended ? null : now - startedMs);
  return (
    <div className="run-status" data-execution={id} data-status={status} role="status">
      <span className="dot" aria-hidden="true" />
      <span>{status}</span>
      {ms !== null && <span className="figure">{duration(Math.max(ms, 0))}</span>}
      {prefectUrl && /^https?:/.test(prefectUrl) && (
        <a
          href={prefectUrl}
          target="_blank"
          rel="noopener noreferrer"
          title="The flow run in Prefect"
          aria-label="The flow run in Prefect"
        >
          <ExternalLink size={13} />
        </a>
      )}
    </div>
  );
}

function useClock(running: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

function RunButton() {
  const editor = useEditor();
  const status = useShown((shown) => shown.status);
  const active = status !== null && !isFinal(status);
  return (
    <div className="run-buttons">
      {active && (
        <button
          type="button"
          className="stop"
          title="Cancel the run (Ctrl+Alt+Enter)"
          onClick={() => void editor.cancel()}
        >
          <Square size={12} fill="currentColor" /> Cancel
        </button>
      )}
      <button
        type="button"
        className="run"
        disabled={!may("execute")}
        title="Run (Ctrl+Enter)"
        onClick={() => {
          void editor.run();
          if (preferences.getState().right === null) prefer({ right: "outputs" });
        }}
      >
        <Play size={13} fill="currentColor" /> Run
      </button>
    </div>
  );
}
