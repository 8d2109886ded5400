"""What a Dask worker needs so that tensors of ordinary tasks travel by reference.

A result's tensors are sealed in the arena of the worker's host, or, where the
worker is no host, in a small one of its own. Who holds them is said by Dask:
the key of the task holds what the task sealed, until the worker lets go of the
key. The flow then takes over with a key of its own (`hold_key`), which carries
no work: were the task's own key kept, Dask would run the task again when its
worker dies, for a result that its flow already has.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import weakref
from typing import Any

import psutil
from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.engine.host_plugin import PLUGIN_NAME as HOST_PLUGIN
from vortex_prefect.engine.shared_tensor import ArenaFile, SharedTensor, View, body_of, map_tensor, read_tensor
from vortex_prefect.engine.views import Views
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.extent import detach
from vortex_prefect.shm.janitor import arena_path, sweep
from vortex_prefect.shm.layout import HEADER_BYTES

logger = logging.getLogger(__name__)

PLUGIN_NAME = "vortex-tensors"
#: Tensors of fewer bytes travel as bytes: a copy of 64 KiB costs less than a mapping.
MIN_BYTES = 64 << 10

_HOLD = "vortex-hold-"
#: What of a worker's memory limit its own arena may take. Dask counts these pages as the
#: worker's, and begins to spill at 60 % of the limit.
_SHARE_OF_MEMORY = 0.25
#: Keys end like this, whatever they went through.
_ENDED = ("released", "forgotten")

#: The array that owns the mapping of another worker's tensor.
Borrowed = weakref.ref[Any]


def hold_key(task_key: str) -> str:
    """The Dask key that holds what the task of `task_key` sealed, for as long as its flow needs it."""
    return _HOLD + task_key


class TensorPlugin(WorkerPlugin):  # type: ignore[misc]
    """Seals, resolves and frees tensors of ordinary tasks on one Dask worker.

    Args:
        arena_bytes: the most that an arena of this worker's own may take; 0 for a quarter of its memory limit.
            A host's worker uses the host's arena.
    """

    name = PLUGIN_NAME
    # The plugins of a second flow find the tensors of the first.
    idempotent = True

    def __init__(self, arena_bytes: int = 0) -> None:
        self._arena_bytes = arena_bytes

    def setup(self, worker: Worker) -> None:
        """Called by Dask on the worker's event loop."""
        self._worker = worker
        self._lock = threading.Lock()
        self._own: Arena | None = None
        self._file: ArenaFile | None = None
        #: Key of a task or hold → what it holds.
        self._held: dict[str, tuple[TensorRef, ...]] = {}
        self._views = Views()
        self._view_numbers = itertools.count()
        self._warned = False
        sweep()
        worker.handlers.update(
            vortex_tensor_read=self.read,
            vortex_tensor_statistics=self.statistics,
        )

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """Called by Dask when the worker closes."""
        with self._lock:
            if self._own is not None:
                self._own.close()

    def transition(self, key: str, start: str, finish: str, **kwargs: Any) -> None:  # noqa: ARG002 - Dask's signature
        """Called by Dask on every step of every key."""
        if finish == "memory" and isinstance(key, str) and key.startswith(_HOLD):
            self._share(key.removeprefix(_HOLD), key)
        elif finish in _ENDED and self._held.pop(key, ()):
            for arena in self._arenas():
                arena.blocks.drop(key)

    # -- for tasks, in their threads ----------------------------------------------------------

    def refer(self, key: str, tensor: Any, min_bytes: int) -> SharedTensor | None:
        """The reference that shall travel for part of a result, held for `key`; null if bytes shall."""
        if (known := self._views.find(tensor)) is not None and known.worker == self._worker.address:
            self._hold_for(key, known.ref)
            return known
        if (found := body_of(tensor, min_bytes)) is None:
            return None
        body, shape, dtype, library = found
        try:
            arena = self._arena()
            ref = arena.put_body(body, shape, dtype, holder=key)
        except VortexError as full:
            self._warn(full)
            return None
        self._hold_for(key, ref)
        return SharedTensor(self._worker.address, self._arena_file(arena), ref, library)

    def resolve(self, shared: SharedTensor, borrowed: list[Borrowed]) -> Any:
        """The tensor that a reference means.

        Another worker's is only borrowed: its flow holds it until the task has
        ended that got it, and the caller calls `keep` then.

        Raises:
            WorkerError: WK-002, it is gone.
        """
        if shared.worker == self._worker.address:
            return self._resolve_own(shared)
        if (view := map_tensor(shared)) is None:
            return self._views.add(self._fetch(shared), shared)
        borrowed.append(weakref.ref(view.owner))
        return self._views.add(view, shared)

    @staticmethod
    def keep(borrowed: list[Borrowed]) -> None:
        """Copy those tensors that the task has put aside, in a global for example; call it before the task ends."""
        for reference in borrowed:
            if (owner := reference()) is not None:
                detach(owner)

    # -- handlers: called through Dask's comms, on the worker's event loop --------------------

    async def read(self, ref: dict[str, Any]) -> bytes:
        """The message of a tensor in this worker's arena.

        Raises:
            WorkerError: WK-002, it is gone.
        """
        tensor = TensorRef.from_dict(ref)
        return await asyncio.to_thread(bytes, self._arena_of(tensor).message(tensor))

    def statistics(self) -> dict[str, Any]:
        """Counts of this moment: the arena's, and `held_keys`; only that, if no arena was needed yet."""
        counts = next((arena.statistics().to_dict() for arena in self._arenas()), {})
        return {**counts, "held_keys": sum(map(bool, self._held.values()))}

    # -- the arena ----------------------------------------------------------------------------

    def _arena(self) -> Arena:
        """The host's arena, or one of this worker's own, made when it is first needed.

        Raises:
            VortexError: WK-008 or SY-003, it cannot be made.
        """
        with self._lock:
            if (arena := self._host_arena()) is not None:
                return arena
            if self._own is None:
                name = f"{os.getuid()}-{os.getpid()}-{new_id()}"
                budget = self._arena_bytes or int(self._memory_limit() * _SHARE_OF_MEMORY)
                self._own = Arena.create(
                    arena_path(name), host=name, size_bytes=budget + HEADER_BYTES, budget_bytes=budget
                )
            return self._own

    def _arenas(self) -> list[Arena]:
        """Those that there are; both, if the worker became a host after its first task."""
        with self._lock:
            return [arena for arena in (self._host_arena(), self._own) if arena is not None]

    def _arena_of(self, ref: TensorRef) -> Arena:
        for arena in self._arenas():
            if arena.blocks.host == ref.host:
                return arena
        raise WorkerError("WK-002", f"the arena {ref.host} is not of {self._worker.address}")

    def _host_arena(self) -> Arena | None:
        host = self._worker.plugins.get(HOST_PLUGIN)
        return None if host is None else host.arena

    def _memory_limit(self) -> int:
        limit = self._worker.memory_manager.memory_limit
        return int(limit or psutil.virtual_memory().total // max(os.cpu_count() or 1, 1))

    def _arena_file(self, arena: Arena) -> ArenaFile:
        if self._file is None or self._file.path != str(arena.segment.path):
            self._file = ArenaFile.of(arena.segment.path)
        return self._file

    # -- who holds what -----------------------------------------------------------------------

    def _hold_for(self, key: str, ref: TensorRef) -> None:
        self._arena_of(ref).blocks.hold(ref, key)
        self._held[key] = (*self._held.get(key, ()), ref)

    def _share(self, key: str, other: str) -> None:
        """Have `other` hold what `key` holds."""
        self._held[other] = self._held.get(key, ())
        for ref in self._held[other]:
            self._arena_of(ref).blocks.hold(ref, other)

    def _resolve_own(self, shared: SharedTensor) -> Any:
        holder = f"view-{next(self._view_numbers)}"
        blocks = self._arena_of(shared.ref).blocks
        blocks.hold(shared.ref, holder)
        view = map_tensor(shared)
        if view is None:
            blocks.drop(holder)
            raise shared.gone("the arena's file was removed")
        return self._views.add(view, shared, lambda: blocks.drop(holder))

    def _fetch(self, shared: SharedTensor) -> View:
        """A tensor of another machine, or of one whose files cannot be seen from here."""
        call = self._worker.rpc(shared.worker).vortex_tensor_read(ref=shared.ref.to_dict())
        try:
            message = asyncio.run_coroutine_threadsafe(call, self._worker.loop.asyncio_loop).result()
        except OSError as error:
            raise shared.gone(f"{shared.worker} does not answer: {error}") from error
        return read_tensor(shared, message)

    def _warn(self, full: VortexError) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("large tensors of tasks travel as bytes from now on where they find no room: %s", full)


async def read_here(ref: dict[str, Any], dask_worker: Worker) -> bytes:
    """`TensorPlugin.read`, for `Client.run`, which gives the worker."""
    message: bytes = await dask_worker.plugins[PLUGIN_NAME].read(ref)
    return message
