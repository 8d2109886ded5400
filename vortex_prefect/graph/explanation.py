"""A plan as data for people and programs: what happens to each node, and why."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from vortex_prefect.graph.memory import estimate_memory
from vortex_prefect.graph.plan import Plan


def explanation(plan: Plan, known: Container[str], sizes: Mapping[str, int]) -> dict[str, Any]:
    """JSON form of a plan beside a cache that holds the content keys `known`; `sizes` as in `estimate_memory`.

    Returns:
        `nodes`: in the order of the plan, then what is skipped, `{id, type, state, what, level, segment, key}` each;
        `state` is `dirty` (it runs), `cached`, `unneeded` (neither: nobody asks for it) or `skipped`, `what` says it
        in words with the reason. `levels` and `segments` are lists of node ids, `critical_path` and `outputs` lists
        of ids and `node.port`; `counts` has the number of nodes of each state, of levels and of segments; `memory` is
        `{peak_bytes, at_node, unknown}`, with the number of nodes whose sizes the peak lacks.
    """
    dirty = plan.dirty(known)
    level = {node_id: index for index, row in enumerate(plan.levels) for node_id in row}
    segment = {node_id: index for index, chain in enumerate(plan.segments) for node_id in chain}
    nodes: list[dict[str, Any]] = []
    for node_id, line in zip((*plan.order, *plan.skipped), plan.explain(known), strict=True):
        step = plan.steps.get(node_id)
        key = step.key if step is not None else None
        if step is None:
            state = "skipped"
        elif node_id in dirty:
            state = "dirty"
        else:
            state = "cached" if key is not None and key in known else "unneeded"
        node = plan.graph.nodes[node_id]
        words = {"state": state, "what": line.removeprefix(f"{node_id} ")}
        place = {"level": level.get(node_id), "segment": segment.get(node_id), "key": key}
        nodes.append({"id": node_id, "type": node.type, **words, **place})
    states = [node["state"] for node in nodes]
    memory = estimate_memory(plan, sizes)
    counts = {state: states.count(state) for state in ("dirty", "cached", "unneeded", "skipped")}
    return {
        "nodes": nodes,
        "levels": [list(row) for row in plan.levels],
        "segments": [list(chain) for chain in plan.segments],
        "critical_path": list(plan.critical_path),
        "outputs": {name: f"{source.node}.{source.port}" for name, source in plan.outputs.items()},
        "memory": {
            "peak_bytes": memory.peak_bytes,
            "at_node": memory.at_node,
            "unknown": len(memory.unknown_nodes),
        },
        "counts": {**counts, "levels": len(plan.levels), "segments": len(plan.segments)},
    }
