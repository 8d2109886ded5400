"""Those outside a room, who hear of what was committed in it when the disk has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from vortex_prefect.collab.commit import Commit
from vortex_prefect.collab.roles import Ledger
from vortex_prefect.core.contracts import GraphRecord, StorePort
from vortex_prefect.core.errors import Problem, SystemFault, VortexError

#: Told that the disk has failed, and who waited for it.
Failed = Callable[[VortexError, Sequence[asyncio.Future[GraphRecord]]], object]


class Outside:
    """Tells them of one commit after the other."""

    def __init__(self, store: StorePort, ledger: Ledger, failed: Failed) -> None:
        self._store = store
        self._ledger = ledger
        self._failed = failed
        self._telling: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        """Whether anybody is not told yet."""
        return bool(self._telling)

    def tell(self, commit: Commit, record: GraphRecord, problems: Sequence[Problem]) -> None:
        """Tell them of a commit, beside all that the room does; arguments as of `Commit.tell_others`."""
        task = asyncio.create_task(self._tell(commit, record, problems))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, commit: Commit, record: GraphRecord, problems: Sequence[Problem]) -> None:
        try:
            await self._synced()
            commit.tell_others(record, self._ledger, problems)
        except VortexError as error:
            self._failed(error, commit.waiting)
        except BaseException as error:
            # A defect of ours or a cancellation: whoever waits must not wait for ever.
            self._failed(SystemFault("SY-007", f"nobody was told of what is stored: {error!r}"), commit.waiting)
            raise

    async def _synced(self) -> None:
        # Whoever asks first is answered first: so is the order of commits kept.
        try:
            await self._store.synced()
        finally:
            # Whoever is told now finds nobody left who is not.
            if (task := asyncio.current_task()) is not None:
                self._telling.discard(task)
