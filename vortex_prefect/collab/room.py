"""A room: one shared document, who edits it, and how each edit reaches the disk before anybody else sees it.

An edit is applied to the document in memory at once, and told to the others when the transaction that holds it has
committed; edits that arrive meanwhile share the next one. What an edit changes in the graph becomes events, and the
graph's record follows, in that same transaction. Moves alone wait a little, so that a drag is one event and not fifty:
until then the stored edits are ahead of the log, by a number that the document keeps, and whoever opens the document
after a crash derives the rest.

Everything but the commit runs on the event loop and in one piece, so that nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pycrdt import Doc, TransactionEvent, merge_updates

from vortex_prefect.collab import protocol
from vortex_prefect.collab.changes import Author, Unsettled
from vortex_prefect.collab.commit import Commit, Edit
from vortex_prefect.collab.encoding import MOST_NESTED, read_state
from vortex_prefect.collab.gathering import Gathering
from vortex_prefect.collab.known import Known
from vortex_prefect.collab.past import Past
from vortex_prefect.collab.projection import Projector
from vortex_prefect.collab.roles import Later, Ledger, Member, RoomStatistics, Tally, Timer
from vortex_prefect.collab.updates import check_update
from vortex_prefect.core.contracts import DocumentUpdate, GraphRecord, StoredDocument, StorePort, UnitOfWork
from vortex_prefect.core.errors import Problem, RequestError, SystemFault, VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph.model import Graph

_log = logging.getLogger(__name__)

#: How long moves may wait for more of them.
SETTLE_S = 0.5
#: Edits that may wait for a commit before those who make them have to.
_MOST_WAITING = 1_000
#: Yjs' encoding of an update without content.
_NOTHING = b"\x00\x00"
#: Who makes the changes that nobody made.
_SERVER: Author = {"user": "server"}
#: WebSocket close codes: there is no such graph; begin with an empty document; try again later.
_NO_GRAPH, _BEGIN_ANEW, _TRY_LATER = 4404, 4409, 1013


class Room:
    """Opened by `Rooms`; `run` has to run beside it.

    Attributes:
        graph_id: whose document it is.
        members: who is connected.
        record: the graph as it was last stored.
    """

    def __init__(
        self,
        doc: Doc[Any],
        projector: Projector,
        stored: StoredDocument,
        record: GraphRecord,
        store: StorePort,
        ledger: Ledger,
        *,
        read: Callable[[], Graph],
        most_bytes: int,
        later: Later | None = None,
        tally: Tally | None = None,
    ) -> None:
        """`read` gives the graph that `record` holds; what the document says beyond it is settled with an edit.

        `later` is the event loop's `call_later`, unless given.
        """
        self.graph_id = record.id
        self.record = record
        self.members: set[Member] = set()
        self._doc = doc
        self._projector = projector
        self._store = store
        self._ledger = ledger
        self._most_bytes = most_bytes
        self._tally = tally or Tally()
        self._later = later or asyncio.get_running_loop().call_later
        self._gathering = Gathering(self.members, self._later)
        self._number = stored.number
        self._past = Past(doc, stored)
        self._known = Known(read_state(doc.get_state()))
        self._snapshotting: asyncio.Task[None] | None = None
        self._unsettled = Unsettled(read)
        self._author: Author = {}
        #: Something was edited since the graph was last looked at.
        self._touched = False
        self._captured: list[bytes] = []
        self._edits: list[Edit] = []
        #: What those who asked lack: their last question is the one that counts.
        self._replies: dict[Member, tuple[bytes, ...]] = {}
        self._waiting: list[asyncio.Future[GraphRecord]] = []
        self._asked: Any = None
        self._due = False
        #: A commit is under way, and whether it holds changes of the graph.
        self._committing = self._settling = False
        #: Changes by the server that have begun.
        self._editing = 0
        self._timers: list[Timer] = []
        self._wake = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self._fault: VortexError | None = None
        self._closed = False
        self._subscription = doc.observe(self._on_transaction)

    # Members

    def join(self, member: Member) -> None:
        """Let somebody in: he is asked for what he has, and told who is there."""
        self._check_usable()
        self.members.add(member)
        member.send(protocol.asks(self._doc.get_state()))
        self._gathering.show(member)

    def leave(self, member: Member) -> None:
        """Somebody has gone; nobody sees him any more."""
        self.members.discard(member)
        self._gathering.leave(member)

    def receive(self, member: Member, frame: bytes) -> None:
        """Take in a frame of a member.

        Raises:
            RequestError: RQ-001 it is none of the protocol, RQ-005 it or the document would be too large. Nobody
                else notices anything.
        """
        self._check_usable()
        match protocol.parse(frame):
            case protocol.Asks(state):
                self._answer(member, state)
            case protocol.Edits(update, answer):
                self._take(member, update, answer=answer)
            case protocol.Shows(content):
                self._gathering.take(member, content)
            case protocol.AsksWhoIsThere():
                self._gathering.show(member)

    async def space(self) -> None:
        """Wait until the room can take more: the disk may be slower than those who edit."""
        await self._space.wait()

    def show(self, member: Member) -> None:
        """Tell a member who is there."""
        self._gathering.show(member)

    # Use by the server

    def look(self) -> None:
        """Read the document before the first edit has to wait for that."""
        if self._fault is None:
            self._past.horizon()
            _ = self.graph

    @property
    def graph(self) -> Graph:
        """What the document says."""
        return self._projector.graph

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What it says and a graph cannot."""
        return self._projector.problems

    @property
    def idle(self) -> bool:
        """Whether nobody is connected, and everything is stored and settled."""
        return not (self.members or self._editing or self._replies or self._pending)

    @property
    def _pending(self) -> bool:
        """Whether anything that was edited is not in the record yet."""
        return bool(self._edits or self._unsettled or self._waiting or self._committing)

    async def settle(self) -> GraphRecord:
        """The graph's record, once everything that was edited until now is in it.

        Raises:
            SystemFault: SY-006, it could not be stored.
        """
        self._check_usable()
        return await self._written() if self._pending else self.record

    async def edit(
        self, change: Callable[[GraphRecord, Graph], Graph], author: Author, asked: Any = None
    ) -> GraphRecord:
        """Change the document as a member does; gives the record that holds the change.

        Args:
            change: gives the graph as it is to be. Of the record that it is given, the version is higher than
                the stored one where edits are under way that it does not hold yet.
            asked: for `Ledger.tell`.

        Raises:
            SystemFault: SY-006, it could not be stored.
            Exception: what `change` raised; nothing is changed then.
        """
        self._editing += 1
        try:
            await self.settle()
            return await self._edit(change, author, asked)
        finally:
            self._editing -= 1

    async def _edit(self, change: Callable[[GraphRecord, Graph], Graph], author: Author, asked: Any) -> GraphRecord:
        self._check_usable()
        self._look()
        new = change(self._present(), self.graph)
        self._author = author
        self._apply(lambda: self._projector.write(new), author, None)
        self._look()
        if asked is not None and self._unsettled:
            self._asked = asked
        return await self._written()

    def recoerce(self, catalogue: Catalogue) -> None:
        """Read parameters by other node types; what that changes in the graph, nobody edited."""
        self._look()
        self._projector.recoerce(catalogue)
        self._author = _SERVER
        self._touched = True
        self._note(_SERVER)
        if self._unsettled:
            self._due = True
            self._wake.set()

    def statistics(self) -> RoomStatistics:
        """How it stands."""
        return RoomStatistics(
            len(self.members), self._number - self._past.number, self._past.size_bytes, len(self.problems)
        )

    # Life

    async def run(self) -> None:
        """Commit what comes, until cancelled or the store fails."""
        while self._fault is None:
            await self._wake.wait()
            self._wake.clear()
            while self._fault is None and self._has_work():
                await self._commit()

    def apply_stored(self, updates: Sequence[DocumentUpdate], settled: int) -> None:
        """Take in what the store has behind the snapshot; from `settled` on it is in no event yet."""
        known = [update.content for update in updates if update.number <= settled]
        if known:
            self._doc.apply_update(merge_updates(*known))
        for update in updates:
            if update.number > settled:
                self._change_author(update.author)
                self._doc.apply_update(update.content)
                self._touched = True
        self._captured.clear()
        self._number = updates[-1].number if updates else self._number
        self._past.edited([update.content for update in updates])
        self._known = Known(read_state(self._doc.get_state()))
        self._look()
        if self._unsettled:
            self._due = True
            self._wake.set()

    async def snapshot(self) -> None:
        """Store the document as one update, in the place of all its edits."""
        await self.settle()
        if self._snapshotting is not None:
            await asyncio.gather(self._snapshotting, return_exceptions=True)
        if self._number > self._past.number and self._fault is None:
            await self._put_snapshot(self._number)

    def close(self, code: int, reason: str) -> None:
        """Send everybody away, and let go of the document; a commit that somebody waits for does not come any more."""
        self._end(SystemFault("SY-006", f"the room of graph {self.graph_id} is closed", "Try again."), code, reason)

    def end(self, fault: VortexError, code: int = _TRY_LATER) -> None:
        """Take nothing more, and send everybody away: what is on disk is the truth."""
        self._end(fault, code, f"{fault.code} {fault.message}")

    def _end(self, fault: VortexError, code: int, reason: str) -> None:
        self._fault = self._fault or fault
        self._wake.set()
        self._space.set()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(self._fault)
        self._waiting.clear()
        if self._closed:
            return
        self._closed = True
        for member in tuple(self.members):
            member.close(code, reason)
        self.members.clear()
        self._cancel_timers()
        if self._snapshotting is not None:
            self._snapshotting.cancel()
        self._doc.unobserve(self._subscription)
        self._projector.close()

    # Edits

    def _take(self, member: Member, update: bytes, *, answer: bool) -> None:
        if update == _NOTHING:
            return
        if not member.writes:
            # The answer to our question tells of deletions that everybody knows, whether or not there are others.
            if not answer or update[:1] != b"\x00":
                member.send(protocol.denies("you may read this graph, not edit it"))
            return
        if self._past.size_bytes + self._past.behind_bytes + len(update) > self._most_bytes:
            raise RequestError("RQ-005", f"the document would have more than {self._most_bytes} bytes")
        check_update(update)
        self._known.check(update)
        if not self._past.reached_by(update):
            _send_away(member)
            return
        self._change_author(member.author)
        try:
            self._apply(lambda: self._doc.apply_update(update), member.author, member)
        except (ValueError, RuntimeError) as error:
            raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None
        except BaseException as error:
            # The library's panics are no Exceptions, and the document may be anything now; what is stored is not.
            self._edits.clear()
            self.end(SystemFault("SY-007", f"an update broke the document in memory: {type(error).__name__}"))
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return
        if self._projector.deepest > MOST_NESTED:
            # It cannot even be deleted any more without ending the process; nothing of it is stored.
            self._edits.clear()
            self.end(RequestError("RQ-001", f"shared types are nested more than {MOST_NESTED} deep"))

    def _apply(self, change: Callable[[], None], author: Author, member: Member | None) -> None:
        change()
        captured, self._captured = self._captured, []
        for update in captured:
            self._edits.append(Edit(update, author, member))
        if captured:
            for update in captured:
                self._note_known(update)
            self._past.edited(captured)
            self._touched = True
            self._wake.set()
        if len(self._edits) >= _MOST_WAITING:
            self._space.clear()

    def _note_known(self, update: bytes) -> None:
        try:
            self._known.add(self._known.check(update))
        except RequestError:
            # The library has it now, whatever it made of it.
            self._known = Known(read_state(self._doc.get_state()))

    def _on_transaction(self, event: TransactionEvent) -> None:
        if event.update != _NOTHING:
            self._captured.append(event.update)

    def _change_author(self, author: Author) -> None:
        """What was edited until now was edited by the last one."""
        if author is not self._author and author != self._author:
            self._look()
            self._author = author

    def _look(self) -> None:
        if self._touched:
            self._note(self._author)

    def _note(self, author: Author) -> None:
        self._unsettled.note(self._projector.graph, author)
        self._touched = False

    def _present(self) -> GraphRecord:
        ahead = self._settling + bool(self._unsettled)
        if not ahead:
            return self.record
        # Who names the stored version has not seen what waits.
        return GraphRecord(
            self.record.id, self.graph.name, self.record.version + ahead, self.record.document,
            self.record.created_ms, self.record.updated_ms,
        )  # fmt: skip

    # Commits

    async def _written(self) -> GraphRecord:
        waiting: asyncio.Future[GraphRecord] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting

    def _has_work(self) -> bool:
        return bool(self._edits or self._replies or self._waiting or (self._due and self._unsettled))

    async def _commit(self) -> None:
        self._look()
        commit = self._gathered()
        self._number = commit.last
        self._committing, self._settling = True, commit.graph is not None
        try:
            if commit.writes:
                self.record = await self._store.write(lambda uow: commit.write(uow, self._ledger))
        except VortexError as error:
            self._fail(error, commit.waiting)
            return
        except BaseException as error:
            # A defect of ours or a cancellation: whoever waits must not wait for ever.
            self._fail(SystemFault("SY-007", f"the document was not stored: {error!r}"), commit.waiting)
            raise
        finally:
            self._committing = self._settling = False
        self._tally.edits += len(commit.edits)
        commit.tell(self.record, self.members, self._ledger, self.problems)
        self._snapshot_if_due()

    def _gathered(self) -> Commit:
        """Everything that has to wait for the disk."""
        edits, self._edits = self._edits, []
        self._space.set()
        replies, self._replies = self._replies, {}
        waiting, self._waiting = self._waiting, []
        asked, self._asked = self._asked, None
        settles = bool(self._unsettled) and (self._due or bool(waiting) or not self._unsettled.moves_only)
        changes = self._unsettled.take() if settles else ()
        if settles:
            self._due = False
            self._cancel_timers()
        elif self._unsettled:
            self._await_more_moves()
        graph = self.graph if settles else None
        return Commit(self.record, edits, self._number, graph, changes, replies, waiting, asked)

    def _snapshot_if_due(self) -> None:
        if not self._past.due or self._snapshotting is not None or self._fault is not None:
            return
        if self._unsettled:
            # It may hold nothing that is not in the log: who edited it would be forgotten.
            self._due = True
            self._wake.set()
            return
        # Up to what is committed now: when the task begins, the next commit may be under way.
        self._snapshotting = asyncio.create_task(self._put_snapshot(self._number))
        self._snapshotting.add_done_callback(self._snapshot_made)

    def _snapshot_made(self, task: asyncio.Task[None]) -> None:
        self._snapshotting = None
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("no snapshot of graph %s was stored: %s", self.graph_id, error)

    async def _put_snapshot(self, number: int) -> None:
        if self._unsettled or (snapshot := await self._past.snapshot(self.graph_id, number)) is None:
            return
        if self._fault is None:
            await self._store.write(lambda uow: _put(uow, snapshot.stored))
            self._past.stored(snapshot)

    def _await_more_moves(self) -> None:
        if self._timers:
            return

        def settle() -> None:
            self._timers.clear()
            self._due = True
            self._wake.set()

        self._timers.append(self._later(SETTLE_S, settle))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _fail(self, fault: VortexError, waiting: Sequence[asyncio.Future[GraphRecord]]) -> None:
        _log.error("edits of graph %s were not stored: %s", self.graph_id, fault)
        self._waiting += waiting
        self.end(fault, _NO_GRAPH if fault.code == "RQ-002" else _TRY_LATER)

    # Answers

    def _answer(self, member: Member, state: bytes) -> None:
        """What a member lacks; of edits that are not on disk yet it hears only after they are."""
        messages = self._past.missing(state)
        if messages is None:
            _send_away(member)
            return
        self._replies[member] = messages
        self._wake.set()

    def _check_usable(self) -> None:
        if self._fault is not None:
            raise self._fault


def _send_away(member: Member) -> None:
    """What he has or did rests on what is forgotten here: he would lose what others have, and they what he did."""
    member.close(_BEGIN_ANEW, "the document has moved on: open it anew")


def _put(uow: UnitOfWork, document: StoredDocument) -> None:
    # More may have been settled while it was made; and the graph may have been deleted.
    if (stored := uow.document(document.graph_id)) is not None:
        uow.put_document(replace(document, settled=max(document.settled, stored.settled)))
