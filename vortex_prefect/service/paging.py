"""Pages of lists that are ordered by time: where one ended, the next begins."""

from __future__ import annotations

from dataclasses import dataclass

from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.ids import is_id


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last item of a page. Its id tells apart what happened within one millisecond."""

    ms: int
    id: str

    def __str__(self) -> str:
        return f"{self.ms}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str` wrote; RQ-001 if it is none."""
        ms, _, last = text.partition(".")
        if not (ms.isascii() and ms.isdecimal() and len(ms) <= 15 and is_id(last)):
            raise RequestError("RQ-001", "before is the `next` of a page")
        return cls(int(ms), last)
