"""Which tensors travel as references, and that they come back as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.engine.tensors import must_share, share
from vortex_prefect.engine.shared_tensor import SharedTensor, View, body_of, map_tensor, read_tensor
from vortex_prefect.shm.arena import Arena

NUMPY_DTYPES = ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", "complex64", "complex128"]
TORCH_DTYPES = [torch.bool, torch.int64, torch.float32, torch.bfloat16, torch.float8_e4m3fn, torch.complex64]


def mapped(shared: SharedTensor) -> View:
    view = map_tensor(shared)
    assert view is not None
    return view


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dtype=st.sampled_from(NUMPY_DTYPES))
def test_arrays_of_every_shape_and_dtype_come_back(arena: Arena, data: st.DataObject, dtype: str) -> None:
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(max_dims=4, max_side=8)))
    shared = must_share(arena, array)
    for view in (mapped(shared), read_tensor(shared, bytes(arena.message(shared.ref)))):
        assert view.tensor.dtype == array.dtype
        assert np.array_equal(view.tensor, array, equal_nan=array.dtype.kind in "fc")
        assert not view.tensor.flags.writeable
    arena.blocks.drop("task")


@pytest.mark.parametrize("dtype", TORCH_DTYPES, ids=str)
def test_torch_tensors_come_back_and_writing_to_them_is_private(arena: Arena, dtype: torch.dtype) -> None:
    tensor = torch.arange(60).reshape(3, 4, 5).to(dtype)
    shared = must_share(arena, tensor)
    view = mapped(shared).tensor
    assert (view.dtype, view.shape) == (dtype, tensor.shape)
    assert bytes(view.view(torch.uint8).numpy()) == bytes(tensor.view(torch.uint8).numpy())
    view.zero_()
    again = mapped(shared).tensor
    assert bytes(again.view(torch.uint8).numpy()) == bytes(tensor.view(torch.uint8).numpy())


class _Subclass(np.ndarray):
    pass


@pytest.mark.parametrize(
    "tensor",
    [
        np.zeros(7),  # 56 bytes
        np.zeros((16, 16))[:, ::2],
        np.asfortranarray(np.zeros((16, 16))),
        np.zeros(100, dtype=object),
        np.zeros(100, dtype=[("a", "f8")]),
        np.zeros(100, dtype=">f8"),
        np.zeros(100, dtype="S8"),
        np.zeros(100, dtype="M8[s]"),
        np.zeros(100, dtype=np.longdouble),
        np.zeros(100).view(_Subclass),
        np.ma.masked_array(np.zeros(100)),
        torch.zeros(7),
        torch.zeros(100, requires_grad=True),
        torch.nn.Parameter(torch.zeros(100)),
        torch.zeros(16, 16).t(),
        torch.zeros(100, device="meta"),
        torch.zeros(16, 16).to_sparse(),
        torch.zeros(100, dtype=torch.complex64).conj(),
        "x" * 1000,
        bytes(1000),
        [0.0] * 1000,
        None,
    ],
    ids=lambda tensor: f"{type(tensor).__name__}-{getattr(tensor, 'dtype', '')}",
)
def test_what_has_no_exact_form_in_the_arena_travels_as_it_is(tensor: Any) -> None:
    assert body_of(tensor, 64) is None


def test_the_least_size_counts(arena: Arena) -> None:
    assert share(arena, np.zeros(8), min_bytes=64) is not None
    assert share(arena, np.zeros(8), min_bytes=65) is None
    assert share(arena, np.zeros(0), min_bytes=0) is None


def test_only_the_very_file_is_read(arena: Arena) -> None:
    shared = must_share(arena, np.arange(1000))
    elsewhere = replace(shared.file, machine="another boot id")
    successor = replace(shared.file, inode=shared.file.inode + 1)
    removed = replace(shared.file, path=f"{shared.file.path}.gone")
    for file in (elsewhere, successor, removed):
        assert map_tensor(replace(shared, file=file)) is None
    assert map_tensor(shared) is not None
