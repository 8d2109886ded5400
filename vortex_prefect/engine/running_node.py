"""A step while its plan runs, and what its parents hand to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import NodeState
from vortex_prefect.engine.fan_out import MappedInput
from vortex_prefect.engine.late_keys import identity, list_identity
from vortex_prefect.graph.lazy import LazyPort
from vortex_prefect.graph.plan import Step
from vortex_prefect.graph.wiring import Source


@dataclass(slots=True)
class RunningNode:
    """One node of the plan, between its beginning and its end."""

    step: Step
    #: Parents that it needs, as far as is known, and that have not ended.
    waiting_for: set[str]
    #: Lazy ports of which is not known yet whether they are asked for.
    undecided: tuple[LazyPort, ...]
    #: Lazy ports that are not asked for, or not yet.
    left_out: set[str]
    #: Content key: the step's own, or one that is known only now.
    key: str | None
    state: NodeState = NodeState.PENDING
    outputs: dict[str, Value] | None = None
    #: Content key of each item, if it maps over a list.
    item_keys: list[str | None] = field(default_factory=list)
    #: It was made of a list of which items had failed, and so is not what its key says.
    tainted: bool = False

    @classmethod
    def of(cls, step: Step) -> RunningNode:
        """The node at its beginning."""
        left_out = {lazy.port for lazy in step.lazy}
        parents = {source.node for port, sources in step.inputs.items() if port not in left_out for source in sources}
        return cls(step, parents, step.lazy, left_out, step.key)

    @property
    def gave_nothing(self) -> bool:
        """Whether it ended without any result."""
        return self.state in (NodeState.FAILED, NodeState.SKIPPED) and self.outputs is None

    def mapped(self) -> list[str]:
        """The ports over which it maps, of those that it takes."""
        return [port for port in self.step.mapped if port not in self.left_out]

    def output(self, port: str) -> Value:
        """What came out of a port.

        Raises:
            GraphError: VE-004, nothing did.
        """
        outputs = self.outputs or {}
        if port not in outputs:
            raise GraphError("VE-004", f"{self.step.node_id} gave no output {port!r}", node_id=self.step.node_id)
        return outputs[port]

    def origin(self, port: str) -> str | None:
        """What stands for an output in a content key."""
        return None if self.key is None or self.tainted else f"{self.key}/{port}"

    def origins(self, port: str, count: int) -> list[str | None]:
        """What stands for each item of an output that is a list."""
        if self.item_keys:
            return [None if key is None else f"{key}/{port}" for key in self.item_keys]
        origin = self.origin(port)
        return [None if origin is None else f"{origin}/{item}" for item in range(count)]


class Inputs:
    """What the nodes of one execution receive from each other."""

    def __init__(self, nodes: Mapping[str, RunningNode]) -> None:
        self._nodes = nodes

    def ports(self, node: RunningNode) -> dict[str, tuple[Source, ...]]:
        """The inputs that the node takes."""
        return {port: sources for port, sources in node.step.inputs.items() if port not in node.left_out}

    def values(self, node: RunningNode, port: str) -> tuple[Value, ...]:
        """What a port receives; a port for any number of edges receives the items of lists together.

        Raises:
            GraphError: VE-004, a parent gave nothing there.
        """
        values = [self._output(source) for source in node.step.inputs[port]]
        if not _collects(node.step, port):
            return tuple(values)
        items = [item for value in values for item in (value.listed() if _is_list(value) else (value,))]
        return tuple([item for item in items if item is not None])

    def identities(self, node: RunningNode, port: str) -> list[str | None]:
        """What stands for each source of a port in a content key."""
        return [self._identity(source) for source in node.step.inputs[port]]

    def mapped(self, node: RunningNode, port: str) -> MappedInput:
        """The list over which a port maps.

        Raises:
            VortexError: VE-004 or WK-002, there is none.
        """
        (source,) = node.step.inputs[port]
        items = self._output(source).listed()
        origins = self._nodes[source.node].origins(source.port, len(items))
        return MappedInput(f"{source.node}.{source.port}", items, origins)

    def tainted(self, node: RunningNode) -> bool:
        """Whether anything that the node takes as a whole lacks items that failed."""
        mapped = node.mapped()
        return any(
            self._nodes[source.node].tainted or (port not in mapped and self._output(source).has_gaps)
            for port, sources in self.ports(node).items()
            for source in sources
        )

    def missing(self, node: RunningNode, parent: str) -> str | None:
        """Why the node cannot run with what a parent that has ended gave; null if it can."""
        ended = self._nodes[parent]
        if ended.gave_nothing:
            return f"its input from {parent} failed"
        for port, sources in self.ports(node).items():
            for source in sources:
                value = (ended.outputs or {}).get(source.port) if source.node == parent else None
                if value is not None and value.has_gaps and not _takes_gaps(node, port):
                    return f"its input {port} takes the whole list of {parent}, of which items failed"
        return None

    def _output(self, source: Source) -> Value:
        return self._nodes[source.node].output(source.port)

    def _identity(self, source: Source) -> str | None:
        value, maker = self._output(source), self._nodes[source.node]
        if value.items is None:
            return identity(value, maker.origin(source.port))
        origins = maker.origins(source.port, len(value.items))
        pairs = zip(value.items, origins, strict=True)
        return list_identity([None if item is None else identity(item, origin) for item, origin in pairs])


def _is_list(value: Value) -> bool:
    return value.type.startswith("LIST[")


def _collects(step: Step, port: str) -> bool:
    declared = step.spec.input(port)
    return declared is not None and declared.list


def _takes_gaps(node: RunningNode, port: str) -> bool:
    declared = node.step.spec.input(port)
    return port in node.step.mapped or (declared is not None and declared.partial)
