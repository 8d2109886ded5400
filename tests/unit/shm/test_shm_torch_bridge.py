from __future__ import annotations

import gc

import numpy as np
import pytest
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.checksum import verify_crc32
from vortex_prefect.shm.segment import Segment
from vortex_prefect.shm.torch_bridge import needed_bytes, read_tensor, write_tensor

DTYPES = [
    *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
    *(torch.float16, torch.float32, torch.float64, torch.bool, torch.bfloat16, torch.complex64, torch.complex128),
    *(torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz, torch.float8_e8m0fnu),
]


def put(arena: Arena, worker: Segment, tensor: torch.Tensor) -> TensorRef:
    """What a worker does with an output."""
    block = arena.blocks.allocate(needed_bytes(tensor), "worker")
    written = write_tensor(tensor, worker.writable(block.offset, block.nbytes))
    ref = written.at(host="host", generation=block.generation, offset=block.offset)
    arena.blocks.seal(ref, owner="worker", holder="run")
    return ref


def get(worker: Segment, ref: TensorRef) -> torch.Tensor:
    view = worker.view(ref.offset, ref.nbytes)
    verify_crc32(view, ref.crc)
    return read_tensor(view, ref.shape, ref.dtype)


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def address_of(view: memoryview) -> int:
    return int(np.frombuffer(view, np.uint8).ctypes.data)


@pytest.fixture
def worker(arena: Arena) -> Segment:
    return Segment.open(arena.segment.path)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3, 5), (0,), (3, 0)])
def test_tensors_of_every_dtype_come_back_bit_for_bit(
    arena: Arena, worker: Segment, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    tensor = torch.arange(30)[: max(1, torch.Size(shape).numel())].to(dtype)[: torch.Size(shape).numel()].view(shape)
    ref = put(arena, worker, tensor)
    read = get(worker, ref)
    assert (read.dtype, tuple(read.shape)) == (dtype, shape)
    assert f"torch.{ref.dtype}" == str(dtype)
    assert bits(read) == bits(tensor)
    worker.close()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_reading_shares_the_mappings_memory(arena: Arena, worker: Segment, dtype: torch.dtype) -> None:
    ref = put(arena, worker, torch.ones(1000).to(dtype))
    read = get(worker, ref)
    view = worker.view(ref.offset, ref.nbytes)
    start = address_of(view)
    assert start < read.data_ptr()
    assert read.data_ptr() + read.numel() * read.element_size() == start + ref.nbytes
    assert read.data_ptr() % 64 == 0
    worker.close()


def test_a_later_write_shows_through(arena: Arena, worker: Segment) -> None:
    ref = put(arena, worker, torch.zeros(16))
    read = get(worker, ref)
    arena.segment.writable(ref.offset, ref.nbytes)[-64:] = torch.full((16,), 7.0).numpy().tobytes()
    assert read.tolist() == [7.0] * 16
    worker.close()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.bfloat16, torch.complex64], ids=str)
@pytest.mark.parametrize("change", ["transposed", "stepped", "expanded", "channels last"])
def test_any_strides_are_written_in_c_order(arena: Arena, worker: Segment, dtype: torch.dtype, change: str) -> None:
    tensor = (torch.arange(120) % 7).view(2, 3, 4, 5).to(dtype)
    strided = {
        "transposed": tensor.transpose(1, 3),
        "stepped": tensor[:, 1:, ::2, 1::3],
        "expanded": tensor[:, :1].expand(2, 4, 4, 5),
        "channels last": tensor.contiguous(memory_format=torch.channels_last),
    }[change]
    assert not strided.is_contiguous()
    read = get(worker, put(arena, worker, strided))
    assert read.is_contiguous()
    assert torch.equal(read, strided)
    worker.close()


def test_lazy_conjugates_and_gradients_do_not_matter(arena: Arena, worker: Segment) -> None:
    conjugate = torch.tensor([1 + 2j, 3 - 4j]).conj()
    assert conjugate.is_conj()
    assert get(worker, put(arena, worker, conjugate)).tolist() == [1 - 2j, 3 + 4j]
    assert get(worker, put(arena, worker, conjugate.imag)).tolist() == [-2.0, 4.0]
    parameter = torch.nn.Parameter(torch.ones(2))
    assert not get(worker, put(arena, worker, parameter)).requires_grad
    worker.close()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_cuda_tensor_is_written_with_one_copy(arena: Arena, worker: Segment) -> None:
    tensor = torch.arange(24, device="cuda", dtype=torch.bfloat16).view(2, 3, 4).transpose(0, 2)
    assert torch.equal(get(worker, put(arena, worker, tensor)), tensor.cpu())
    worker.close()


def test_a_tensor_outlives_the_segment(arena: Arena, worker: Segment) -> None:
    read = get(worker, put(arena, worker, torch.arange(1000)))
    worker.close()
    del worker
    gc.collect()
    assert int(read.sum()) == 499500


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(3).to_sparse(),
        torch.empty(3, device="meta"),
        torch.empty(3, dtype=torch.float4_e2m1fn_x2),
    ],
    ids=["sparse", "meta", "float4"],
)
def test_what_has_no_form_is_refused(tensor: torch.Tensor) -> None:
    for refuse in (needed_bytes, lambda tensor: write_tensor(tensor, memoryview(bytearray(4096)))):
        with pytest.raises(WorkerError, match="WK-010"):
            refuse(tensor)


def test_a_block_that_is_too_small_is_refused() -> None:
    tensor = torch.ones(10)
    with pytest.raises(WorkerError, match="WK-010"):
        write_tensor(tensor, memoryview(bytearray(needed_bytes(tensor) - 1)))


def test_a_wrong_reference_is_refused(arena: Arena, worker: Segment) -> None:
    ref = put(arena, worker, torch.ones(10))
    view = worker.view(ref.offset, ref.nbytes)
    for shape, dtype, code in (((11,), "float32", "WK-007"), ((10,), "int32", "WK-007"), ((10,), "load", "WK-010")):
        with pytest.raises(WorkerError, match=code):
            read_tensor(view, shape, dtype)
    worker.close()
