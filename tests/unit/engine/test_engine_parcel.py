"""Parcels: references wherever tensors are nested, bytes for all else."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np
import pytest

from tests.unit.engine.tensors import share
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.engine.parcel import Parcel, nothing_referred, nothing_resolved, pack, unpack
from vortex_prefect.engine.shared_tensor import SharedTensor, map_tensor
from vortex_prefect.shm.arena import Arena


class Holder:
    def __init__(self, array: Any) -> None:
        self.array = array

    def total(self) -> int:
        return int(self.array.sum())


def resolve(shared: SharedTensor) -> Any:
    view = map_tensor(shared)
    assert view is not None
    return view.tensor


def referring(arena: Arena) -> Callable[[Any], SharedTensor | None]:
    return lambda tensor: share(arena, tensor, 64 << 10)


def travelled(parcel: Parcel) -> Parcel:
    """As Dask's comms carry it: with the buffers beside the pickle."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(parcel, protocol=5, buffer_callback=buffers.append)
    arrived = pickle.loads(data, buffers=[bytearray(buffer.raw()) for buffer in buffers])
    assert isinstance(arrived, Parcel)
    return arrived


def test_only_references_travel_however_deep_the_tensors_are(arena: Arena) -> None:
    array = np.arange(1 << 20, dtype=np.uint8)
    content = {"list": [array, 1], "object": Holder((array, np.arange(3))), "call": Holder(array).total}
    parcel = pack(content, referring(arena))
    assert parcel.nbytes < 8192
    assert len(parcel.references) == 1
    arrived = unpack(travelled(parcel), resolve)
    view = arrived["list"][0]
    assert np.array_equal(view, array)
    assert arrived["object"].array[0] is view
    assert np.array_equal(arrived["object"].array[1], [0, 1, 2])
    assert arrived["call"]() == array.sum()
    assert not view.flags.owndata


def test_bytes_travel_beside_the_pickle_and_are_not_copied() -> None:
    array = np.arange(1 << 17, dtype=np.float64)
    parcel = pack([array], nothing_referred)
    assert len(parcel.data) < 1024
    assert parcel.nbytes > array.nbytes
    assert np.shares_memory(np.frombuffer(parcel.buffers[0], np.float64), array)
    assert np.array_equal(unpack(travelled(parcel), nothing_resolved)[0], array)


def test_comms_of_an_older_protocol_carry_it_too() -> None:
    array = np.arange(1 << 17, dtype=np.float64)
    arrived = pickle.loads(pickle.dumps(pack(array, nothing_referred), protocol=4))
    assert np.array_equal(unpack(arrived, nothing_resolved), array)


def test_a_place_without_a_plugin_says_so(arena: Arena) -> None:
    parcel = pack(np.zeros(1 << 20), referring(arena))
    with pytest.raises(WorkerError, match=r"WK-002 .* no plugin") as gone:
        unpack(parcel, nothing_resolved)
    assert "Run the task that made it again" in (gone.value.hint or "")


def test_a_reference_is_nothing_to_anybody_else(arena: Arena) -> None:
    parcel = pack(np.zeros(1 << 20), referring(arena))
    with pytest.raises(WorkerError, match="WK-002"):
        pickle.loads(parcel.data)


def test_ordinary_pickles_of_a_view_have_its_bytes(arena: Arena) -> None:
    array = np.arange(1 << 17, dtype=np.float64)
    view = unpack(pack(array, referring(arena)), resolve)
    for dumps in (pickle.dumps, cloudpickle.dumps):
        data = dumps(view)
        assert len(data) > array.nbytes
        assert np.array_equal(pickle.loads(data), array)
