"""What is kept for how long (specification §4.3), and what that removes. The log of events is kept for ever.

Queue entries go 24 h after they left the queue, executions 90 days after they ended, outputs on disk by the user's
rule. A dry run does the same in a transaction that it rolls back, and touches no file.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vortex_prefect.core.contracts import StorePort, UnitOfWork
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import derived_id, is_id, now_ms
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.contents import Contents

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
#: Executions that one unit of work forgets: others wait meanwhile.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """For how long; 0: for ever."""

    queue_ms: int = 24 * HOUR_MS
    executions_ms: int = 90 * DAY_MS
    outputs_ms: int = 0
    #: The most that outputs may take of the disk; the oldest go first. 0: any size.
    outputs_bytes: int = 0


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What was removed, or would be."""

    dry_run: bool
    queue_entries: int
    executions: int
    #: Folders of outputs, one an execution.
    outputs: int
    #: Of the outputs' files; those that share a content free it with the last of them.
    outputs_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)


class _DryRun(Exception):
    """Rolls back what was only tried."""

    def __init__(self, counts: tuple[int, int]) -> None:
        self.counts = counts


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path
    changed_ms: int
    size: int


class Retention:
    """Removes what the rules let go. One run at a time."""

    def __init__(self, store: StorePort, outputs: Path, rules: Rules, *, clock: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._outputs = outputs
        self._rules = rules
        self._clock = clock
        self._running = asyncio.Lock()

    async def run(self, actor: Actor, *, dry_run: bool = False) -> RetentionReport:
        """Do it, or say what it would do.

        Raises:
            SystemFault: SY-006; what was removed before stays removed, and another run goes on.
        """
        async with self._running:
            at_ms = self._clock()
            entries, executions = await self._forget(at_ms, actor, dry_run)
            folders = await self._unwanted(at_ms)
            if not dry_run and folders:
                await asyncio.to_thread(self._remove, folders)
                await self._note(folders, actor)
            size = sum(folder.size for folder in folders)
            return RetentionReport(dry_run, entries, executions, len(folders), size)

    # Tables

    async def _forget(self, at_ms: int, actor: Actor, dry_run: bool) -> tuple[int, int]:
        entries = executions = 0
        while True:
            try:
                found = await self._store.write(lambda uow: self._forget_some(uow, at_ms, actor, dry_run))
            except _DryRun as tried:
                return tried.counts
            entries, executions = entries + found[0], executions + found[1]
            if found[1] < _BATCH:
                return entries, executions

    def _forget_some(self, uow: UnitOfWork, at_ms: int, actor: Actor, dry_run: bool) -> tuple[int, int]:
        entries, ids, rules = 0, list[str](), self._rules
        if rules.queue_ms:
            limit = at_ms - rules.queue_ms
            entries = uow.forget_queue_entries(limit)
            if entries:
                uow.append(_event("QueueEntriesForgotten", {"left_before_ms": limit, "count": entries}, actor))
        if rules.executions_ms:
            limit = at_ms - rules.executions_ms
            ids = uow.forget_executions(limit, 1_000_000_000 if dry_run else _BATCH)
            if ids:
                told = {"ended_before_ms": limit, "ids": ids, "drawn": uow.forget_drawn()}
                uow.append(_event("ExecutionsForgotten", told, actor))
        if dry_run:
            raise _DryRun((entries, len(ids)))
        return entries, len(ids)

    # Files

    async def _unwanted(self, at_ms: int) -> list[_Folder]:
        if not (self._rules.outputs_ms or self._rules.outputs_bytes):
            return []
        found = await asyncio.to_thread(lambda: sorted(_folders(self._outputs), key=lambda folder: folder.changed_ms))
        ended = await self._store.read(lambda uow: {f.path.name for f in found if _has_ended(uow, f.path.name)})
        left = sum(folder.size for folder in found)
        unwanted = []
        for folder in found:
            old = self._rules.outputs_ms and folder.changed_ms < at_ms - self._rules.outputs_ms
            much = self._rules.outputs_bytes and left > self._rules.outputs_bytes
            if folder.path.name in ended and (old or much):
                unwanted.append(folder)
                left -= folder.size
        return unwanted

    def _remove(self, folders: list[_Folder]) -> None:
        for folder in folders:
            # What somebody else removes meanwhile, or may not be removed, is looked at the next time.
            shutil.rmtree(folder.path, ignore_errors=True)
        Contents(self._outputs).tidy()

    async def _note(self, folders: list[_Folder], actor: Actor) -> None:
        payload = {
            "execution_ids": [folder.path.name for folder in folders],
            "bytes": sum(folder.size for folder in folders),
            "rule": {"outputs_ms": self._rules.outputs_ms, "outputs_bytes": self._rules.outputs_bytes},
        }
        event = Event("OutputsRemoved", "File", derived_id("outputs"), payload=payload, metadata=actor.metadata())
        await self._store.write(lambda uow: uow.append(event))


def _event(event_type: str, payload: dict[str, Any], actor: Actor) -> Event:
    return Event(event_type, "Queue", derived_id("queue"), payload=payload, metadata=actor.metadata())


def _has_ended(uow: UnitOfWork, execution_id: str) -> bool:
    """Whether nothing is written there any more; one that is forgotten has."""
    record = uow.execution(execution_id)
    return record is None or record.status.final


def _folders(outputs: Path) -> Iterator[_Folder]:
    """The executions' own; whatever else lies there is nobody's business."""
    if not outputs.is_dir():
        return
    for path in outputs.iterdir():
        if is_id(path.name) and path.is_dir() and not path.is_symlink():
            files = [file.stat(follow_symlinks=False) for file in path.rglob("*")]
            changed_s = max((found.st_mtime for found in files), default=path.stat().st_mtime)
            size = sum(found.st_size for found in files)
            yield _Folder(path, int(1000 * changed_s), size)
