"""How much memory a plan's outputs take, as far as their sizes are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vortex_prefect.graph.plan import Plan


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Memory of a plan's outputs, with its steps run one after the other in the plan's order."""

    #: Most bytes that live at once.
    peak_bytes: int
    #: The step during which they do, the first of several; null for a plan without steps.
    at_node: str | None
    #: Bytes that live while each step runs, its own outputs included, in the order of the plan.
    live_bytes: dict[str, int]
    #: Steps whose sizes are not known, in the order of the plan: the figures lack them, so they are lower bounds.
    unknown_nodes: tuple[str, ...]


def estimate_memory(plan: Plan, sizes: Mapping[str, int]) -> MemoryEstimate:
    """Walk the plan and count; linear in its size.

    A step's outputs come to life when it starts, and live until its last
    consumer ended; those that the graph gives, and those that nothing
    consumes, live to the end. What two steps share is counted for each, and
    a result that is read from the cache as if it were computed.

    Args:
        sizes: step → bytes of all its outputs together, from an earlier run of the same content key, or of
            its node type. Steps that the plan lacks are ignored.

    Raises:
        ValueError: a size is negative.
    """
    last_use = _last_uses(plan)
    ending: dict[str, list[str]] = {}
    for node_id, at in last_use.items():
        ending.setdefault(at, []).append(node_id)
    live: dict[str, int] = {}
    unknown: list[str] = []
    now = 0
    for node_id in plan.order:
        size = sizes.get(node_id)
        if size is None:
            unknown.append(node_id)
        elif size < 0:
            raise ValueError(f"the size of {node_id} is {size} bytes")
        now += size or 0
        live[node_id] = now
        now -= sum(sizes.get(ended, 0) for ended in ending.get(node_id, ()))
    at_node = max(live, key=live.__getitem__, default=None)
    return MemoryEstimate(live[at_node] if at_node is not None else 0, at_node, live, tuple(unknown))


def _last_uses(plan: Plan) -> dict[str, str]:
    """Step → its last consumer; without those whose outputs live to the end."""
    kept = {source.node for source in plan.outputs.values()}
    # Consumers stand in the order of the plan.
    return {
        node_id: step.consumers[-1] for node_id, step in plan.steps.items() if step.consumers and node_id not in kept
    }
