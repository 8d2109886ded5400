"""A WebSocket over all its connections, without I/O: where it goes on, what was answered, when to try again."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from vortex_prefect.client.bridge.attempts import Patience, retry_after_s
from vortex_prefect.client.bridge.exchange import Answer
from vortex_prefect.client.bridge.messages import Gap, GraphSync, Message, Refused, message_of
from vortex_prefect.client.bridge.refusals import code_of, error_of, refusal, silent
from vortex_prefect.client.bridge.requests import json_bytes
from vortex_prefect.client.bridge.site import Site
from vortex_prefect.core.errors import CODES, RequestError, SystemFault, VortexError
from vortex_prefect.core.ids import new_id

_POLICY = 1008
#: 4000 and an HTTP status; these two go by.
_APPLICATION, _PASSING = 4000, (4429, 4503)


class Course:
    """What a stream of one graph knows.

    Messages to one client alone repeat the last number. Those that tell how things stand, all of one number, are
    only known to be complete when a greater number comes: before that, a connection that is lost starts anew.

    Attributes:
        inbox: messages that nobody has taken yet.
        gaps: how often messages may have been lost.
    """

    def __init__(
        self,
        site: Site,
        graph_id: str,
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.inbox: deque[Message] = deque()
        self.gaps = 0
        self._site = site
        self._graph_id = graph_id
        self._patience = patience
        self._clock = clock
        self._dice = dice
        self._after: int | None = None
        self._telling: int | None = None
        self._connections = 0
        self._fresh = True
        self._refusal: VortexError | None = None
        self._answers: dict[str, GraphSync | VortexError | None] = {}
        self._attempt = 0
        self._lost_at = clock()

    def address(self) -> str:
        """Where to connect now."""
        return self._site.socket_url(graph_id=self._graph_id, after=self._after)

    def opened(self) -> None:
        """A connection stands."""
        self._connections += 1
        self._fresh, self._telling, self._refusal = True, None, None

    def take(self, text: str | bytes) -> None:
        """A message came.

        Raises:
            SystemFault: SY-007, it is none.
        """
        message = message_of(text)
        if isinstance(message, Refused):
            self._take_refusal(message)
            return
        self._attempt = 0
        if self._fresh:
            self._fresh = False
            if isinstance(message, GraphSync):
                self._begin(message)
        if self._telling is None or message.seq > self._telling:
            self._after, self._telling = message.seq, None
        request_id = (message.model_extra or {}).get("request_id")
        if isinstance(message, GraphSync) and request_id in self._answers:
            self._answers[request_id] = message
        self.inbox.append(message)

    def lost(self, error: Exception) -> float:
        """The connection is lost, or was not made: seconds after which to make the next one.

        Raises:
            VortexError: there is no point in another, or patience is at its end (SY-004).
        """
        wanted_s = self._verdict(error)
        now = self._clock()
        if self._attempt == 0:
            self._lost_at = now
        self._attempt += 1
        delay = self._patience.delay(self._attempt, now - self._lost_at, wanted_s, self._dice)
        for request_id, answer in self._answers.items():
            if answer is None:
                self._answers[request_id] = SystemFault(
                    "SY-004",
                    "the connection was lost before the change was answered",
                    "It may have been made: compare with the graph that comes next.",
                )
        if delay is None:
            raise silent(self._site.url, str(error) or type(error).__name__) from error
        return delay

    def update(self, mutations: Sequence[Mapping[str, Any]], base_version: int | None) -> tuple[str, str]:
        """The text of a change, and the name under which its answer will be found."""
        request_id = new_id()
        version = {} if base_version is None else {"base_version": base_version}
        payload = {"mutations": list(mutations), **version, "request_id": request_id}
        text = json_bytes({"type": "graph.update", "payload": payload}).decode()
        self._answers[request_id] = None
        return request_id, text

    def answer(self, request_id: str) -> GraphSync | None:
        """What a change gave; null while it is not answered. Raises its refusal."""
        found = self._answers[request_id]
        if isinstance(found, VortexError):
            raise found
        return found

    def forget(self, request_id: str) -> None:
        """Nobody waits for that answer any more."""
        self._answers.pop(request_id, None)

    def _begin(self, message: GraphSync) -> None:
        if self._connections > 1:
            self.gaps += 1
            self.inbox.append(Gap(type="gap", seq=message.seq, ts_ms=message.ts_ms))
        self._after, self._telling = None, message.seq

    def _take_refusal(self, message: Refused) -> None:
        try:
            error = error_of(message.error)
        except (KeyError, TypeError):
            error = SystemFault("SY-007", f"the bridge sent an error that is none: {message.error}")
        named = (message.model_extra or {}).get("request_id")
        # One that was not even read has no name: it is the oldest that waits, since they are read in order.
        waiting = [name for name, answer in self._answers.items() if answer is None]
        if named in waiting or (named is None and waiting):
            self._answers[named or waiting[0]] = error
        else:
            self._refusal = error
            self.inbox.append(message)

    def _verdict(self, error: Exception) -> float:
        """Seconds that the server asks for; raises where it wants no more of this client."""
        if isinstance(error, InvalidStatus):
            headers = {name.lower(): text for name, text in error.response.headers.raw_items()}
            answer = Answer(error.response.status_code, headers, bytes(error.response.body or b""))
            if answer.status != 429 and answer.status < 500:
                raise refusal(answer) from error
            return retry_after_s(answer)
        if isinstance(error, ConnectionClosed) and error.rcvd is not None:
            self._check_close(error.rcvd.code, error.rcvd.reason)
        elif isinstance(error, InvalidHandshake):
            raise SystemFault(
                "SY-007", f"no WebSocket is at {self._site.url}: {error}", "Check the address."
            ) from error
        return 0.0

    def _check_close(self, code: int, reason: str) -> None:
        named = reason[:6] if reason[:6] in CODES else None
        if code == _POLICY:
            raise RequestError(named or "RQ-008", reason or "the bridge wants no more of this client")
        if _APPLICATION <= code < _APPLICATION + 600 and code not in _PASSING:
            raise self._refusal or error_of(
                {"code": named or code_of(code - _APPLICATION), "message": reason or f"closed with {code}"}
            )
