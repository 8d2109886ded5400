import { ArrowDown, ArrowUp, ArrowUpToLine, Columns2, Eye, GitFork, Pause, Play, RotateCw, X } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import type { ErrorDetail, ExecutionResource, Graph, QueueEntry, QueueResource } from "../../contract/api";
import { useEditor, useShown } from "../../hooks/editor";
import { api } from "../../session/api";
import { selectOnly } from "../../store/canvas";
import { COMMANDS } from "../../store/commands";
import { complain, type Editor } from "../../store/editor";
import { openGraph } from "../../store/files";
import { isFinal, pictureUrl } from "../../store/runs";
import { say, ui } from "../../store/ui";
import { IconButton } from "../chrome/TopBar";
import { duration } from "../node/appearance";
import { ago } from "./GraphsPanel";

/** What waits and runs on this server, and what this graph has run before. */
export function RunsPanel() {
  const editor = useEditor();
  const changes = useShown((shown) => shown.changes);
  const [queue, setQueue] = useState<QueueResource | null>(null);
  const [past, setPast] = useState<readonly ExecutionResource[]>([]);
  const load = useCallback(async () => {
    const [now, executions] = await Promise.all([api.queue(), api.executions(editor.graphId)]);
    setQueue(now);
    setPast(executions.executions);
  }, [editor]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `changes` counts what the socket told of executions
  useEffect(() => void load().catch(() => undefined), [load, changes]);
  const act = (title: string, work: Promise<unknown>) => void work.then(load).catch((error) => complain(title, error));
  return (
    <div className="runs">
      {queue && <Queue queue={queue} act={act} />}
      <h2>History of this graph</h2>
      <ul className="runs-list">
        {past.map((execution) => (
          <PastRun key={execution.id} execution={execution} act={act} />
        ))}
      </ul>
      {past.length === 0 && <p className="empty">It has not run yet.</p>}
    </div>
  );
}

const MOST_FAULTS = 3;

type Act = (title: string, work: Promise<unknown>) => void;

function Queue({ queue, act }: { queue: QueueResource; act: Act }) {
  const waiting = queue.waiting.map((entry) => entry.execution_id);
  return (
    <section>
      <h2 className="runs-head">
        Queue
        <small>
          {queue.running.length} running, {queue.waiting.length} waiting
        </small>
        <IconButton
          title={queue.paused ? "Go on" : "Pause the queue: what runs goes on"}
          icon={queue.paused ? <Play size={14} /> : <Pause size={14} />}
          onClick={() => act("The queue stays as it is", queue.paused ? api.resumeQueue() : api.pauseQueue())}
        />
      </h2>
      {queue.paused && <p className="hint">Paused: nothing starts.</p>}
      <ul className="runs-list">
        {queue.running.map((entry) => (
          <QueueRow key={entry.execution_id} entry={entry} status="running" act={act} />
        ))}
        {queue.waiting.map((entry, index) => (
          <QueueRow key={entry.execution_id} entry={entry} status="queued" act={act}>
            <IconButton
              title="To the front"
              icon={<ArrowUpToLine size={14} />}
              disabled={index === 0}
              onClick={() => act("Not moved", api.moveBefore(entry.execution_id, waiting[0]!))}
            />
            <IconButton
              title="Earlier"
              icon={<ArrowUp size={14} />}
              disabled={index === 0}
              onClick={() => act("Not moved", api.moveBefore(entry.execution_id, waiting[index - 1]!))}
            />
            <IconButton
              title="Later"
              icon={<ArrowDown size={14} />}
              disabled={index === waiting.length - 1}
              onClick={() => act("Not moved", api.moveBefore(waiting[index + 1]!, entry.execution_id))}
            />
          </QueueRow>
        ))}
      </ul>
    </section>
  );
}

interface QueueRowProps {
  entry: QueueEntry;
  status: "running" | "queued";
  act: Act;
  children?: React.ReactNode;
}

function QueueRow({ entry, status, act, children }: QueueRowProps) {
  const editor = useEditor();
  const own = entry.graph_id === editor.graphId;
  return (
    <li className="run-entry">
      <span className="dot" data-status={status} />
      <span>
        {own ? "this graph" : "another graph"}{" "}
        <small>
          {entry.user !== "anybody" && `${entry.user} · `}
          {ago(entry.created_at)}
        </small>
      </span>
      <span className="topbar-gap" />
      {children}
      <IconButton
        title="Cancel"
        icon={<X size={14} />}
        onClick={() => act("Not cancelled", api.cancel(entry.execution_id))}
      />
    </li>
  );
}

function PastRun({ execution, act }: { execution: ExecutionResource; act: Act }) {
  const editor = useEditor();
  const shown = useShown((state) => state.id === execution.id);
  const nodes = Object.values(execution.nodes);
  const cached = nodes.filter((node) => node.state === "cached").length;
  const took = tookMs(execution);
  return (
    <li className="run-entry" aria-current={shown} data-status={execution.status}>
      <span className="dot" data-status={execution.status} />
      <button
        type="button"
        className="link"
        title="Show this run on the canvas"
        onClick={() => act("Not shown", editor.look(execution.id))}
      >
        {execution.status}
      </button>
      <small>
        {took !== null && `${duration(took)} · `}
        {cached > 0 && `${cached} cached · `}
        {ago(execution.created_at)}
      </small>
      <span className="topbar-gap" />
      {!isFinal(execution.status) && (
        <IconButton
          title="Cancel"
          icon={<X size={14} />}
          onClick={() => act("Not cancelled", api.cancel(execution.id))}
        />
      )}
      <IconButton
        title="Open the graph of this run as a new one"
        icon={<GitFork size={14} />}
        onClick={() => act("Not opened", reopen(execution))}
      />
      <IconButton
        title="Compare its pictures with those of the run that is shown"
        icon={<Columns2 size={14} />}
        disabled={shown}
        onClick={() => compare(editor, execution)}
      />
      <IconButton
        title="Show this run"
        icon={<Eye size={14} />}
        onClick={() => act("Not shown", editor.look(execution.id))}
      />
      <IconButton title="Run again" icon={<RotateCw size={14} />} onClick={() => void editor.run()} />
      {execution.status === "failed" && <Faults execution={execution} act={act} />}
    </li>
  );
}

/** Which nodes failed in a run, and why; a click goes there. */
function Faults({ execution, act }: { execution: ExecutionResource; act: Act }) {
  const editor = useEditor();
  const failed = Object.entries(execution.nodes).filter(([, node]) => node.error !== null);
  const show = async (id: string) => {
    await editor.look(execution.id);
    selectOnly(editor.canvas, new Set([id]));
    COMMANDS["fit.selection"]?.(editor);
  };
  return (
    <ul className="run-faults">
      {failed.slice(0, MOST_FAULTS).map(([id, node]) => {
        const { code, message } = node.error as unknown as ErrorDetail;
        const known = editor.view.nodes.get(id);
        const name = known?.title ?? editor.catalogue.get(known?.type ?? "")?.title ?? id;
        return (
          <li key={id}>
            <button type="button" title="Show the node" onClick={() => act("Not shown", show(id))}>
              <em>{name}</em> <b>{code}</b> {message}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The first output that is a picture in both runs. */
function compare(editor: Editor, old: ExecutionResource): void {
  const { outputs } = editor.runs.shown.getState();
  for (const [name, output] of Object.entries(old.outputs)) {
    const [before, now] = [pictureUrl(output), outputs[name] && pictureUrl(outputs[name])];
    if (!before || !now) continue;
    const then = ago(old.created_at);
    ui.setState({ viewer: { url: now, title: name, other: { url: before, title: `${name}, ${then}` } } });
    return;
  }
  say("info", "Nothing to compare", "The two runs have no picture of one name.");
}

function tookMs({ started_at, finished_at }: ExecutionResource): number | null {
  return started_at && finished_at ? Date.parse(finished_at) - Date.parse(started_at) : null;
}

/** The graph of the execution as it was drawn, whatever became of it since. */
async function reopen(execution: ExecutionResource): Promise<void> {
  const graph = (await api.executedGraph(execution.id)).graph as unknown as Graph;
  const nodes = Object.keys(graph.nodes ?? {}).length;
  const at = new Date(execution.created_at).toLocaleTimeString();
  await openGraph({ ...graph, name: `${graph.name} (run of ${at})` });
  say("info", "Opened", `The graph of that run, with ${nodes} nodes, as one of its own.`);
}
