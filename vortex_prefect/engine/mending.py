"""Computes again what a node was to receive and the arena cannot give any more: damaged, or gone with its host.

A damaged block is refused for ever (WK-007), and a host that was started again
has none of its blocks (WK-002). To run the node once more would help as little
as before; its parents have to run first, and theirs where these inputs are
gone too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import NodeState
from vortex_prefect.engine.attempts import Lanes
from vortex_prefect.engine.fan_out import ItemEvent
from vortex_prefect.engine.node_work import NodeWork, Tellers
from vortex_prefect.engine.running_node import Inputs, RunningNode
from vortex_prefect.engine.work import Result

#: How often the inputs of one node are made again before its failure stands.
_MOST = 3
_CODES = frozenset({"WK-002", "WK-007"})


def lacks_inputs(result: Result) -> bool:
    """Whether a node failed because what it was to receive is gone or damaged."""
    return result.state is NodeState.FAILED and result.error is not None and result.error.code in _CODES


class Mender:
    """For one execution. Use it on the Dask client's event loop."""

    def __init__(self, nodes: Mapping[str, RunningNode], inputs: Inputs, work: NodeWork, lanes: Lanes) -> None:
        self._nodes = nodes
        self._inputs = inputs
        self._work = work
        self._lanes = lanes
        #: Nodes that are being computed again: of several that need one, each waits for the same.
        self._again: dict[str, asyncio.Task[bool]] = {}

    async def run(self, node: RunningNode, tellers: Tellers) -> Result:
        """Run a node; as often as its inputs turn out to be gone and can be made again."""
        made: list[str] = []
        result = await self._work.run(node, tellers)
        while lacks_inputs(result) and len(made) < _MOST and (found := await self._mend(node)):
            made.append(found)
            result = await self._work.run(node, tellers)
        if not made:
            return result
        why = f"its input from {' and '.join(dict.fromkeys(made))} was lost or damaged, and computed again"
        return replace(result, why="; ".join(part for part in (why, result.why) if part))

    def cancel(self) -> None:
        """End what is computed again: the execution has ended."""
        for task in self._again.values():
            task.cancel()

    async def _mend(self, node: RunningNode) -> str:
        """Compute again those parents whose outputs are not all there; their names, empty if that helped nobody."""
        parents = {source.node for sources in self._inputs.ports(node).values() for source in sources}
        broken = [parent for parent in sorted(parents) if not await self._is_whole(node, parent)]
        done = await asyncio.gather(*(self._shared(parent) for parent in broken))
        return " and ".join(broken) if broken and all(done) else ""

    async def _is_whole(self, node: RunningNode, parent: str) -> bool:
        outputs = self._nodes[parent].outputs or {}
        ports = {
            source.port for sources in self._inputs.ports(node).values() for source in sources if source.node == parent
        }
        # What was cached whole with all that was made of it has not even been looked up.
        return ports <= outputs.keys() and await self._are_intact([outputs[port] for port in ports])

    async def _are_intact(self, values: Iterable[Value]) -> bool:
        told = [value.to_dict() for value in values if any(value.refs())]
        if not told:
            return True
        answers = await self._lanes.everywhere("vortex_intact", values=told)
        return all(any(answer[index] for answer in answers.values()) for index in range(len(told)))

    async def _shared(self, node_id: str) -> bool:
        if node_id not in self._again:
            self._again[node_id] = asyncio.create_task(self._compute(node_id), name=f"{node_id} again")
            self._again[node_id].add_done_callback(lambda _: self._again.pop(node_id, None))
        return await asyncio.shield(self._again[node_id])

    async def _compute(self, node_id: str) -> bool:
        """Run an ended node once more; it stays ended, and gives what it gives now."""
        node = self._nodes[node_id]
        result = await self.run(node, Tellers(_tell_nobody, _tell_nobody_of_items))
        if result.outputs is None or result.state not in (NodeState.COMPLETED, NodeState.CACHED):
            return False
        node.outputs = result.outputs
        return True


def _tell_nobody(state: NodeState, attempt: int, **_: Any) -> None:
    """It was told when it ran first."""


def _tell_nobody_of_items(event: ItemEvent) -> None:
    """The same of its items."""
