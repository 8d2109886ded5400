"""Graphs compiled to plans a second, beside graphlib.TopologicalSorter alone on the same graph."""

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

SIZES = (100, 1_000, 10_000)
REPETITIONS = 5


def measure() -> dict[str, float]:
    """Milliseconds a compile at each size, the reference's, and compiles a second of 100 nodes."""
    metrics: dict[str, float] = {}
    for size in SIZES:
        graph, catalogue = _random_graph(size)
        ours = _median_ms(partial(_compile, graph, catalogue))
        reference = _median_ms(partial(_sort, graph))
        say(f"{size} nodes: {ours:.2f} ms, graphlib {reference:.2f} ms")
        metrics[f"compile_{size}_ms"] = round(ours, 3)
        metrics[f"graphlib_{size}_ms"] = round(reference, 3)
        metrics[f"over_graphlib_{size}"] = round(ours / reference, 1)
    metrics["compiles_per_s_100"] = round(1000 / metrics["compile_100_ms"], 1)
    return metrics


def _random_graph(size: int) -> tuple[Graph, Catalogue]:
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


def _median_ms(work: Callable[[], None]) -> float:
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return median(times)
