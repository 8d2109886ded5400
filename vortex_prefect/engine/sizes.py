"""How many bytes nodes' outputs took, so that a plan's memory can be estimated before it runs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from vortex_prefect.core.job import Value
from vortex_prefect.graph.plan import Plan, Step

#: Content keys whose sizes are remembered.
_KEYS = 20_000


class Sizes:
    """Sizes by content key, and the last one of each node type for what never ran. Use it on one event loop."""

    def __init__(self) -> None:
        self._of_key: OrderedDict[str, int] = OrderedDict()
        self._of_type: dict[str, int] = {}

    def note(self, step: Step, outputs: Mapping[str, Value]) -> None:
        """A step gave these outputs."""
        size = sum(map(_nbytes, outputs.values()))
        self._of_type[step.node_type] = size
        if step.key is not None:
            self._of_key[step.key] = size
            self._of_key.move_to_end(step.key)
            if len(self._of_key) > _KEYS:
                self._of_key.popitem(last=False)

    def of(self, plan: Plan) -> dict[str, int]:
        """Bytes of each step's outputs, as far as they are known."""
        found: dict[str, int] = {}
        for node_id, step in plan.steps.items():
            size = self._of_key.get(step.key) if step.key is not None else None
            if size is None:
                size = self._of_type.get(step.node_type)
            if size is not None:
                found[node_id] = size
        return found


def _nbytes(value: Value) -> int:
    """Bytes in the arena; a JSON value takes none."""
    if value.ref is not None:
        return value.ref.nbytes
    return sum(_nbytes(item) for item in value.items or () if item is not None)
