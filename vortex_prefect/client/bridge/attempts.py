"""Tries of one call: which failures are worth another, and when.

Times and dice come from outside, so that a test needs neither.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeVar

from vortex_prefect.client.bridge.exchange import Answer, Call, Exchanges, Pause, Request, Steps, Unreached
from vortex_prefect.client.bridge.memory import Memory
from vortex_prefect.client.bridge.refusals import refusal, silent
from vortex_prefect.core.errors import VortexError

T = TypeVar("T")

_BUSY, _UNAVAILABLE, _UNCHANGED = 429, 503, 304


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried again: at first after `first_s`, then ever later, but for no longer than `total_s`."""

    total_s: float = 10.0
    first_s: float = 0.1
    longest_s: float = 5.0

    def delay(self, attempt: int, spent_s: float, wanted_s: float, dice: Callable[[], float]) -> float | None:
        """Seconds until the next try; null if there is to be none.

        Args:
            attempt: how many tries there were, from 1.
            spent_s: seconds since the first one.
            wanted_s: what the server asked for.
            dice: a number from 0 to 1, so that clients that failed together do not come again together.
        """
        backoff = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        delay = max(wanted_s, backoff * (0.5 + dice() / 2))
        return delay if spent_s + delay <= self.total_s else None


@dataclass(frozen=True, slots=True)
class Attempts:
    """Turns calls into requests, each as often as patience allows."""

    url: str
    patience: Patience
    memory: Memory
    clock: Callable[[], float] = time.monotonic
    dice: Callable[[], float] = field(default=random.random)

    def run(self, operation: Call[T] | Steps[T]) -> Exchanges[T]:
        """The requests and pauses of an operation.

        Raises:
            VortexError: what the bridge refuses; SY-004 if it does not answer.
        """
        if isinstance(operation, Call):
            return (yield from self.perform(operation))
        resume: Callable[[], Call[object] | Pause] = partial(next, operation)
        while True:
            try:
                effect = resume()
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                reply = (yield effect) if isinstance(effect, Pause) else (yield from self.perform(effect))
            except VortexError as error:
                resume = partial(operation.throw, error)
            else:
                resume = partial(operation.send, reply)

    def perform(self, call: Call[T]) -> Exchanges[T]:
        """The requests and pauses of one call; errors as `run`."""
        started, attempt = self.clock(), 0
        held = self.memory.find(call.request)
        request = call.request if held is None else _unless(call.request, held)
        while True:
            attempt += 1
            wanted_s = 0.0
            try:
                answer: Answer = yield request
            except Unreached as error:
                failure: VortexError = silent(self.url, error.reason)
                again = request.repeatable or not error.sent
            else:
                if held is not None and answer.status == _UNCHANGED:
                    return call.read(held)
                if 200 <= answer.status < 300:
                    self.memory.keep(request, answer)
                    return call.read(answer)
                failure = refusal(answer)
                # Who is told to come later was not served; who meets a server that fails may have been.
                again = answer.status == _BUSY or (answer.status == _UNAVAILABLE and request.repeatable)
                wanted_s = retry_after_s(answer)
            delay = self.patience.delay(attempt, self.clock() - started, wanted_s, self.dice) if again else None
            if delay is None:
                raise failure
            yield Pause(delay)


def _unless(request: Request, held: Answer) -> Request:
    """The request for an answer only if it is another than the one that is held."""
    return replace(request, headers={**request.headers, "If-None-Match": held.headers["etag"]})


def retry_after_s(answer: Answer) -> float:
    """Seconds that `Retry-After` asks for (RFC 9110 §10.2.3); 0 where it is missing or makes no sense."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
