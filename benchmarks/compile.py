"""Milliseconds a compile takes and compiles a second, beside graphlib.TopologicalSorter alone on the same graph."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from graphlib import TopologicalSorter
from statistics import median
from typing import Any

from benchmarks.harness import say
from vortex_prefect.core.nodespec import Catalogue, InputSpec, NodeSpec, OutputSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import compile_plan

SIZES = (1_000, 10_000)
REPETITIONS = 9


def measure() -> dict[str, float]:
    """At each size: our milliseconds, our graphs a second, the reference's, and how many times as long we take."""
    metrics: dict[str, float] = {}
    for size in SIZES:
        graph, catalogue = random_graph(size)
        ours_s, reference_s = _median_s(partial(_compile, graph, catalogue), partial(_sort, graph))
        say(f"{size} nodes: {1000 * ours_s:.2f} ms, graphlib {1000 * reference_s:.2f} ms")
        metrics[f"compile_ms_{size}"] = round(1000 * ours_s, 2)
        metrics[f"graphs_per_s_{size}"] = round(1 / ours_s, 2)
        metrics[f"graphlib_graphs_per_s_{size}"] = round(1 / reference_s, 2)
        metrics[f"time_over_graphlib_{size}"] = round(ours_s / reference_s, 2)
    return metrics


def random_graph(size: int) -> tuple[Graph, Catalogue]:
    """A graph of `size` nodes with two inputs each, from a fixed seed."""
    spec = NodeSpec(
        type="bench.add",
        title="Add",
        category="bench",
        inputs=tuple(InputSpec(name=name, type="ANY", required=False) for name in "ab"),
        outputs=(OutputSpec(name="out", type="ANY"),),
    )
    choose = random.Random(7)
    edges: list[dict[str, Any]] = []
    for index in range(1, size):
        for port in "ab":
            source = {"node": f"n{choose.randrange(index)}", "port": "out"}
            edges.append({"source": source, "target": {"node": f"n{index}", "port": port}})
    nodes = {f"n{index}": {"type": "bench.add"} for index in range(size)}
    document = {"schema": "vortex.graph/1", "name": "bench", "nodes": nodes, "edges": edges}
    return parse_graph(document, Limits()), Catalogue((spec,))


def _compile(graph: Graph, catalogue: Catalogue) -> None:
    compile_plan(graph, catalogue, targets=None, force=False, file_identity=str)


def _sort(graph: Graph) -> None:
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(graph.nodes, ()))
    for edge in graph.edges:
        sorter.add(edge.target.node, edge.source.node)
    tuple(sorter.static_order())


def _median_s(*works: Callable[[], None]) -> list[float]:
    """Median seconds of each; they take turns, so that a busier moment slows all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(REPETITIONS):
        for work, taken in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [median(taken) for taken in times]
