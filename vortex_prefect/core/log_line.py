"""One line of what a node says while it runs: a log record, a printed line, a note of its progress."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from vortex_prefect.core.ids import now_ms

#: Of one line in UTF-8; what is longer is cut, and says so.
LINE_BYTES = 4096
#: Of one job: in any one second, and in all.
LINES_A_SECOND = 200
LINES_A_JOB = 1000


_CUT = " … (cut)"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line, or a record of several (a traceback, say)."""

    #: As in `logging`: 20 is INFO.
    level: int
    text: str
    #: Unix milliseconds.
    at_ms: int

    @classmethod
    def now(cls, level: int, text: str) -> LogLine:
        """A line that is said at this moment, in a form that every store takes."""
        return cls(level, text, now_ms()).tamed(0)

    def tamed(self, earliest_ms: int) -> LogLine:
        """The same from a peer that is not trusted: of no strange length, level or time, and in characters that travel.

        PostgreSQL stores no NUL, UTF-8 has no lone surrogates, and Prefect's column of levels has 16 bits.
        """
        return replace(
            self,
            level=min(max(self.level, logging.DEBUG), logging.CRITICAL),
            text=_cut(self.text),
            at_ms=min(max(self.at_ms, earliest_ms), now_ms()),
        )


def _cut(text: str) -> str:
    # No character takes less than a byte: the rest of a huge text need not be looked at.
    head = text[: LINE_BYTES + 1].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "backslashreplace")
    if len(head) <= LINE_BYTES:
        return head.decode()
    return head[: LINE_BYTES - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
