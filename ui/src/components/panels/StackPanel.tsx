import { ExternalLink } from "lucide-react";
import { useEffect, useState } from "react";
import type { ArenaResource, StackResource, WorkerResource } from "../../contract/api";
import { api } from "../../session/api";
import { bytes } from "../node/appearance";
import { ArenaPicture } from "./ArenaPicture";

const EVERY_MS = 2000;

interface Status {
  workers: readonly WorkerResource[];
  arena: ArenaResource | null;
  stack: StackResource | null;
  failed: boolean;
}

/** The workers, the arena that their tensors lie in, and where the rest of the stack is. */
export function StackPanel() {
  const { workers, arena, stack, failed } = useStatus();
  return (
    <div className="stack">
      {failed && <p className="hint">The engine does not answer.</p>}
      <h2>Workers</h2>
      <ul className="workers">
        {workers.map((worker) => (
          <Worker key={worker.id} worker={worker} />
        ))}
      </ul>
      {arena && <Arena arena={arena} />}
      <h2>Elsewhere</h2>
      <p className="stack-links">
        <Link url={stack?.prefect_ui} title="Prefect" />
        <Link url={stack?.dask_dashboard} title="Dask" />
      </p>
    </div>
  );
}

function useStatus(): Status {
  const [status, setStatus] = useState<Status>({ workers: [], arena: null, stack: null, failed: false });
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const [{ workers }, arena, stack] = await Promise.all([api.workers(), api.arena(), api.stack()]);
        if (!over) setStatus({ workers, arena, stack, failed: false });
      } catch {
        if (!over) setStatus((before) => ({ ...before, failed: true }));
      }
      if (!over) timer = setTimeout(look, EVERY_MS);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return status;
}

function Worker({ worker }: { worker: WorkerResource }) {
  const used = numberOf(worker.device_used_bytes) ?? numberOf(worker.rss_bytes);
  const total = numberOf(worker.device_total_bytes);
  return (
    <li className="worker" data-state={worker.state}>
      <span className="dot" data-status={worker.state} />
      <b>{worker.id}</b>
      <small>{worker.device ?? "device unknown"}</small>
      {worker.environment && <small title="Runs in the environment of this pack">{worker.environment}</small>}
      <span className="topbar-gap" />
      <span>{worker.state}</span>
      {worker.restarts > 0 && <small title="Times its process was started anew">↻ {worker.restarts}</small>}
      {used !== null && (
        <small className="worker-memory">
          {bytes(used)}
          {total !== null && ` of ${bytes(total)}`}
        </small>
      )}
    </li>
  );
}

function Arena({ arena }: { arena: ArenaResource }) {
  const budget = arena.budget_bytes ?? arena.capacity_bytes;
  const cached = arena.cached_bytes ?? 0;
  const used = arena.in_use_bytes;
  const asked = (arena.hits ?? 0) + (arena.misses ?? 0);
  const part = (count: number) => `${Math.min((count / Math.max(budget, 1)) * 100, 100)}%`;
  return (
    <section>
      <h2>Arena</h2>
      <div
        className="arena-bar"
        role="img"
        aria-label={`${bytes(used)} in use and ${bytes(cached)} cached of ${bytes(budget)}`}
      >
        <i className="arena-used" style={{ width: part(used) }} />
        <i className="arena-cached" style={{ width: part(cached) }} />
      </div>
      {arena.map && <ArenaPicture map={arena.map} />}
      <dl className="figures">
        <dt>In use</dt>
        <dd>{bytes(used)}</dd>
        <dt>Cached</dt>
        <dd>{bytes(cached)}</dd>
        <dt>May use</dt>
        <dd>{bytes(budget)}</dd>
        <dt>Leases</dt>
        <dd>{arena.leases ?? "–"}</dd>
        <dt>Cache hits</dt>
        <dd>{asked ? `${Math.round(((arena.hits ?? 0) / asked) * 100)} % of ${asked}` : "–"}</dd>
        <dt>Evictions</dt>
        <dd>{arena.evictions ?? "–"}</dd>
      </dl>
    </section>
  );
}

function Link({ url, title }: { url: string | null | undefined; title: string }) {
  if (!url || !/^https?:\/\//.test(url)) return null;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {title} <ExternalLink size={12} />
    </a>
  );
}

const numberOf = (value: unknown) => (typeof value === "number" ? value : null);
