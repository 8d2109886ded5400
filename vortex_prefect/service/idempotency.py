"""Requests that may be repeated: the first one's effect and the key that names it go into the store as one.

What a request makes begins with an event, whose id is derived from who asked,
for what, and with which key. The log holds each id once, so it needs no table
of keys, and what it says of the first request outlives a restart.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import derived_id
from vortex_prefect.service.actor import Actor


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is carried out once, however often it comes."""

    #: Of the event that it begins with.
    event_id: str
    #: `digest` of what it asks for.
    digest: str

    @classmethod
    def of(cls, actor: Actor, use_case: str, key: str, content: Any) -> Once:
        """The request of this actor that has the key; `content` is JSON, everything that it asks for."""
        return cls(derived_id("idempotency", actor.user, use_case, key), digest(content))

    def earlier(self, uow: UnitOfWork) -> Event | None:
        """The event with which it was carried out, or null.

        Raises:
            RequestError: RQ-007, the key was sent with other content.
        """
        event = uow.event(self.event_id)
        if event is not None:
            refuse_other_content(event.metadata.get("request"), self.digest)
        return event


def digest(content: Any) -> str:
    """SHA-256 of JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def refuse_other_content(first: str | None, now: str) -> None:
    """RQ-007 where the digests of two requests with one key differ; a null is of a release that noted none."""
    if first not in (None, now):
        hint = "Send the request as it was first, or with another key."
        raise RequestError("RQ-007", "the idempotency key was used for another request", hint)


def scoped(key: str, actor: Actor) -> str:
    """The key as the store knows it: no user meets the keys of another."""
    return key if actor.user == "local" else f"{actor.user}\x1f{key}"
