"""The arena of a host: mapping, writing, allocating, evicting.

What a worker does is done here by its own code (`TensorMemory`), over a second
mapping of a real arena, as in another process. Beside each figure stands a
bare way to do the same, in the same run and in turns with it:

- mapping: `torch.frombuffer` over the same bytes, and the same of 1 KB;
- writing: `numpy.copyto` between two buffers that are warm (one thread, like a
  node's: torch is kept to one here);
- the allocator: a dict that gets and loses an entry for each operation;
- eviction: the same requests with blocks evicted at random until there is room;
  for hits, the least recently used, in a cache as if memory had no addresses.
"""

from __future__ import annotations

import bisect
import itertools
import os
import random
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.harness import say
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.allocator import Allocator
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.caretaker import Caretaker
from vortex_prefect.shm.checksum import Verifier
from vortex_prefect.shm.janitor import arena_path
from vortex_prefect.shm.layout import DATA_OFFSET
from vortex_prefect.shm.segment import Segment
from vortex_prefect.shm.torch_bridge import needed_bytes, write_tensor
from vortex_prefect.wire.payloads import RoomGrant
from vortex_worker.memory import TensorMemory
from vortex_worker.premapper import Premapper

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
CPU = torch.device("cpu")
MAPS = 3_000
WRITES = 9
FIRST_WRITES = 6
LIVE_BLOCKS = 10_000
OPERATIONS = 300_000
#: Of the simulated arena that refuses and evicts.
SIMULATED_BYTES = 4 * GIB
REQUESTS = 15_000
ASKED = 30_000
_PATIENCE_S = 20.0


def measure() -> dict[str, float]:
    """All figures.

    Raises:
        SystemExit: there is not the memory for it.
    """
    warnings.filterwarnings("ignore", "The given buffer is not writable")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        figures = {**_mapping(), **_writing(), **_first_writes()}
    finally:
        torch.set_num_threads(threads)
    figures |= _allocating() | _refusals() | _hits()
    return {name: round(value, 4) for name, value in figures.items()}


# -- what a worker does ----------------------------------------------------------------------


class _Worker:
    """A worker's view of an arena, and the host's answers to it."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.segment = Segment.open(arena.segment.path)
        self.memory = self.fresh()

    def fresh(self) -> TensorMemory:
        """As of a process that has seen nothing yet."""
        return TensorMemory(self.segment, "bench", self._grant, Verifier())

    def store(self, tensor: torch.Tensor) -> TensorRef:
        """From the request for room to the sealed block."""
        ref = self.memory.store(tensor)
        self.arena.blocks.seal(ref, owner="worker", holder="run")
        return ref

    def _grant(self, nbytes: int) -> RoomGrant:
        block = self.arena.blocks.allocate(nbytes, "worker")
        return RoomGrant(block.offset, block.nbytes, block.generation)


@contextmanager
def _worker(budget_bytes: int) -> Iterator[_Worker]:
    path = arena_path(f"bench-{os.getpid()}-{time.monotonic_ns()}")
    with Arena.create(path, host="bench", size_bytes=8 * GIB, budget_bytes=budget_bytes) as arena:
        if arena.blocks.budget_bytes < budget_bytes:
            raise SystemExit(f"no figure: the arena may have {arena.blocks.budget_bytes >> 20} MiB only")
        worker = _Worker(arena)
        yield worker
        worker.segment.close()


def _mapping() -> dict[str, float]:
    """From a reference to a torch tensor."""
    figures: dict[str, float] = {}
    with _worker(GIB + 256 * MIB) as worker:
        for name, nbytes in (("1kb", KIB), ("64mb", 64 * MIB), ("1gb", GIB)):
            ref = worker.store(torch.ones(nbytes // 4))
            memory = worker.fresh()
            started = time.perf_counter()
            memory.load(ref, CPU)
            figures[f"verify_{name}_ms"] = 1000 * (time.perf_counter() - started)
            view = worker.segment.view(ref.offset, ref.nbytes)
            ours, bare = _in_turns(
                MAPS,
                partial(memory.load, ref, CPU),
                partial(_bare_map, view),
            )
            figures |= {f"map_{name}_p50_us": _quantile(ours, 0.5), f"map_{name}_p99_us": _quantile(ours, 0.99)}
            figures[f"map_{name}_over_frombuffer"] = _quantile(ours, 0.5) / _quantile(bare, 0.5)
            memory.take_times()
            del view
            worker.arena.blocks.drop("run")
    figures["map_1gb_over_1kb"] = figures["map_1gb_p50_us"] / figures["map_1kb_p50_us"]
    say(f"map 1 GB {figures['map_1gb_p50_us']:.1f} us, verified {figures['verify_1gb_ms']:.0f} ms")
    return figures


def _bare_map(view: memoryview) -> torch.Tensor:
    return torch.frombuffer(view, dtype=torch.uint8)


def _writing() -> dict[str, float]:
    """Into warm room: the message alone, and all up to the sealed block with its checksum."""
    figures: dict[str, float] = {}
    with _worker(768 * MIB) as worker:
        worker.arena.warm(512 * MIB)
        for mib in (64, 256):
            tensor = torch.rand(mib * MIB // 4)
            source, target = tensor.numpy(), np.ones(mib * MIB // 4, np.float32)
            _seal(worker, tensor)
            _seal(worker, tensor)
            wrote, copied, sealed = _in_turns(
                WRITES,
                partial(_write, worker, tensor),
                partial(np.copyto, target, source),
                partial(_seal, worker, tensor),
            )
            figures[f"write_{mib}mb_gb_s"] = mib * MIB / median(wrote) / 1000
            figures[f"memcpy_{mib}mb_gb_s"] = mib * MIB / median(copied) / 1000
            figures[f"write_over_memcpy_{mib}mb"] = median(wrote) / median(copied)
            figures[f"sealed_over_memcpy_{mib}mb"] = median(sealed) / median(copied)
    for name in ("write_over_memcpy", "sealed_over_memcpy"):
        figures[name] = max(figures[f"{name}_64mb"], figures[f"{name}_256mb"])
    say(f"write over memcpy {figures['write_over_memcpy']:.2f}, sealed {figures['sealed_over_memcpy']:.2f}")
    return figures


def _write(worker: _Worker, tensor: torch.Tensor) -> None:
    """The message alone, into room that was written before."""
    block = worker.arena.blocks.allocate(needed_bytes(tensor), "worker")
    write_tensor(tensor, worker.segment.writable(block.offset, block.nbytes))
    worker.arena.blocks.discard(block.offset, block.generation, owner="worker")


def _seal(worker: _Worker, tensor: torch.Tensor) -> None:
    """All of it: the request for room, the message, its checksum, the seal; then it is dropped."""
    worker.store(tensor)
    worker.arena.blocks.drop("run")


def _first_writes() -> dict[str, float]:
    """64 MB into room that no block ever had, with host and worker preparing it; and once more into the same room."""
    tensor = torch.rand(64 * MIB // 4)
    first, again = [], []
    with _worker(2 * GIB) as worker:
        cold = [_timed_write(worker, tensor)[0] for _ in range(2)]  # before anybody prepares anything
        caretaker, premapper = Caretaker(worker.arena), Premapper(worker.segment)
        caretaker.start()
        premapper.start()
        try:
            for _ in range(FIRST_WRITES):
                _await_warm(worker.arena, premapper, 2 * tensor.nbytes)
                figures = _timed_write(worker, tensor)
                first.append(figures[0])
                again.append(figures[1])
        finally:
            premapper.close()
            caretaker.close()
    say(f"first write {median(first):.0f} us, again {median(again):.0f}, cold {median(cold):.0f}")
    return {
        "first_write_ms": median(first) / 1000,
        "first_write_over_warm": median(first) / median(again),
        "cold_write_over_warm": median(cold) / median(again),
    }


def _timed_write(worker: _Worker, tensor: torch.Tensor) -> tuple[float, float]:
    """Microseconds of the first and the second write into a block that nobody gives back."""
    block = worker.arena.blocks.allocate(needed_bytes(tensor), "worker")
    room = worker.segment.writable(block.offset, block.nbytes)
    taken = []
    for _ in range(2):
        started = time.perf_counter_ns()
        write_tensor(tensor, room)
        taken.append((time.perf_counter_ns() - started) / 1000)
    return taken[0], taken[1]


def _await_warm(arena: Arena, premapper: Premapper, nbytes: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        told = arena.blocks.statistics()
        if told.free_bytes - told.cold_bytes >= nbytes and premapper.mapped_bytes >= told.warm_bytes:
            return
        if time.monotonic() > deadline:
            raise SystemExit("no figure: the caretaker does not come after")
        time.sleep(0.01)


# -- the books -------------------------------------------------------------------------------


def _allocating() -> dict[str, float]:
    """Single operations a second, with 10,000 blocks of 1 KB to 4 MB there."""
    dice = random.Random(1)
    sizes = [int(KIB * 2 ** (dice.random() * 12)) for _ in range(OPERATIONS // 2)]
    picks = [dice.randrange(LIVE_BLOCKS) for _ in sizes]
    allocator = Allocator(DATA_OFFSET + 64 * GIB)
    live = [allocator.allocate(size) or 0 for size in sizes[:LIVE_BLOCKS]]
    started = time.perf_counter()
    for pick, size in zip(picks, sizes, strict=True):
        allocator.free(live[pick])
        live[pick] = allocator.allocate(size) or 0
    ours = OPERATIONS / (time.perf_counter() - started)
    table = dict.fromkeys(range(LIVE_BLOCKS), 0)
    started = time.perf_counter()
    for pick, size in zip(picks, sizes, strict=True):
        del table[pick]
        table[pick] = size
    bare = OPERATIONS / (time.perf_counter() - started)
    say(f"{ours:,.0f} allocator operations a second, {bare:,.0f} of a dict")
    return {"alloc_free_ops_per_s": ours, "dict_ops_per_s": bare, "dict_over_alloc_free": bare / ours}


class _NoMemory:
    """Books without bytes."""

    def reserve(self, offset: int, nbytes: int) -> None:
        """As if there were enough."""

    def punch(self, offset: int, nbytes: int) -> None:
        """As if there were any."""


def _mixed(dice: random.Random) -> int:
    """1 KB to 64 MB, each power of two as likely."""
    return int(KIB * 2 ** (dice.random() * 16))


def _refusals() -> dict[str, float]:
    """How full the arena is when a request finds no room in it, and something is evicted."""
    dice = random.Random(2)
    fullness: list[float] = []
    taken = [0, 0.0]
    table = BlockTable("bench", SIMULATED_BYTES, memory=_NoMemory())
    evictions = 0
    for number in range(REQUESTS):
        before = table.statistics()
        nbytes = _mixed(dice)
        started = time.perf_counter()
        block = table.allocate(nbytes, "worker")
        elapsed = time.perf_counter() - started
        ref = TensorRef("bench", block.generation, block.offset, nbytes, (nbytes,), "uint8", 0)
        table.seal(ref, owner="worker", holder=f"run-{number}", cost_ms=dice.random() * 20)
        table.release(f"run-{number}")
        if (after := table.statistics().evictions) > evictions:
            evictions = after
            fullness.append(before.cached_bytes / SIMULATED_BYTES)
            taken = [taken[0] + 1, taken[1] + elapsed]
    at_random = _refusals_at_random()
    say(f"full to {median(fullness):.3f} when something is evicted; at random to {median(at_random):.3f}")
    return {
        "utilisation_at_refusal": median(fullness),
        "utilisation_at_refusal_p10": _quantile(fullness, 0.1),
        "utilisation_random": median(at_random),
        "evict_us": 1e6 * taken[1] / max(taken[0], 1),
    }


def _refusals_at_random() -> list[float]:
    """As the research for this project did it: whichever block goes, until the request fits."""
    dice = random.Random(2)
    allocator = Allocator(DATA_OFFSET + SIMULATED_BYTES)
    live: dict[int, int] = {}
    offsets: list[int] = []
    held = 0
    fullness = []
    for _ in range(REQUESTS):
        nbytes = _mixed(dice)
        offset = allocator.allocate(nbytes)
        if offset is None:
            fullness.append(held / SIMULATED_BYTES)
        while offset is None:
            index = dice.randrange(len(offsets))
            offsets[index], offsets[-1] = offsets[-1], offsets[index]
            victim = offsets.pop()
            allocator.free(victim)
            held -= live.pop(victim)
            offset = allocator.allocate(nbytes)
        live[offset] = nbytes
        offsets.append(offset)
        held += nbytes
    return fullness


def _hits() -> dict[str, float]:
    """A Zipf trace over 5,000 results, and a third of requests that nobody makes again."""
    table = BlockTable("bench", SIMULATED_BYTES, memory=_NoMemory())
    recent: OrderedDict[str, int] = OrderedDict()
    recent_bytes = recent_hits = 0
    for number, (key, nbytes, cost_ms) in enumerate(_trace()):
        if not table.lookup([key], f"run-{number}"):
            block = table.allocate(nbytes, "worker")
            ref = TensorRef("bench", block.generation, block.offset, nbytes, (nbytes,), "uint8", 0)
            table.seal(ref, owner="worker", holder=f"run-{number}", cost_ms=cost_ms)
            table.remember(key, {"out": Value("TENSOR", ref)})
        table.release(f"run-{number}")
        if key in recent:
            recent_hits += 1
            recent.move_to_end(key)
            continue
        recent[key] = nbytes
        recent_bytes += nbytes
        while recent_bytes > SIMULATED_BYTES:
            recent_bytes -= recent.popitem(last=False)[1]
    rate = table.statistics().hit_rate or 0.0
    say(f"{rate:.3f} of requests hit, {recent_hits / ASKED:.3f} by age")
    return {"hit_rate": rate, "hit_rate_lru": recent_hits / ASKED, "hit_rate_over_lru": rate * ASKED / recent_hits}


def _trace() -> Iterator[tuple[str, int, float]]:
    dice, results = random.Random(3), 5_000
    sizes = [_mixed(dice) for _ in range(results)]
    costs = [size / 3e6 + 3 * dice.paretovariate(1.2) for size in sizes]
    weights = list(itertools.accumulate(1 / (rank + 1) ** 0.9 for rank in range(results)))
    for once in range(ASKED):
        if dice.random() < 1 / 3:
            yield f"once-{once}", _mixed(dice), 3 * dice.paretovariate(1.2)
        else:
            rank = bisect.bisect(weights, dice.random() * weights[-1])
            yield str(rank), sizes[rank], costs[rank]


def _in_turns(count: int, *ways: Callable[[], Any]) -> list[list[float]]:
    """Microseconds of each of several ways to do the same, one after the other, so often."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(count):
        for way, times in zip(ways, taken, strict=True):
            started = time.perf_counter_ns()
            made = way()
            times.append((time.perf_counter_ns() - started) / 1000)
            del made
    return taken


def _quantile(times: list[float], part: float) -> float:
    return sorted(times)[int(len(times) * part)]
