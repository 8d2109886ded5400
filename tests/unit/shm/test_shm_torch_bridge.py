from __future__ import annotations

import gc

import numpy as np
import pytest
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.arrow import has_form, message_size
from vortex_prefect.shm.checksum import crc32, verify_crc32
from vortex_prefect.shm.segment import Segment
from vortex_prefect.shm.torch_bridge import dtype_name, empty_in, needed_bytes, read_tensor, write_tensor

# torch warns once of complex32.
pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf")

DTYPES = [
    *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
    *(torch.float16, torch.float32, torch.float64, torch.bool, torch.bfloat16, torch.complex64, torch.complex128),
    torch.complex32,
    *(torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz, torch.float8_e8m0fnu),
]


def put(arena: Arena, worker: Segment, tensor: torch.Tensor) -> TensorRef:
    """What a worker does with an output."""
    block = arena.blocks.allocate(needed_bytes(tensor), "worker")
    written = write_tensor(tensor, worker.writable(block.offset, block.nbytes))
    crc = crc32(worker.view(block.offset, written.nbytes))
    again = write_tensor(tensor, worker.writable(block.offset, block.nbytes), checksum=True)
    assert again.crc in (None, crc)
    ref = written.at(host="host", generation=block.generation, offset=block.offset, crc=crc)
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
        torch.zeros(3, dtype=torch.uint8).view(torch.qint8),
    ],
    ids=["sparse", "meta", "quantized"],
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


#: Those that torch itself computes nothing with: packed, or names for bits.
OPAQUE = [
    torch.float4_e2m1fn_x2,
    *(getattr(torch, f"{sign}int{width}") for sign in ("", "u") for width in range(1, 8)),
    *(torch.bits8, torch.bits16, torch.bits1x8, torch.bits2x4, torch.bits4x2),
]


@pytest.mark.parametrize("dtype", OPAQUE, ids=str)
def test_packed_dtypes_come_back_bit_for_bit(arena: Arena, worker: Segment, dtype: torch.dtype) -> None:
    raw = torch.arange(48, dtype=torch.uint8).view(4, 12)
    for tensor in (raw.view(dtype), raw.view(dtype).t(), raw.view(dtype)[:0], raw.view(dtype)[0, 0]):
        read = get(worker, put(arena, worker, tensor))
        carrier = torch.uint8 if dtype.itemsize == 1 else torch.int16
        assert (read.dtype, read.shape) == (dtype, tensor.shape)
        assert torch.equal(read.view(carrier), tensor.view(carrier))
    worker.close()


def test_every_dtype_of_torch_has_a_form_but_the_quantized() -> None:
    dtypes = {dtype_name(dtype) for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}
    assert {name for name in dtypes if not has_form(name)} == {"qint8", "qint32", "quint8", "quint2x4", "quint4x2"}


def test_a_tensor_made_in_its_block_needs_no_copy(arena: Arena, worker: Segment) -> None:
    block = arena.blocks.allocate(message_size((3, 5), "bfloat16"), "worker")
    tensor = empty_in(worker.writable(block.offset, block.nbytes), (3, 5), torch.bfloat16)
    tensor.copy_(torch.arange(15).view(3, 5))
    writable = worker.writable(block.offset, block.nbytes)
    assert address_of(writable) < tensor.data_ptr() < address_of(writable) + len(writable)
    view = worker.view(block.offset, message_size((3, 5), "bfloat16"))
    assert torch.equal(read_tensor(view, (3, 5), "bfloat16"), tensor)
    assert empty_in(memoryview(bytearray(512)), (0, 2), torch.int8).shape == (0, 2)
    worker.close()


def test_what_is_copied_as_it_lies_is_checked_on_the_way() -> None:
    tensor = torch.arange(1_000_000, dtype=torch.int16).view(10, -1)
    buffer = memoryview(bytearray(needed_bytes(tensor)))
    assert write_tensor(tensor, buffer, checksum=True).crc == crc32(buffer)
    assert torch.equal(read_tensor(buffer, (10, 100_000), "int16"), tensor)
    assert write_tensor(tensor, buffer).crc is None
    assert write_tensor(tensor[:, ::2], buffer, checksum=True).crc is None
    lazy = torch.tensor([1 + 2j]).conj()
    assert write_tensor(lazy, buffer, checksum=True).crc is None
