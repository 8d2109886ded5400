"""Segments: short nodes of a chain that travel to a host together.

A node that computes for a millisecond pays as much again for its way there and
back; sixteen of them together pay it once. Only nodes of types that have been
quick so far take part, so that pause, cancel and progress lose nothing that a
person could notice: at their pace a whole segment is over within a tenth of a
second. What they work on may be larger this time. Each node has a tenth of a
second then, not all of them together; of one that takes longer the host tells
that it runs, and leaves those behind it that have not begun to be sent by
themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from vortex_prefect.core.reports import NodeState
from vortex_prefect.engine.pace import Pace
from vortex_prefect.engine.running_node import Inputs, RunningNode
from vortex_prefect.graph.plan import Plan

#: Nodes that travel together.
_MOST = 16


class Segments:
    """Finds what may travel together in one execution."""

    def __init__(self, plan: Plan, nodes: Mapping[str, RunningNode], inputs: Inputs, pace: Pace) -> None:
        self._plan = plan
        self._nodes = nodes
        self._inputs = inputs
        self._pace = pace
        self._next: dict[str, str] | None = None

    def from_here(self, node: RunningNode, wanted: Collection[str]) -> list[RunningNode]:
        """A node that is ready, and those of its chain that may travel with it.

        Args:
            wanted: nodes that are to run.
        """
        found = [node]
        if not self._may_travel(node) or self._inputs.tainted(node):
            return found
        while len(found) < _MOST:
            following = self._following(found[-1].step.node_id)
            if following is None or following.step.node_id not in wanted or not self._may_follow(found[-1], following):
                break
            found.append(following)
        return found

    def _following(self, node_id: str) -> RunningNode | None:
        if self._next is None:  # most plans never ask
            self._next = {a: b for chain in self._plan.segments for a, b in pairwise(chain)}
        following = self._next.get(node_id)
        return None if following is None else self._nodes[following]

    def _may_travel(self, node: RunningNode) -> bool:
        step = node.step
        plain = not (node.mapped() or node.undecided or step.lazy or step.tags or step.retries)
        keyed = step.key is not None or step.volatile
        return plain and keyed and node.state is NodeState.PENDING and self._pace.is_short(step.node_type)

    def _may_follow(self, before: RunningNode, node: RunningNode) -> bool:
        if node.waiting_for != {before.step.node_id} or not self._may_travel(node):
            return False
        return not any(self._gathers(before, node, port) for port in node.step.inputs)

    def _gathers(self, before: RunningNode, node: RunningNode, port: str) -> bool:
        """Whether lists come there, which only the executor can take apart."""
        declared = node.step.spec.input(port)
        if declared is not None and declared.list:
            return True
        outputs = (before.step.spec.output(source.port) for source in node.step.inputs[port])
        return any(output is None or output.type.startswith("LIST[") for output in outputs)
