"""The query parameters of lists, and the `next` of their answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from vortex_prefect.service.paging import Cursor

PageSize = Annotated[int, Query(ge=1, le=1000)]
#: Sequence number of the event log.
After = Annotated[int, Query(ge=0)]
Before = Annotated[str | None, Query(description="`next` of the page before")]


def cursor(before: str | None) -> Cursor | None:
    """Where the page begins; null for the first one, RQ-001 if the text is no cursor."""
    return None if before is None else Cursor.parse(before)


def text_of(following: Cursor | None) -> str | None:
    """The `next` of an answer."""
    return None if following is None else str(following)
