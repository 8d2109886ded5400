"""Who came in, who was refused, and what was done: the log of events, read by those who answer for the server."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

from vortex_prefect.core.contracts import StorePort, UnitOfWork
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import derived_id, is_id
from vortex_prefect.service.actor import Actor

_log = logging.getLogger(__name__)

#: Refusals that may wait for the store; whoever causes more is limited before.
_WAITING = 1000


class Audit:
    """Events of access beside those that use cases write themselves."""

    def __init__(self, store: StorePort) -> None:
        self._store = store
        self._refusals: asyncio.Queue[Event] = asyncio.Queue(_WAITING)

    async def note(self, event_type: str, subject: str, actor: Actor, **payload: Any) -> None:
        """Store an event of access; `subject` is the id of the token that it is about."""
        event = Event(event_type, "Access", _aggregate(subject), payload=payload, metadata=actor.metadata())
        await self._store.write(lambda uow: uow.append(event))

    async def uploaded(self, sha256: str, name: str | None, size_bytes: int, actor: Actor) -> None:
        """Store that somebody brought a file."""
        payload = {"sha256": sha256, "name": name, "size_bytes": size_bytes}
        event = Event("FileUploaded", "File", derived_id("file", sha256), payload=payload, metadata=actor.metadata())
        await self._store.write(lambda uow: uow.append(event))

    def refused(self, actor: Actor, path: str, error: VortexError) -> None:
        """Have it stored soon that somebody was refused; never waits."""
        payload = {"path": path, "code": error.code, "message": error.message}
        event = Event(
            "AccessRefused", "Access", _aggregate(actor.address or ""), payload=payload, metadata=actor.metadata()
        )
        try:
            self._refusals.put_nowait(event)
        except asyncio.QueueFull:
            _log.warning("a refusal of %s is not in the log of events: %s", actor.address, error)

    async def run(self) -> None:
        """Store refusals until cancelled; what the store does not take is in the process's log."""
        while True:
            events = [await self._refusals.get()]
            while not self._refusals.empty():
                events.append(self._refusals.get_nowait())
            try:
                await self._store.write(partial(_append, events=events))
            except VortexError as error:
                _log.warning("%d refusals are not in the log of events: %s", len(events), error)

    async def page(self, after: int, limit: int) -> list[Event]:
        """All events of everybody, in order."""
        return await self._store.read(lambda uow: uow.events(after=after, limit=limit))


def _aggregate(subject: str) -> str:
    return subject if is_id(subject) else derived_id("access", subject)


def _append(uow: UnitOfWork, events: list[Event]) -> None:
    for event in events:
        uow.append(event)
