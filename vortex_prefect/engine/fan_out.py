"""A step that maps over lists: it runs once an item, some items at once, and an item that fails stops no other."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vortex_prefect.core.errors import GraphError, VortexError
from vortex_prefect.core.job import JobOutcome, Value, list_of
from vortex_prefect.core.reports import NodeState
from vortex_prefect.engine.attempts import Attempts
from vortex_prefect.engine.late_keys import KeyMaker, identity
from vortex_prefect.engine.work import Result, Work
from vortex_prefect.graph.plan import Step

#: Errors of items that a node's report carries.
_ERRORS_TOLD = 100
_TELL_INTERVAL_S = 0.1
#: Keys that are made, and looked up, before other tasks of the event loop get their turn.
_CHUNK = 1000

ItemValues = tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class MappedInput:
    """One list that a step maps over."""

    #: The output that gives it, for a person.
    source: str
    items: ItemValues
    #: What stands for each item in a content key where it is no plain value.
    origins: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """An item changed its state."""

    item: int
    state: NodeState
    attempt: int = 1
    worker_id: str | None = None
    why: str | None = None
    error: VortexError | None = None


class FanOut:
    """One mapped step while it runs.

    Args:
        mapped: port → the list whose items go there one by one.
        broadcast: port → the values that every item receives.
        keys: makes the items' content keys.
        files: contents of files that parameters name: their paths → what stands for each, or null.
        on_item: told of every item that began, failed or ended.
        on_progress: told at most ten times a second how far all are, and how many items have ended how.
    """

    def __init__(
        self,
        step: Step,
        mapped: Mapping[str, MappedInput],
        broadcast: Mapping[str, tuple[Value, ...]],
        attempts: Attempts,
        keys: KeyMaker,
        *,
        reuse: bool,
        files: Mapping[str, str | None],
        on_item: Callable[[ItemEvent], None],
        on_progress: Callable[[float, dict[str, int]], None],
    ) -> None:
        self._step = step
        self._mapped = mapped
        self._broadcast = broadcast
        self._attempts = attempts
        self._keys = keys
        self._reuse = reuse
        self._files = files
        self._on_item = on_item
        self._on_progress = on_progress
        self._total = _length(step, mapped)
        self._ended: Counter[NodeState] = Counter()
        self._errors: list[dict[str, Any]] = []
        self._first: tuple[int, VortexError] | None = None
        self._outputs: dict[str, list[Value | None]] = {port.name: [None] * self._total for port in step.spec.outputs}
        self._told_at = 0.0
        #: Item that runs → how far it is.
        self._running: dict[int, float] = {}
        #: Content key of each item.
        self.item_keys: list[str | None] = []

    async def run(self, parallel: int) -> Result:
        """Run all items, at most `parallel` at once; lists of what they gave, with gaps where they failed."""
        self._on_progress(0.0, self._counts())
        todo = await self._not_cached()
        places = iter(todo)
        pulling = [asyncio.create_task(self._pull(places)) for _ in range(min(parallel, len(todo)))]
        try:
            await asyncio.gather(*pulling)
        finally:
            for task in pulling:
                task.cancel()
        return self._result()

    # -- what need not run -----------------------------------------------------------------

    async def _not_cached(self) -> list[int]:
        """The items that have to run, in their order; the others are settled."""
        todo: list[int] = []
        for start in range(0, self._total, _CHUNK):
            chunk = range(start, min(start + _CHUNK, self._total))
            keys = [self._key(item) for item in chunk]
            self.item_keys += keys
            wanted = [key for key in keys if key is not None]
            known = await self._attempts.fetch(wanted) if self._reuse and wanted else {}
            for item, key in zip(chunk, keys, strict=True):
                if (gap := self._gap(item)) is not None:
                    why = f"item {item} of its input from {gap} failed"
                    self._end(item, Result(NodeState.SKIPPED, why=why))
                elif key is not None and key in known:
                    self._end(item, Result(NodeState.CACHED, known[key], why="in the cache"))
                else:
                    todo.append(item)
            await asyncio.sleep(0)
        return todo

    def _key(self, item: int) -> str | None:
        inputs: dict[str, str | None] = {}
        files: dict[str, str | None] = {}
        for port, given in self._mapped.items():
            value = given.items[item]
            if value is None:
                return None
            inputs[port] = identity(value, given.origins[item])
            if port in self._step.spec.files:
                files[port] = self._files.get(str(value.data))
        return self._keys.key(inputs, files)

    def _gap(self, item: int) -> str | None:
        return next((given.source for given in self._mapped.values() if given.items[item] is None), None)

    # -- what runs -------------------------------------------------------------------------

    async def _pull(self, items: Iterator[int]) -> None:
        for item in items:
            if self._attempts.cancelled:
                return
            inputs = dict(self._broadcast)
            for port, given in self._mapped.items():
                if (value := given.items[item]) is not None:
                    inputs[port] = (value,)
            work = Work(self._step, inputs, self.item_keys[item], item)
            self._end(item, await self._attempts.run(work, _Teller(item, self._on_item, self._go_on)))

    def _end(self, item: int, result: Result) -> None:
        self._ended[result.state] += 1
        self._running.pop(item, None)
        if result.outputs is not None:
            for port, values in self._outputs.items():
                values[item] = result.outputs.get(port)
        if result.state is NodeState.FAILED and result.error is not None:
            self._first = self._first or (item, result.error)
            if len(self._errors) < _ERRORS_TOLD:
                self._errors.append({"item": item, "error": result.error.to_dict()})
        self._on_item(ItemEvent(item, result.state, result.attempt, result.worker_id, result.why, result.error))
        self._tell()

    def _go_on(self, item: int, progress: float) -> None:
        self._running[item] = progress
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_INTERVAL_S:
            self._told_at = now
            self._on_progress((self._ended.total() + sum(self._running.values())) / self._total, self._counts())

    # -- the end ---------------------------------------------------------------------------

    def _result(self) -> Result:
        outputs = {port.name: list_of(port.type, self._outputs[port.name]) for port in self._step.spec.outputs}
        result = Result(self._state(), outputs, items=self._counts(), item_errors=tuple(self._errors))
        if result.state is NodeState.CANCELLED:
            return replace(result, outputs=None, why="the execution was cancelled")
        if result.state is NodeState.CACHED:
            return replace(result, why="all its items are in the cache")
        if result.state is NodeState.FAILED and self._first is not None:
            item, error = self._first
            message = f"{self._ended[NodeState.FAILED]} of {self._total} items failed; item {item}: {error.message}"
            summary = VortexError.from_dict({**error.to_dict(), "message": message})
            return replace(result, error=summary)
        return result

    def _state(self) -> NodeState:
        if self._attempts.cancelled:
            return NodeState.CANCELLED
        if self._ended[NodeState.FAILED]:
            return NodeState.FAILED
        for state in (NodeState.CACHED, NodeState.SKIPPED):
            if self._total and self._ended[state] == self._total:
                return state
        return NodeState.COMPLETED

    def _counts(self) -> dict[str, int]:
        told = (NodeState.COMPLETED, NodeState.CACHED, NodeState.FAILED, NodeState.SKIPPED)
        return {"total": self._total, **{state.value: self._ended[state] for state in told}}


@dataclass(frozen=True, slots=True)
class _Teller:
    """Passes on what is worth a record of an item; its progress is a part of its node's."""

    item: int
    on_item: Callable[[ItemEvent], None]
    on_progress: Callable[[int, float], None]

    def __call__(
        self, state: NodeState, attempt: int, *, outcome: JobOutcome | None = None, progress: float = 0.0
    ) -> None:
        if progress > 0.0:
            self.on_progress(self.item, progress)
        else:
            worker_id = outcome.worker_id if outcome else None
            self.on_item(ItemEvent(self.item, state, attempt, worker_id, error=outcome.error if outcome else None))


def _length(step: Step, mapped: Mapping[str, MappedInput]) -> int:
    """How many items there are.

    Raises:
        GraphError: VE-006, two lists are not of the same length.
    """
    for (port, one), (other_port, other) in itertools.pairwise(mapped.items()):
        if len(one.items) != len(other.items):
            message = (
                f"{step.node_id} takes items of two lists at once, but they differ in length: "
                f"{port} from {one.source} has {len(one.items)}, {other_port} from {other.source} {len(other.items)}"
            )
            hint = "Give both lists as many items, or one of them as a whole."
            raise GraphError("VE-006", message, hint, node_id=step.node_id)
    return len(next(iter(mapped.values())).items)
