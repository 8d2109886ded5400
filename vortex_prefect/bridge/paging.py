"""The query parameters of lists, and how their answers name the page that follows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request

from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.service.paging import Cursor

PageSize = Annotated[int, Query(ge=1, le=1000, description="The most entries of one page")]
#: Sequence number of the event log; the store holds 63 bits.
After = Annotated[int, Query(ge=0, lt=1 << 63, description="Sequence number of the last event that is known")]
Before = Annotated[str | None, Query(description="`next` of the page before")]


def cursor(before: str | None) -> Cursor | None:
    """Where the page begins; null for the first one, RQ-001 if the text is no cursor."""
    return None if before is None else Cursor.parse(before)


def page(request: Request, body: dict[str, Any], parameter: str, following: object = None) -> JsonAnswer:
    """A page of a list, with `next`, and a link to the page that follows (RFC 8288) if there is one.

    Args:
        parameter: name of the query parameter that takes `next`.
        following: where the next page begins; null on the last one.
    """
    if following is None:
        return JsonAnswer({**body, "next": None})
    value = following if isinstance(following, int) else str(following)
    url = request.url.include_query_params(**{parameter: value})
    return JsonAnswer({**body, "next": value}, headers={"Link": f'<{url.path}?{url.query}>; rel="next"'})
