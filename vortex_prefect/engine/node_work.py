"""What a node has to do once its inputs are there: look for its result, or run, once or once an item."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.reports import NodeState
from vortex_prefect.engine.attempts import Attempts
from vortex_prefect.engine.fan_out import FanOut, ItemEvent
from vortex_prefect.engine.late_keys import KeyMaker
from vortex_prefect.engine.running_node import Inputs, RunningNode
from vortex_prefect.engine.work import Result, Work
from vortex_prefect.graph.keys import FileIdentity


class TellNode(Protocol):
    """Takes what is worth a report of a node before its end."""

    def __call__(
        self,
        state: NodeState,
        attempt: int,
        *,
        outcome: JobOutcome | None = None,
        progress: float = 0.0,
        items: dict[str, int] | None = None,
    ) -> None:
        """`progress` is 0 to 1; see `Tell` and `NodeReport`."""


@dataclass(frozen=True, slots=True)
class Tellers:
    """Who hears of a node and of its items."""

    node: TellNode
    item: Callable[[ItemEvent], None]


class NodeWork:
    """Does the work of one execution's nodes.

    Args:
        reuse: look for results in the cache.
        file_identity: of files that an edge names; null: what reads them is not reused.
    """

    def __init__(self, inputs: Inputs, attempts: Attempts, *, reuse: bool, file_identity: FileIdentity | None) -> None:
        self._inputs = inputs
        self._attempts = attempts
        self._reuse = reuse
        self._file_identity = file_identity

    async def run(self, node: RunningNode, tellers: Tellers) -> Result:
        """Run a node of which all parents have ended. Failures are results, never raised."""
        try:
            node.tainted = self._inputs.tainted(node)
            return await (self._mapped(node, tellers) if node.mapped() else self._whole(node, tellers))
        except VortexError as error:
            return Result(NodeState.FAILED, error=error)
        except Exception as error:
            # A defect here must end the node, or the execution would wait for it for ever.
            failure = WorkerError("WK-003", f"the engine failed: {type(error).__name__}: {error}")
            return Result(NodeState.FAILED, error=failure)

    def of_segment(self, segment: Sequence[RunningNode]) -> list[Work]:
        """The works of nodes that travel together; what comes from the node before is left out."""
        first, *others = segment
        inputs = {port: self._inputs.values(first, port) for port in self._inputs.ports(first)}
        return [Work(first.step, inputs, first.key), *(Work(node.step, {}, node.key) for node in others)]

    async def _whole(self, node: RunningNode, tellers: Tellers) -> Result:
        inputs = {port: self._inputs.values(node, port) for port in self._inputs.ports(node)}
        if node.key is None and not node.step.volatile and not node.tainted:
            node.key = await self._late_key(node, inputs)
            if node.key is not None and self._reuse:
                found = await self._attempts.fetch([node.key])
                if (outputs := found.get(node.key)) is not None:
                    return Result(NodeState.CACHED, outputs, why="in the cache")
        key = None if node.tainted else node.key
        return await self._attempts.run(Work(node.step, inputs, key), tellers.node)

    async def _mapped(self, node: RunningNode, tellers: Tellers) -> Result:
        step, mapped = node.step, {port: self._inputs.mapped(node, port) for port in node.mapped()}
        whole = [port for port in self._inputs.ports(node) if port not in mapped]
        lists = [mapped[port].items for port in step.spec.files if port in mapped]
        paths = [str(item.data) for items in lists for item in items if item is not None]
        fan_out = FanOut(
            step,
            mapped,
            {port: self._inputs.values(node, port) for port in whole},
            self._attempts,
            KeyMaker(step, {port: self._inputs.identities(node, port) for port in whole}),
            reuse=self._reuse,
            files=await self._identities(paths),
            on_item=tellers.item,
            on_progress=lambda done, items: tellers.node(NodeState.RUNNING, 1, progress=done, items=items),
        )
        result = await fan_out.run(step.max_parallel or max(2 * await self._attempts.lanes.capacity(), 1))
        node.item_keys = fan_out.item_keys
        return result

    async def _late_key(self, node: RunningNode, inputs: dict[str, tuple[Value, ...]]) -> str | None:
        """The key that follows from what really came, where the plan could not know one."""
        named = {port: str(inputs[port][0].data) for port in node.step.spec.files if port in inputs}
        found = await self._identities(list(named.values()))
        keys = KeyMaker(node.step, {port: self._inputs.identities(node, port) for port in inputs})
        return keys.key({}, {port: found[path] for port, path in named.items()})

    async def _identities(self, paths: list[str]) -> dict[str, str | None]:
        """What stands for the content of each file; null where it cannot be read, which its node will say."""
        if not paths or self._file_identity is None:
            return dict.fromkeys(paths)
        return await asyncio.to_thread(_identities, self._file_identity, paths)


def _identities(file_identity: FileIdentity, paths: list[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for path in paths:
        if path not in found:
            try:
                found[path] = file_identity(path)
            except (OSError, VortexError):
                found[path] = None
    return found
