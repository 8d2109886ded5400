"""What running nodes show: the newest picture of each, in memory only."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from vortex_prefect.core.reports import PreviewReport

#: Pictures that are held, and their bytes: whoever looks at more nodes than these looks at none of them.
_MOST, _MOST_BYTES = 256, 8 << 20
#: A browser that was told of a picture may ask for it a little after the end.
_AFTER_THE_END_S = 30.0


class Previews:
    """The pictures of all executions; those that were shown the longest ago give way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[tuple[str, str], PreviewReport] = OrderedDict()
        self._bytes = 0
        #: When an execution that has ended is forgotten; the first to go comes first.
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def put(self, report: PreviewReport) -> None:
        """Hold a picture in place of the one that the node showed before."""
        self._forget_ended()
        # It may have been begun again under its old id.
        self._until.pop(report.execution_id, None)
        self.drop(report.execution_id, report.node_id)
        self._held[report.execution_id, report.node_id] = report
        self._bytes += len(report.jpeg)
        while len(self._held) > _MOST or self._bytes > _MOST_BYTES:
            self.drop(*next(iter(self._held)))

    def get(self, execution_id: str, node_id: str) -> PreviewReport | None:
        """What a node showed last, or null."""
        self._forget_ended()
        return self._held.get((execution_id, node_id))

    def of(self, execution_id: str) -> list[PreviewReport]:
        """What the nodes of an execution showed last."""
        self._forget_ended()
        return [report for report in self._held.values() if report.execution_id == execution_id]

    def drop(self, execution_id: str, node_id: str) -> None:
        """Forget a node's picture: there is a better one."""
        if (report := self._held.pop((execution_id, node_id), None)) is not None:
            self._bytes -= len(report.jpeg)

    def end(self, execution_id: str) -> None:
        """Forget an execution's pictures in a while."""
        self._forget_ended()
        if any(held == execution_id for held, _ in self._held):
            self._until[execution_id] = self._clock() + _AFTER_THE_END_S

    def _forget_ended(self) -> None:
        now = self._clock()
        while self._until and next(iter(self._until.values())) <= now:
            ended, _ = self._until.popitem(last=False)
            for key in [key for key in self._held if key[0] == ended]:
                self.drop(*key)
