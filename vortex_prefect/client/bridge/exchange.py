"""Requests, answers and pauses as values: what the client does, without doing it.

An operation of the bridge is a `Call`, or a generator that yields calls and
pauses and is sent what they gave. `attempts` turns both into a generator of
single requests; `transport` has the two loops that carry those out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from vortex_prefect.core.errors import RequestError

if TYPE_CHECKING:
    from vortex_prefect.client.bridge.transfer import Sink, Upload

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with `{fields}`, as the bridge's OpenAPI document has them."""

    method: str
    template: str

    def path(self, **fields: str) -> str:
        """The path with its fields filled in.

        Raises:
            RequestError: RQ-002, a field is empty or a dot segment, under which nothing can be.
        """
        for name, text in fields.items():
            if text in ("", ".", ".."):
                raise RequestError("RQ-002", f"{name} is {text!r}, which names nothing")
        return self.template.format(**{name: quote(text, safe="") for name, text in fields.items()})


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        repeatable: doing it twice does no more than doing it once.
        remembered: its answer is kept with its ETag, and asked for again only if it has changed.
        unbounded: its answer may be large; only the gaps between its parts are timed, not the whole.
        sink: takes the body of an answer that is no refusal.
    """

    route: Route
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Upload | None = None
    sink: Sink | None = None
    repeatable: bool = False
    remembered: bool = False
    unbounded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how its answer is read; `model` is the type of the JSON object that it carries, if it does."""

    request: Request
    read: Callable[[Answer], T]
    model: type | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is to be done for so long."""

    seconds: float


class Unreached(Exception):
    """There is no answer. `sent`: the request may have been carried out all the same."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


#: Steps towards a T that ask for whole calls.
Steps = Generator[Call[Any] | Pause, Any, T]
#: Steps towards a T that ask for single requests.
Exchanges = Generator[Request | Pause, Any, T]


def ask(call: Call[T]) -> Steps[T]:
    """One call as a step of others: `found = yield from ask(call)`."""
    answer: T = yield call
    return answer
