"""How a bridge becomes the owner of its state, and how it notices that it is that no longer."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from vortex_prefect.core.contracts import StoreStatistics
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.owner import Owner, Waiting
from vortex_prefect.store.sql_store import SqlStore, open_store

_log = logging.getLogger(__name__)

#: Seconds after which a database that could not be reached is tried again: between half of it and all.
_AGAIN_S = 2.0
#: How often an owner asks whether it is one. A bridge that was cut off answers with what it knew for about so long.
_ASK_S = 1.0
#: Seconds without the database after which an owner that another could relieve gives up.
_GIVE_UP_S = 15.0
#: Seconds that an owner which has lost its state may take for its end; nothing is left that it could store.
_END_S = 10.0


async def await_ownership(
    url: str, owner: Owner, seen: Callable[[Owner | None], None], stopped: asyncio.Future[None]
) -> SqlStore | None:
    """The store, once nobody else has it open; null where `stopped` came first.

    Args:
        seen: told on this loop, again and again, who has it meanwhile.

    Raises:
        SystemFault: SY-003. That the database is not usable (SY-006) may pass: it is logged, and tried again.
    """
    loop = asyncio.get_running_loop()

    def see(found: Owner | None) -> None:
        loop.call_soon_threadsafe(seen, found)

    waiting = Waiting(see)
    last = ""
    while not stopped.done():
        opening = asyncio.create_task(asyncio.to_thread(open_store, url, owner, waiting))
        await asyncio.wait((opening, stopped), return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            waiting.give_up()
        try:
            store = await opening
        except SystemFault as fault:
            if fault.code not in ("SY-005", "SY-006"):
                raise
            if str(fault) != last and not stopped.done():
                _log.warning("the state cannot be opened yet: %s", fault)
            last = str(fault)
            await asyncio.wait((stopped,), timeout=_AGAIN_S * random.uniform(0.5, 1))
            continue
        if stopped.done():
            await store.close()
            return None
        return store
    return None


class Owned(Protocol):
    """A store, as far as its owner is watched."""

    losable: bool

    @property
    def fault(self) -> SystemFault | None:
        """See `SqlStore.fault`."""

    async def check(self) -> None:
        """See `SqlStore.check`."""

    def statistics(self) -> StoreStatistics:
        """See `StorePort.statistics`."""


async def guard(store: Owned, *, relieved: bool, ask_s: float = _ASK_S, give_up_s: float = _GIVE_UP_S) -> None:
    """Never returns.

    Args:
        relieved: whether others wait to take over. Alone, an owner rather waits for its database.

    Raises:
        SystemFault: SY-005 another owns the state; SY-006 for `give_up_s` nothing could be stored, or nothing can be
            ever again.
    """
    since: float | None = None
    while True:
        await asyncio.sleep(ask_s)
        if store.fault is not None:
            raise store.fault
        if not store.losable:
            continue
        written = store.statistics().writes
        try:
            async with asyncio.timeout(give_up_s / 3):
                await store.check()
            since = None
        except (SystemFault, TimeoutError) as error:
            if store.statistics().writes > written:  # the question waits behind writes, and these get through
                since = None
                continue
            fault = error if isinstance(error, SystemFault) else SystemFault("SY-006", "the database does not answer")
            since = since or time.monotonic()
            if fault.code == "SY-005" or (relieved and time.monotonic() - since >= give_up_s):
                raise fault from None


def end_by_force(seconds: float = _END_S) -> None:
    """End this process after that, whatever it still waits for: the database may never answer."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()
