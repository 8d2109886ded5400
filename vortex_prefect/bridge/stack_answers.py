"""What answers hold of node types, workers, the arena and the stack, for OpenAPI."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from vortex_prefect.core.nodespec import NodeSpec


class NodesReloaded(BaseModel):
    """What differs in the catalogue now: node types."""

    digest: str
    added: list[str]
    removed: list[str]
    changed: list[str]


class NodeTypes(BaseModel):
    """The catalogue."""

    types: list[NodeSpec]


class WorkerResource(BaseModel):
    """A GPU worker. Hosts tell more of it than this; what is there depends on their release."""

    model_config = ConfigDict(extra="allow")

    id: str
    pid: int | None
    host: str
    device: str | None
    #: `starting`, `spare`, `joining`, `ready`, `busy`, `suspect`, `draining`, `dead`; others may come.
    state: str
    job: str | None
    #: How often its process was started anew.
    restarts: int
    #: The pack in whose own environment it runs; null: the base.
    environment: str | None = None


class WorkerList(BaseModel):
    """The GPU workers of all hosts."""

    workers: list[WorkerResource]


class ArenaBlock(BaseModel):
    """One block of the arena."""

    offset: int
    generation: int
    size_bytes: int
    #: Where it is in its life: `allocated`, `written`, `mapped`, `in_use`, `done`, `cached`, `quarantined`.
    state: str
    #: Null while it is being written.
    dtype: str | None
    shape: list[int] | None
    #: Who keeps it, and workers that have it for a job.
    holders: int
    readers: int
    #: How often it was asked for.
    uses: int


class ArenaMap(BaseModel):
    """Where blocks lie, in cells of equal length."""

    cell_bytes: int
    #: Of each cell the bytes in use, cached and free.
    cells: list[list[int]]
    largest: list[ArenaBlock]


class ArenaResource(BaseModel):
    """Statistics of the shared-memory arena; hosts may tell more."""

    model_config = ConfigDict(extra="allow")

    path: str | None = None
    capacity_bytes: int
    budget_bytes: int | None = None
    #: Backed by memory; of that, what was touched before (and is written fast), and what was not.
    reserved_bytes: int | None = None
    warm_bytes: int | None = None
    cold_bytes: int | None = None
    in_use_bytes: int
    cached_bytes: int | None = None
    pinned_bytes: int | None = None
    free_bytes: int | None = None
    largest_free_bytes: int | None = None
    #: 0: all free bytes are in one piece; near 1: in many small ones.
    fragmentation: float | None = None
    blocks: int | None = None
    leases: int | None = None
    keys: int | None = None
    hits: int | None = None
    misses: int | None = None
    #: Null before the first key was asked for.
    hit_rate: float | None = None
    hit_bytes: int | None = None
    evictions: int | None = None
    evicted_bytes: int | None = None
    granted_bytes: int | None = None
    #: Blocks that were found damaged.
    condemned: int | None = None
    map: ArenaMap | None = None


class StackResource(BaseModel):
    """Where the other parts of the stack are; null while unknown."""

    prefect_ui: str | None
    dask_dashboard: str | None


class StatusResource(BaseModel):
    """All is well."""

    status: str


class RetentionResource(BaseModel):
    """What was removed, or would be: places in the queue, executions, folders of outputs and their bytes."""

    dry_run: bool
    queue_entries: int
    executions: int
    outputs: int
    outputs_bytes: int


class DebugCount(BaseModel):
    """How often `debug.count` has really run with the tag."""

    tag: str
    count: int
