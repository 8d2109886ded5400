"""How calls are put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vortex_prefect.client.bridge.answers import Event, EventPage, Page, Resource
from vortex_prefect.client.bridge.exchange import Answer, Call, Request, Route
from vortex_prefect.client.bridge.refusals import model_of
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.ids import new_id

R = TypeVar("R", bound=Resource)
P = TypeVar("P", bound=Page)
T = TypeVar("T")

_JSON = {"Content-Type": "application/json"}


def get(route: Route, model: type[R], query: Mapping[str, Any] | None = None, **fields: str) -> Call[R]:
    """Read a resource."""
    return of_model(model, Request(route, route.path(**fields), query_of(query or {}), repeatable=True))


def post(
    route: Route,
    model: type[R],
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    repeatable: bool = False,
    **fields: str,
) -> Call[R]:
    """Have something done that answers a resource; of other methods than POST too."""
    content = None if body is None else json_bytes(body)
    sent = {**(headers or {}), **({} if content is None else _JSON)}
    return of_model(model, Request(route, route.path(**fields), (), sent, content, repeatable=repeatable))


def of_model(model: type[R], request: Request) -> Call[R]:
    """The call whose answer is a model."""
    return Call(request, lambda answer: model_of(model, answer), model)


def nothing(_: Answer) -> None:
    """Read an answer that says nothing."""


def json_bytes(body: Any) -> bytes:
    """The JSON text of a body.

    Raises:
        RequestError: RQ-001, it holds what JSON cannot say (NaN, a set, a loop).
    """
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise RequestError("RQ-001", f"this is no JSON: {error}") from error


def query_of(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Query parameters of those that are not null; a list gives one for each of its items."""
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            pairs += [(name, str(item)) for item in value]
        elif value is not None:
            pairs.append((name, str(value)))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list that comes in pages, each fetched when it is needed.

    Attributes:
        page: the call for the page that begins at a cursor; null for the first one.
        items: what a page holds.
    """

    page: Callable[[Any], Call[Any]]
    items: Callable[[Any], tuple[T, ...]]

    def following(self, page: Page, cursor: Any) -> Any:
        """The next page's cursor, null after the last.

        Raises:
            RequestError: RQ-001, the server goes in circles.
        """
        if page.next is not None and page.next == cursor:
            raise RequestError("RQ-001", f"the page {cursor!r} names itself as the next one")
        return page.next


def once(route: Route, model: type[R], body: Any, key: str | None, **fields: str) -> Call[R]:
    """A call that may be repeated, since it carries a key."""
    return post(route, model, body, headers={"Idempotency-Key": key or new_id()}, repeatable=True, **fields)


def if_match(version: int | None) -> dict[str, str]:
    """Headers of a change to one version only; none where any will do."""
    return {} if version is None else {"If-Match": f'"{version}"'}


def events(route: Route, first: int, limit: int, **fields: str) -> Listing[Event]:
    """An event log from after a sequence number."""

    def page(after: int | None) -> Call[EventPage]:
        return get(route, EventPage, {"after": first if after is None else after, "limit": limit}, **fields)

    return Listing(page, lambda found: found.events)
