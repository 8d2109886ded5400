"""The flow's side of tensors by reference: they are borrowed from Dask workers while somebody here needs them."""

from __future__ import annotations

import logging
from typing import Any

from distributed import Client, Future

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.engine.parcel import Parcel, nothing_resolved, unpack
from vortex_prefect.engine.shared_tensor import SharedTensor, View, map_tensor, read_tensor
from vortex_prefect.engine.tensor_plugin import hold_key, read_here
from vortex_prefect.engine.views import Views

logger = logging.getLogger(__name__)

#: How long a worker may take to confirm that it holds what it made.
_HOLD_PATIENCE_S = 10.0

#: A process has one address space and so one register of what lies in it: a view that one
#: flow run got is passed on by reference by another's, a subflow's for example.
_views = Views()


class Loans:
    """What one task runner has borrowed. All methods may be called from any thread."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def refer(self, tensor: Any) -> SharedTensor | None:
        """The reference that shall travel for an argument; null if bytes shall."""
        return _views.find(tensor)

    def refuse_damaged(self, lost: WorkerError, tensor: Any) -> None:
        """A `Refer` that sends bytes, for when a tensor's worker is gone: what was mapped here is here still.

        Raises:
            WorkerError: `lost`, if it is not.
        """
        if not _views.is_whole(tensor):
            raise lost

    def open(self, task_key: str, worker: str, parcel: Parcel) -> Any:
        """Unpack a task's result; its tensors stay on their worker until all that shares their memory is gone.

        Args:
            task_key: Dask key of the task; its future must live until this returns.
            worker: address of the worker that ran it.
            parcel: the result.

        Raises:
            WorkerError: WK-002, a tensor is gone: its worker died in this moment.
        """
        if not parcel.references:
            return unpack(parcel, nothing_resolved)
        hold = _Hold(self._hold(task_key, worker))
        return unpack(parcel, lambda shared: self._resolve(shared, hold))

    def end(self) -> None:
        """Copy what is still borrowed; to be called while the workers still hold it."""
        if copied := _views.end(self):
            logger.debug("%d tensors outlive their task runner", copied)

    def _hold(self, task_key: str, worker: str) -> Future | None:
        key = hold_key(task_key)
        try:
            held: dict[str, Future] = self._client.scatter(
                {key: None}, workers=[worker], hash=False, timeout=_HOLD_PATIENCE_S
            )
        except Exception as error:
            # Whatever it is, the worker is lost. What can be mapped now stays as it is: nobody writes there any more.
            logger.warning("worker %s does not hold what task %s made: %s", worker, task_key, error)
            return None
        return held[key]

    def _resolve(self, shared: SharedTensor, hold: _Hold) -> Any:
        view = map_tensor(shared) or self._fetch(shared)
        return _views.add(view, shared, hold.end, lender=self)

    def _fetch(self, shared: SharedTensor) -> View:
        """A tensor of another machine; through the scheduler, as a client may not reach workers."""
        try:
            answers = self._client.run(read_here, shared.ref.to_dict(), workers=[shared.worker])
            return read_tensor(shared, answers[shared.worker])
        except (OSError, KeyError) as error:
            raise shared.gone(f"{shared.worker} does not answer: {error}") from error


class _Hold:
    """Dask holds the tensors of one result for us until the last of their views has ended."""

    def __init__(self, future: Future | None) -> None:
        self._future = future

    def end(self) -> None:
        """A view has ended. Its finalizer goes, and with the last of them this, and the future."""
