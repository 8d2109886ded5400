"""Who is in a room, told to all who are in it."""

from __future__ import annotations

from collections.abc import Collection

from vortex_prefect.collab import protocol
from vortex_prefect.collab.presence import Presence
from vortex_prefect.collab.roles import Later, Member

#: What is told at once where there are more than two: cursors move sixty times a second.
_TOGETHER_S = 0.03


class Gathering:
    """The presence of a room's members."""

    def __init__(self, members: Collection[Member], later: Later) -> None:
        self._members = members
        self._later = later
        self._presence = Presence()
        self._untold: set[int] = set()

    def take(self, member: Member, content: bytes) -> None:
        """A member shows something of himself; errors as `Presence.take`."""
        self._tell(self._presence.take(member, content))

    def leave(self, member: Member) -> None:
        """A member has gone."""
        self._tell(self._presence.leave(member))

    def show(self, member: Member) -> None:
        """Tell one member who is there."""
        if (content := self._presence.update(without=member)) is not None:
            member.send(protocol.shows(content), droppable=True)

    def _tell(self, clients: set[int]) -> None:
        if clients and not self._untold:
            self._later(_TOGETHER_S if len(self._members) > 2 else 0, self._flush)
        self._untold |= clients

    def _flush(self) -> None:
        clients, self._untold = self._untold, set()
        for member in self._members:
            content = self._presence.update(clients, without=member)
            if content is not None:
                member.send(protocol.shows(content), droppable=True)
