"""Milliseconds of an edit from one Yjs client to another, updates a second, and what a kill of the server loses.

Clients are the editor's own packages, all in one Node process, so that one clock times the edit in one document and
its being observed in the other. Beside each figure the same clients through a relay in Node that passes frames on and
keeps nothing; and the disk's own `fdatasync` while the bridge delivers. The bridge is killed with SIGKILL at the end of
each run, while it still works in the run of `updates_per_s`, and what somebody had seen is looked for in what it gives
after its next start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks.collab_processes import Bridge, Clients, Relay, run
from benchmarks.disk import DiskProbe
from benchmarks.harness import say

ROUNDS = 3
#: Nodes that are moved, of graphs without a history.
NODES = 100
#: Clients, those who edit, and edits a second of all of them.
PAIR = (2, 1, 100.0)
CROWD = (50, 5, 50.0)
SECONDS = 15.0
SUSTAINED_S = 10.0
#: Of the graph that is opened.
HISTORY_NODES, HISTORY_EDITS = 1_000, 50_000
OPENINGS = 5

Figures = dict[str, float]


def measure() -> Figures:
    """Medians over the rounds; what is lost and errors are sums.

    Raises:
        SystemExit: a process failed.
    """
    rounds = []
    for number in range(ROUNDS):
        found = {**_bridge_round(), **_relay_round()}
        say(f"round {number + 1}: {_rounded(found)}")
        rounds.append(found)
    sums = {name: sum(found[name] for found in rounds) for name in ("lost", "errors")}
    figures = {name: median(found[name] for found in rounds) for name in rounds[0]} | sums
    opened = _opened()
    say(f"opening: {_rounded(opened)}")
    for name in ("lost", "errors"):
        figures[name] += opened.pop(name)
    figures |= opened
    for name in ("delivery_p50_ms", "delivery_p99_ms", "delivery_50_p99_ms", "updates_per_s"):
        figures[f"{name.removesuffix('_ms')}_over_reference"] = figures[name] / figures[f"reference_{name}"]
    return _rounded(figures)


def _bridge_round() -> Figures:
    with Bridge() as bridge:
        with DiskProbe(bridge.home) as disk:
            pair, crowd = _delivered(bridge, PAIR), _delivered(bridge, CROWD)
        sustained = _sustained(bridge)
    return {
        **_figures(pair, crowd, sustained),
        "lost": _sum("lost", pair, crowd, sustained),
        "disk_p99_ms": _quantile(disk.took_us, 0.99),
        "disk_longest_ms": _quantile(disk.took_us, 1.0),
    }


def _relay_round() -> Figures:
    with Relay() as relay:
        pair, crowd = (
            _deliver(relay.url, name, shape, bare=True) for name, shape in (("pair", PAIR), ("crowd", CROWD))
        )
        with Clients("sustain", relay.url, "sustained", seconds=SUSTAINED_S, bare=True) as clients:
            sustained = clients.answer()
    found = _figures(pair, crowd, sustained)
    del found["errors"]
    return {f"reference_{name}": value for name, value in found.items()}


def _figures(pair: dict[str, Any], crowd: dict[str, Any], sustained: dict[str, Any]) -> Figures:
    return {
        "delivery_p50_ms": _quantile(pair["delays_us"], 0.50),
        "delivery_p99_ms": _quantile(pair["delays_us"], 0.99),
        "delivery_50_p50_ms": _quantile(crowd["delays_us"], 0.50),
        "delivery_50_p99_ms": _quantile(crowd["delays_us"], 0.99),
        "updates_per_s": sustained["updates_per_s"],
        "errors": _sum("errors", pair, crowd, sustained),
    }


def _delivered(bridge: Bridge, shape: tuple[int, int, float]) -> dict[str, Any]:
    graph_id = bridge.graph(NODES)
    told = _deliver(bridge.url, graph_id, shape)
    bridge.kill()
    return _with_what_was_lost(bridge, graph_id, told, told["vector"])


def _deliver(url: str, room: str, shape: tuple[int, int, float], **order: Any) -> dict[str, Any]:
    clients, writers, rate = shape
    return run("deliver", url, room, clients=clients, writers=writers, rate=rate, seconds=SECONDS, **order)


def _sustained(bridge: Bridge) -> dict[str, Any]:
    """Killed in the middle: the writer goes on until it is cut off, and the reader tells what it has seen by then."""
    graph_id = bridge.graph(NODES)
    with Clients("sustain", bridge.url, graph_id, seconds=SUSTAINED_S) as clients:
        told = clients.answer()
        bridge.kill()
        seen = clients.answer()["vector"]
    return _with_what_was_lost(bridge, graph_id, told, seen)


def _with_what_was_lost(bridge: Bridge, graph_id: str, told: dict[str, Any], seen: Mapping[str, int]) -> dict[str, Any]:
    bridge.start()
    after = run("open", bridge.url, graph_id)
    return {
        **told,
        "lost": told.get("lost", 0) + edits_missing(seen, after["vector"]),
        "errors": told["errors"] + after["errors"],
    }


def edits_missing(seen: Mapping[str, int], found: Mapping[str, int]) -> int:
    """How many edits of one state vector are not in another; each is two items, and items are never left out."""
    return sum(math.ceil(max(0, clock - found.get(client, 0)) / 2) for client, clock in seen.items())


def _opened() -> Figures:
    """Each time from a copy of the same home, so that the history is as long as it was."""
    with Bridge() as made:
        graph_id = made.graph(NODES)
        filled = run("fill", made.url, graph_id, nodes=HISTORY_NODES, edits=HISTORY_EDITS)
        made.stop()
        openings = [_opening(made, graph_id, filled["vector"]) for _ in range(OPENINGS)]
    return {
        "open_ms": median(opening["open_ms"] for opening in openings),
        "open_apply_ms": median(opening["apply_ms"] for opening in openings),
        "open_bytes": openings[0]["bytes"],
        "lost": _sum("lost", *openings),
        "errors": filled["errors"] + _sum("errors", *openings),
    }


def _opening(made: Bridge, graph_id: str, wanted: Mapping[str, int]) -> dict[str, Any]:
    with Bridge(made.home) as bridge:
        opening = run("open", bridge.url, graph_id)
    return {**opening, "lost": edits_missing(wanted, opening["vector"])}


def _quantile(delays_us: list[int], share: float) -> float:
    """Milliseconds; of what is sorted."""
    if not delays_us:
        raise SystemExit("no figure: no edit reached anybody")
    return delays_us[min(len(delays_us) - 1, int(len(delays_us) * share))] / 1000


def _sum(name: str, *parts: dict[str, Any]) -> float:
    return float(sum(part[name] for part in parts))


def _rounded(figures: Figures) -> Figures:
    return {name: round(value, 3) for name, value in figures.items()}
