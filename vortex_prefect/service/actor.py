"""Who acts, and from where: the metadata of every event that a person causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Actor:
    """Given by the border through which a request came in (HTTP, WebSocket, command line)."""

    user: str = "local"
    #: Network address of the client; null for the command line.
    address: str | None = None
    #: What the client calls itself (its user agent).
    client: str | None = None

    def metadata(self, **more: Any) -> dict[str, Any]:
        """The event's `metadata`: the actor and what else belongs there."""
        return {"user": self.user, "address": self.address, "client": self.client, **more}
