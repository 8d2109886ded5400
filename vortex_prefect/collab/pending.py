"""What waits in a room for its next commit: edits, answers, people, and changes of the graph.

Who edited the document is known of what changed since it was last looked at: each time another person edits, what was
edited until then is noted as the last one's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from vortex_prefect.collab.changes import Author, Unsettled
from vortex_prefect.collab.commit import Commit, Edit
from vortex_prefect.collab.roles import Later, Member, Timer
from vortex_prefect.core.contracts import GraphRecord
from vortex_prefect.graph.model import Graph

#: How long moves may wait for more of them.
SETTLE_S = 0.5
#: Edits that may wait for a commit before those who make them have to.
_MOST_WAITING = 1_000


class Pending:
    """Gathered by a room, and taken by its commits.

    Attributes:
        wake: set when there is something to do.
        space: set while more edits may come.
        unsettled: changes of the graph that are in no event yet.
    """

    def __init__(self, now: Callable[[], Graph], stored: Callable[[], Graph], later: Later) -> None:
        """`now` gives the graph that the document says, `stored` the one from which its changes start."""
        self.unsettled = Unsettled(stored)
        self.wake = asyncio.Event()
        self.space = asyncio.Event()
        self.space.set()
        self._now = now
        self._later = later
        self._author: Author = {}
        #: Something was edited since the graph was last looked at.
        self._touched = False
        self._edits: list[Edit] = []
        #: What those who asked lack: their last question is the one that counts.
        self._replies: dict[Member, tuple[bytes, ...]] = {}
        self._waiting: list[asyncio.Future[GraphRecord]] = []
        self._asked: Any = None
        self._due = False
        self._timers: list[Timer] = []

    def __bool__(self) -> bool:
        """Whether anything that was edited is in no commit yet."""
        return bool(self._edits or self.unsettled or self._waiting)

    @property
    def answers(self) -> bool:
        """Whether somebody waits to be told what he lacks."""
        return bool(self._replies)

    @property
    def has_work(self) -> bool:
        """Whether there is something to commit now."""
        return bool(self._edits or self._replies or self._waiting or (self._due and self.unsettled))

    # What is edited

    def add(self, updates: Sequence[bytes], author: Author, member: Member | None) -> None:
        """Somebody has edited the document; `member` need not be told."""
        self._edits += (Edit(update, author, member) for update in updates)
        if updates:
            self._touched = True
            self.wake.set()
        if len(self._edits) >= _MOST_WAITING:
            self.space.clear()

    def drop_edits(self) -> None:
        """Nothing of what was edited since the last commit is to be stored."""
        self._edits.clear()

    def change_author(self, author: Author) -> None:
        """Somebody edits: what was edited until now was edited by the last one."""
        if author is not self._author and author != self._author:
            self.look()
            self._author = author

    def touch(self) -> None:
        """The document was changed by what is stored already, or is read in another way."""
        self._touched = True

    def look(self) -> None:
        """Note what the graph has become by the last author's edits."""
        if self._touched:
            self.unsettled.note(self._now(), self._author)
            self._touched = False

    def settle_soon(self) -> None:
        """Changes of the graph are for the next commit, even if they are moves alone."""
        if self.unsettled:
            self._due = True
            self.wake.set()

    # Who waits

    def reply(self, member: Member, messages: tuple[bytes, ...]) -> None:
        """Tell a member what he lacks, once what waits now is committed."""
        self._replies[member] = messages
        self.wake.set()

    def ask(self, asked: Any) -> None:
        """For `Ledger.tell`, with the changes that wait."""
        if asked is not None and self.unsettled:
            self._asked = asked

    async def written(self) -> GraphRecord:
        """The record, once it holds everything that waits now.

        Raises:
            VortexError: what `give_up` was told.
        """
        waiting: asyncio.Future[GraphRecord] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self.wake.set()
        return await waiting

    # Commits

    def take(self, record: GraphRecord, number: int) -> Commit:
        """Everything that waits for a commit, behind edit `number`; `record` is the graph's last one."""
        edits, self._edits = self._edits, []
        self.space.set()
        replies, self._replies = self._replies, {}
        waiting, self._waiting = self._waiting, []
        asked, self._asked = self._asked, None
        settles = bool(self.unsettled) and (self._due or bool(waiting) or not self.unsettled.moves_only)
        changes = self.unsettled.take() if settles else ()
        if settles:
            self._due = False
            self._cancel_timers()
        elif self.unsettled:
            self._await_more_moves()
        graph = self._now() if settles else None
        return Commit(record, edits, number, graph, changes, replies, waiting, asked)

    def give_up(self, fault: Exception, more: Sequence[asyncio.Future[GraphRecord]] = ()) -> None:
        """Nothing is committed any more: whoever waits is told so, and those of a commit that failed."""
        self.wake.set()
        self.space.set()
        for waiting in (*self._waiting, *more):
            if not waiting.done():
                waiting.set_exception(fault)
        self._waiting.clear()
        self._cancel_timers()

    def _await_more_moves(self) -> None:
        if self._timers:
            return

        def settle() -> None:
            self._timers.clear()
            self._due = True
            self.wake.set()

        self._timers.append(self._later(SETTLE_S, settle))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
