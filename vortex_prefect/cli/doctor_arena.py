"""What `vortex doctor` says of the arena: of the running host's, and of what dead ones left."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.cli.finding import Finding
from vortex_prefect.client import Bridge
from vortex_prefect.client.bridge import answers
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY, orphans

_MIB, _GIB = 1 << 20, 1 << 30
#: Above that, large requests evict much for the little room that they need.
_FRAGMENTED = 0.9
_FULL = 0.95


def arena_findings(settings: Settings, directory: Path = DEFAULT_DIRECTORY) -> Iterator[Finding]:
    """Files of dead hosts, and the state of the arena of the stack that runs with this home."""
    if left := orphans(directory):
        size = sum(path.stat().st_blocks * 512 for path in left if path.exists()) / _MIB
        advice = "The next host that starts removes them."
        yield Finding("orphaned arenas", "warning", f"{len(left)} of dead hosts, {size:.0f} MiB in {directory}", advice)
    if (info := running_stack(settings)) is None:
        return
    try:
        with Bridge(info.url, home=settings.home) as bridge:
            arena = bridge.get_arena()
    except VortexError as error:
        yield Finding("arena", "warning", str(error), "See whether the host runs: `vortex status`.")
        return
    yield from describe(arena)


def describe(arena: answers.Arena) -> Iterator[Finding]:
    """The state of one arena, in lines."""
    if arena.budget_bytes is None:
        yield Finding("arena", "warning", "no host has one", "See whether the host runs: `vortex status`.")
        return
    used, cached = arena.in_use_bytes or 0, arena.cached_bytes or 0
    detail = (
        f"{_gib(used)} in use and {_gib(cached)} cached of {_gib(arena.budget_bytes)} GiB, {arena.blocks or 0} blocks"
    )
    if used > _FULL * arena.budget_bytes:
        advice = "Raise VORTEX_ARENA_BUDGET_BYTES, or run fewer executions at once (VORTEX_CONCURRENCY)."
        yield Finding("arena", "warning", detail, advice)
    else:
        yield Finding("arena", "ok", detail)
    warm = f"{_gib(arena.warm_bytes)} GiB warm, {_gib(arena.cold_bytes)} cold, {_gib(arena.free_bytes)} free"
    yield Finding("arena memory", "ok", warm)
    lost = arena.fragmentation or 0.0
    pieces = f"the largest free piece has {_gib(arena.largest_free_bytes)} GiB, fragmentation {lost:.2f}"
    fragmented = lost > _FRAGMENTED and (arena.free_bytes or 0) > arena.budget_bytes / 4
    yield Finding("arena room", "warning" if fragmented else "ok", pieces, _unpin(arena) if fragmented else "")
    asked = (arena.hits or 0) + (arena.misses or 0)
    rate = "nobody has asked yet" if arena.hit_rate is None else f"{arena.hit_rate:.0%} of {asked} results were known"
    yield Finding("arena cache", "ok", f"{rate}; {arena.evictions or 0} blocks were evicted")
    if arena.condemned:
        advice = "A node writes where it must not, or memory is failing: look for `was damaged` in the host's log."
        yield Finding("arena damage", "problem", f"{arena.condemned} blocks were damaged since the host began", advice)
    if arena.map is not None and arena.map.cells:
        yield Finding("arena map", "ok", bar(arena.map.cells))


def bar(cells: Sequence[Sequence[int]]) -> str:
    """A character a cell: █ in use, ▓ cached, ░ free, by what most of its bytes are."""
    return "".join("█▓░"[max(range(3), key=lambda kind: (cell[kind], -kind))] for cell in cells)


def _unpin(arena: answers.Arena) -> str:
    return "What is pinned or held lies between: unpin some, or let executions end." if arena.leases else ""


def _gib(nbytes: int | None) -> str:
    number = (nbytes or 0) / _GIB
    return f"{number:.0f}" if math.isclose(number, round(number)) else f"{number:.2f}"
