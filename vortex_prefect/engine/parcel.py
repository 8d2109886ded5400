"""Calls and results of tasks as bytes, with references in the place of large tensors.

The pickler decides object by object, so it costs no walk of its own and finds
a tensor wherever it is nested.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cloudpickle

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.engine.shared_tensor import SharedTensor

#: Gives the reference that shall travel for an object; null: the object itself.
Refer = Callable[[Any], SharedTensor | None]
#: Gives the tensor that a reference means.
Resolve = Callable[[SharedTensor], Any]

_PROTOCOL = 5


@dataclass(frozen=True, slots=True)
class Parcel:
    """A pickled object."""

    data: bytes
    #: Large pieces beside the pickle (PEP 574), which nobody copies on the way.
    buffers: tuple[Any, ...] = ()
    #: What it refers to, once each.
    references: tuple[SharedTensor, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes that travel."""
        return len(self.data) + sum(memoryview(buffer).nbytes for buffer in self.buffers)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Dask pickles some messages with protocol 4, which has no buffers beside the pickle.
        wrap: type = pickle.PickleBuffer if protocol >= _PROTOCOL else bytes
        return Parcel, (self.data, tuple(map(wrap, self.buffers)), self.references)


def pack(content: Any, refer: Refer) -> Parcel:
    """Pickle anything that cloudpickle can.

    Raises:
        Exception: whatever the object raises that cannot be pickled.
    """
    buffers: list[pickle.PickleBuffer] = []
    with io.BytesIO() as file:
        pickler = _Pickler(file, refer, buffers)
        pickler.dump(content)
        return Parcel(file.getvalue(), tuple(buffers), tuple(dict.fromkeys(pickler.references)))


def unpack(parcel: Parcel, resolve: Resolve) -> Any:
    """Rebuild what was packed.

    Raises:
        WorkerError: WK-002, a tensor that it refers to is gone.
    """
    with io.BytesIO(parcel.data) as file:
        return _Unpickler(file, resolve, parcel.buffers).load()


def referenced_tensor(shared: SharedTensor) -> Any:
    """Stands in pickles for a tensor; `unpack` knows what to do about it, and nobody else.

    Raises:
        WorkerError: WK-002, always.
    """
    raise shared.gone("it was sent by reference, and not to this place")


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, refer: Refer, buffers: list[pickle.PickleBuffer]) -> None:
        super().__init__(file, protocol=_PROTOCOL, buffer_callback=buffers.append)
        self._refer = refer
        self.references: list[SharedTensor] = []

    def reducer_override(self, obj: Any) -> Any:
        # Not `persistent_id`: that is called for every int and string too, this for neither.
        if (shared := self._refer(obj)) is not None:
            self.references.append(shared)
            return referenced_tensor, (shared,)
        return super().reducer_override(obj)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, resolve: Resolve, buffers: tuple[Any, ...]) -> None:
        super().__init__(file, buffers=buffers)
        self._resolve = resolve

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, referenced_tensor.__name__):
            return self._resolve
        return super().find_class(module, name)


def nothing_referred(_: Any) -> None:
    """A `Refer` that sends all tensors as bytes."""
    return


def nothing_resolved(shared: SharedTensor) -> Any:
    """A `Resolve` for places that cannot read arenas.

    Raises:
        WorkerError: WK-002, always.
    """
    raise shared.gone("this worker has no plugin that could read it")


def is_gone(error: BaseException) -> bool:
    """Whether an error says that a tensor is no more where its reference points."""
    return isinstance(error, WorkerError) and error.code == "WK-002"
