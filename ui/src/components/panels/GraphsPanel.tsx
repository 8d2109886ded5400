import { CopyPlus, FileUp, Plus, Trash2 } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import type { GraphSummary } from "../../contract/api";
import type { Catalogue } from "../../graph/catalogue";
import { api } from "../../session/api";
import { complain } from "../../store/editor";
import { openGraph, openGraphOf } from "../../store/files";
import { say } from "../../store/ui";
import { TemplateList } from "./TemplateList";

/** The graphs of this server. */
export function GraphsPanel({ current, catalogue }: { current: string | null; catalogue: Catalogue }) {
  const [graphs, setGraphs] = useState<readonly GraphSummary[] | null>(null);
  const [filter, setFilter] = useState("");
  const load = useCallback(() => {
    void api.graphs().then(
      ({ graphs }) => setGraphs(graphs),
      (error) => complain("No list of graphs", error),
    );
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another graph may be new, and has to be listed
  useEffect(load, [load, current]);
  const shown = graphs?.filter((graph) => graph.name.toLowerCase().includes(filter.toLowerCase()));
  return (
    <div className="graphs-panel">
      <div className="graphs-actions">
        <button type="button" className="button" onClick={() => void create()}>
          <Plus size={14} /> New
        </button>
        <label className="button">
          <FileUp size={14} /> Open file
          <input
            type="file"
            className="unseen"
            accept=".json,.png,application/json,image/png"
            onChange={(event) => void openFirst(event.target.files)}
          />
        </label>
      </div>
      <input
        className="panel-search"
        type="search"
        placeholder="Search graphs"
        aria-label="Search graphs"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        onKeyDown={(event) => event.stopPropagation()}
      />
      <ul className="graphs-list">
        {shown?.map((graph) => (
          <GraphEntry key={graph.id} graph={graph} current={graph.id === current} onChange={load} />
        ))}
      </ul>
      {shown?.length === 0 && (
        <p className="empty">{filter ? "No graph is called that." : "No graphs yet. Make one."}</p>
      )}
      <TemplateList catalogue={catalogue} />
    </div>
  );
}

export async function create(): Promise<void> {
  await openGraph({ schema: "vortex.graph/1", name: "Untitled" }).catch((error) => complain("Not created", error));
}

async function openFirst(files: FileList | null): Promise<void> {
  const file = files?.[0];
  if (!file) return;
  try {
    if (await openGraphOf(file)) return;
    say("error", "No graph in there", `${file.name} is neither a graph's JSON nor a PNG that carries one.`);
  } catch (error) {
    complain(`${file.name} was not opened`, error);
  }
}

interface EntryProps {
  graph: GraphSummary;
  current: boolean;
  onChange: () => void;
}

function GraphEntry({ graph, current, onChange }: EntryProps) {
  const [asking, setAsking] = useState(false);
  const act = (title: string, work: Promise<unknown>) => {
    void work.then(onChange, (error) => complain(title, error));
  };
  return (
    <li className="graph-entry" aria-current={current}>
      <a href={`#${graph.id}`}>
        <b>{graph.name || "Unnamed"}</b>
        <small>
          {graph.nodes} nodes · {ago(graph.updated_at)}
        </small>
      </a>
      {asking ? (
        <span className="graph-asking">
          <button
            type="button"
            className="button danger"
            onClick={() => {
              act("Not deleted", api.deleteGraph(graph.id));
              if (current) location.hash = "";
            }}
          >
            Delete
          </button>
          <button type="button" className="button" onClick={() => setAsking(false)}>
            Keep
          </button>
        </span>
      ) : (
        <span className="graph-actions">
          <button
            type="button"
            className="icon-button"
            aria-label={`Copy ${graph.name}`}
            title="Copy"
            onClick={() => act("Not copied", api.cloneGraph(graph.id))}
          >
            <CopyPlus size={14} />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={`Delete ${graph.name}`}
            title="Delete"
            onClick={() => setAsking(true)}
          >
            <Trash2 size={14} />
          </button>
        </span>
      )}
    </li>
  );
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export function ago(text: string): string {
  const seconds = (Date.now() - Date.parse(text)) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
  for (const [unit, size] of UNITS) if (seconds >= size) return format.format(-Math.floor(seconds / size), unit);
  return "just now";
}
