"""Milliseconds a compile takes and compiles a second, beside graphlib.TopologicalSorter alone on the same graph."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from graphlib import TopologicalSorter
from itertools import cycle
from statistics import median
from typing import Any

from benchmarks.harness import say
from vortex_prefect.core.nodespec import Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.incremental import IncrementalCompiler
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import Plan, compile_plan

SIZES = (1_000, 10_000)
#: Of the graph that is planned again after a change.
EDITED_SIZE = 1_000
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
    return metrics | _recompiled(EDITED_SIZE)


def _recompiled(size: int) -> dict[str, float]:
    """Milliseconds until a changed graph is planned again, beside a plan of it from nothing.

    Early: a value of the first node, on which all others depend; late: of one
    on which nothing depends; layout: a node moved; unchanged: the same
    document parsed again.
    """
    graph, catalogue = random_graph(size, params=(ParamSpec(name="value", type="FLOAT", default=0),))
    last = compile_plan(graph, catalogue, targets=None, force=False, file_identity=str)
    ends = [node_id for node_id, step in last.steps.items() if not step.consumers]
    changes: dict[str, dict[str, Any]] = {
        "early": {"n0": {"params": {"value": 1.0}}},
        "late": {ends[-1]: {"params": {"value": 1.0}}},
        "layout": {"n0": {"position": {"x": 1.0, "y": 1.0}}},
        "unchanged": {},
    }
    metrics = {"recompile_fresh": _median_s(partial(_compile, graph, catalogue))[0]}
    for name, change in changes.items():
        compiler = IncrementalCompiler()
        # There and back, so that each time something changes; parsed apart, so that they share no object.
        turns = cycle([_edited(graph, {}), _edited(graph, change)])
        _recompile(compiler, turns, catalogue)
        metrics[f"recompile_{name}"] = _median_s(partial(_recompile, compiler, turns, catalogue))[0]
    for name, seconds in metrics.items():
        say(f"{name}, {size} nodes: {1000 * seconds:.2f} ms")
    return {f"{name}_ms_{size}": round(1000 * seconds, 2) for name, seconds in metrics.items()}


def _edited(graph: Graph, change: dict[str, dict[str, Any]]) -> Graph:
    document = graph.to_document()
    for node_id, fields in change.items():
        document["nodes"][node_id] |= fields
    return parse_graph(document, Limits())


def _recompile(compiler: IncrementalCompiler, turns: Iterator[Graph], catalogue: Catalogue) -> Plan:
    return compiler.compile(next(turns), catalogue, targets=None, force=False, file_identity=str)


def random_graph(size: int, params: tuple[ParamSpec, ...] = ()) -> tuple[Graph, Catalogue]:
    """A graph of `size` nodes with two inputs each, from a fixed seed; each node has those parameters."""
    spec = NodeSpec(
        type="bench.add",
        title="Add",
        category="bench",
        inputs=tuple(InputSpec(name=name, type="ANY", required=False) for name in "ab"),
        params=params,
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


def _compile(graph: Graph, catalogue: Catalogue) -> Plan:
    return compile_plan(graph, catalogue, targets=None, force=False, file_identity=str)


def _sort(graph: Graph) -> tuple[str, ...]:
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(graph.nodes, ()))
    for edge in graph.edges:
        sorter.add(edge.target.node, edge.source.node)
    return tuple(sorter.static_order())


def _median_s(*works: Callable[[], object]) -> list[float]:
    """Median seconds until each has its result; they take turns, so that a busier moment slows all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(REPETITIONS):
        for work, taken in zip(works, times, strict=True):
            started = time.perf_counter()
            result = work()
            taken.append(time.perf_counter() - started)
            del result  # freed outside of the time: whoever asks for a plan keeps it
    return [median(taken) for taken in times]
