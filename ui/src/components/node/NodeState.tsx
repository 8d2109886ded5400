import { memo, useState } from "react";
import { useCanvas, useNodeRun, usePreferences, usePreview } from "../../hooks/editor";
import { ui } from "../../store/ui";
import { duration } from "./appearance";

/** How a node does in the execution that is shown: an outline, told apart by colour and by words below. */
export const RunMark = memo(function RunMark({ id }: { id: string }) {
  const run = useNodeRun(id);
  if (!run || run.state === "pending") return null;
  return <div className="node-frame" data-state={run.state} aria-hidden="true" />;
});

const WORDS: Readonly<Record<string, string>> = {
  running: "Running",
  retrying: "Trying again",
  cached: "Cached",
  completed: "Done",
  failed: "Failed",
  skipped: "Skipped",
  cancelled: "Cancelled",
};

export const NodeState = memo(function NodeState({ id }: { id: string }) {
  const far = useCanvas((state) => state.far);
  return far ? null : <Facts id={id} />;
});

function Facts({ id }: { id: string }) {
  const run = useNodeRun(id);
  if (!run || run.state === "pending") return null;
  const { state, progress, attempt, tookMs, error, why, items, within } = run;
  const busy = state === "running" || state === "retrying";
  const ofItems = items ? ` ${(items.completed ?? 0) + (items.cached ?? 0)}/${items.total ?? "?"}` : "";
  return (
    <div className="node-state" data-state={state} title={why ?? undefined}>
      {busy && (
        <div
          className="node-progress"
          role="progressbar"
          aria-label="Progress"
          aria-valuenow={Math.round(progress)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <div style={{ transform: `scaleX(${progress / 100})` }} data-unknown={progress === 0} />
        </div>
      )}
      <div className="node-facts">
        <span className="node-word">
          {WORDS[state] ?? state}
          {ofItems}
        </span>
        {within && <span className="node-within">{within}</span>}
        {attempt > 1 && <span>attempt {attempt}</span>}
        {state === "running" && progress > 0 && <span className="figure">{Math.round(progress)} %</span>}
        {tookMs !== null && state !== "cached" && <span className="figure">{duration(tookMs)}</span>}
      </div>
      {error && (
        <button
          type="button"
          className="node-error nodrag"
          onClick={() => ui.setState({ failure: { node: id, error } })}
          title="Show the traceback"
        >
          <b>{error.code}</b> {within ? `${within}: ` : ""}
          {error.message}
        </button>
      )}
    </div>
  );
}

export const NodePreview = memo(function NodePreview({ id, title }: { id: string; title: string }) {
  const preview = usePreview(id);
  const shown = usePreferences((state) => state.previews);
  const [broken, setBroken] = useState<string | null>(null);
  if (!preview || !shown) return null;
  const address = preview.stamp
    ? `${preview.url}${preview.url.includes("?") ? "&" : "?"}v=${preview.stamp}`
    : preview.url;
  if (broken === address) return null;
  return (
    <button
      type="button"
      className="node-preview nodrag"
      data-final={preview.final}
      aria-label={`Picture of ${title}, larger`}
      onClick={() => ui.setState({ viewer: { url: address, title } })}
    >
      <img src={address} alt="" loading="lazy" decoding="async" draggable={false} onError={() => setBroken(address)} />
    </button>
  );
});
