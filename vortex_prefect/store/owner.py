"""Who has the writer's lock, as others may read it, and how somebody waits to have it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from vortex_prefect.core.ids import now_ms


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, from its taking of the lock until it has lost it.

    Whoever can read the store can read this; `key` is a secret for all others.
    """

    #: Of this ownership: a process that loses the lock is another owner when it has it again.
    id: str = field(default_factory=lambda: uuid4().hex)
    pid: int = field(default_factory=os.getpid)
    host: str = field(default_factory=socket.gethostname)
    since_ms: int = field(default_factory=now_ms)
    #: Where its bridge is reached by other bridges; null for a process that has none.
    url: str | None = None
    #: What other bridges show so that it believes what they say of their clients.
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    #: Whether its bridge may be reached from other machines, and so asks everybody who he is.
    exposed: bool = False

    def to_text(self) -> str:
        """JSON, in ASCII."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Owner | None:
        """Null for what is none: it is being written at this moment, or a later release wrote it."""
        try:
            given: Any = json.loads(text)
            found = cls(**given)
        except (ValueError, TypeError):
            return None
        return found if all(isinstance(part, str) for part in (found.id, found.host, found.key)) else None


class Waiting:
    """How somebody waits for the writer's lock, in a thread of the store's.

    Args:
        seen: called in that thread with who has the lock, as often as that is looked at; null where nobody says so.
    """

    def __init__(self, seen: Callable[[Owner | None], None]) -> None:
        self._seen = seen
        self._given_up = threading.Event()

    def see(self, owner: Owner | None) -> None:
        """He has it."""
        self._seen(owner)

    def give_up(self) -> None:
        """Wait no longer; from any thread."""
        self._given_up.set()

    def pause(self, seconds: float) -> bool:
        """Wait so long; false once it is given up."""
        return not self._given_up.wait(seconds)
