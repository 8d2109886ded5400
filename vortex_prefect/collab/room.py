"""A room: one shared document, who edits it, and how each edit is stored before anybody else sees it.

An edit is applied to the document in memory at once, and told to the others when the transaction that holds it has
committed; edits that arrive meanwhile share the next one. What an edit changes in the graph becomes events, and the
graph's record follows, in that same transaction. Those outside of the room hear of it when the disk has it too: a disk
that stops for a moment holds up no hand, and what the power takes in that moment the members' own documents bring back
(ADR 0013). Moves alone wait a little, so that a drag is one event and not fifty: until then the stored edits are ahead
of the log, by a number that the document keeps, and whoever opens the document after a crash derives the rest.

Everything but the commit runs on the event loop and in one piece, so that nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from pycrdt import Doc, merge_updates

from vortex_prefect.collab import protocol
from vortex_prefect.collab.changes import Author
from vortex_prefect.collab.encoding import MOST_NESTED
from vortex_prefect.collab.gathering import Gathering
from vortex_prefect.collab.intake import NOTHING, Intake
from vortex_prefect.collab.outside import Outside
from vortex_prefect.collab.past import Past
from vortex_prefect.collab.pending import Pending
from vortex_prefect.collab.projection import Projector
from vortex_prefect.collab.roles import Later, Ledger, Member, RoomStatistics, Tally
from vortex_prefect.collab.snapshots import Snapshots
from vortex_prefect.core.contracts import DocumentUpdate, GraphRecord, StoredDocument, StorePort
from vortex_prefect.core.errors import Problem, RequestError, SystemFault, VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph.model import Graph

_log = logging.getLogger(__name__)

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
        self._tally = tally or Tally()
        later = later or asyncio.get_running_loop().call_later
        self._gathering = Gathering(self.members, later)
        self._number = stored.number
        self._past = Past(doc, stored)
        self._intake = Intake(doc, self._past, most_bytes)
        self._pending = Pending(lambda: projector.graph, read, later)
        self._outside = Outside(store, ledger, self._fail)
        self._snapshots = Snapshots(record.id, self._past, store, lambda: not self._pending.unsettled)
        #: A commit is under way, and whether it holds changes of the graph.
        self._committing = self._settling = False
        #: Changes by the server that have begun.
        self._editing = 0
        self._fault: VortexError | None = None
        self._closed = False

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
        """Wait until the room can take more: the store may be slower than those who edit."""
        await self._pending.space.wait()

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
        return not (self.members or self._editing or self._pending.answers or self._unwritten)

    @property
    def _unwritten(self) -> bool:
        """Whether anything that was edited is not in the record yet."""
        return bool(self._pending) or self._committing or bool(self._outside)

    async def settle(self) -> GraphRecord:
        """The graph's record, once everything that was edited until now is in it.

        Raises:
            SystemFault: SY-006, it could not be stored.
        """
        self._check_usable()
        return await self._pending.written() if self._unwritten else self.record

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
        self._pending.look()
        new = change(self._present(), self.graph)
        self._pending.change_author(author)
        self._pending.add(self._intake.change(lambda: self._projector.write(new)), author, None)
        self._pending.look()
        self._pending.ask(asked)
        return await self._pending.written()

    def recoerce(self, catalogue: Catalogue) -> None:
        """Read parameters by other node types; what that changes in the graph, nobody edited."""
        self._pending.change_author(_SERVER)
        self._pending.look()
        self._projector.recoerce(catalogue)
        self._pending.touch()
        self._pending.look()
        self._pending.settle_soon()

    def statistics(self) -> RoomStatistics:
        """How it stands."""
        return RoomStatistics(
            len(self.members), self._number - self._past.number, self._past.size_bytes, len(self.problems)
        )

    # Life

    async def run(self) -> None:
        """Commit what comes, until cancelled or the store fails."""
        while self._fault is None:
            await self._pending.wake.wait()
            self._pending.wake.clear()
            while self._fault is None and self._pending.has_work:
                await self._commit()

    def apply_stored(self, updates: Sequence[DocumentUpdate], settled: int) -> None:
        """Take in what the store has behind the snapshot; from `settled` on it is in no event yet."""
        known = [update.content for update in updates if update.number <= settled]
        if known:
            self._doc.apply_update(merge_updates(*known))
        for update in updates:
            if update.number > settled:
                self._pending.change_author(update.author)
                self._doc.apply_update(update.content)
                self._pending.touch()
        self._number = updates[-1].number if updates else self._number
        self._intake.restored([update.content for update in updates])
        self._pending.look()
        self._pending.settle_soon()

    async def snapshot(self) -> None:
        """Store the document as one update, in the place of all its edits."""
        await self.settle()
        await self._snapshots.wait()
        if self._number > self._past.number and self._fault is None:
            await self._snapshots.make(self._number)

    def close(self, code: int, reason: str) -> None:
        """Send everybody away, and let go of the document; a commit that somebody waits for does not come any more."""
        self._end(SystemFault("SY-006", f"the room of graph {self.graph_id} is closed", "Try again."), code, reason)

    def end(self, fault: VortexError, code: int = _TRY_LATER) -> None:
        """Take nothing more, and send everybody away: what is stored is the truth."""
        self._end(fault, code, f"{fault.code} {fault.message}")

    def _end(self, fault: VortexError, code: int, reason: str) -> None:
        self._fault = self._fault or fault
        self._pending.give_up(self._fault)
        if self._closed:
            return
        self._closed = True
        for member in tuple(self.members):
            member.close(code, reason)
        self.members.clear()
        self._snapshots.end()
        self._intake.close()
        self._projector.close()

    # Edits

    def _take(self, member: Member, update: bytes, *, answer: bool) -> None:
        if update == NOTHING:
            return
        if not member.writes:
            # The answer to our question tells of deletions that everybody knows, whether or not there are others.
            if not answer or update[:1] != b"\x00":
                member.send(protocol.denies("you may read this graph, not edit it"))
            return
        ends = self._intake.check(update)
        if ends is None:
            _send_away(member)
            return
        self._pending.change_author(member.author)
        try:
            self._pending.add(self._intake.apply(update, ends), member.author, member)
        except RequestError:
            raise
        except BaseException as error:
            # The library's panics are no Exceptions, and the document may be anything now; what is stored is not.
            self._pending.drop_edits()
            self.end(SystemFault("SY-007", f"an update broke the document in memory: {type(error).__name__}"))
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return
        if self._projector.deepest > MOST_NESTED:
            # It cannot even be deleted any more without ending the process; nothing of it is stored.
            self._pending.drop_edits()
            self.end(RequestError("RQ-001", f"shared types are nested more than {MOST_NESTED} deep"))

    def _present(self) -> GraphRecord:
        ahead = self._settling + bool(self._pending.unsettled)
        if not ahead:
            return self.record
        # Who names the stored version has not seen what waits.
        return GraphRecord(
            self.record.id, self.graph.name, self.record.version + ahead, self.record.document,
            self.record.created_ms, self.record.updated_ms,
        )  # fmt: skip

    # Commits

    async def _commit(self) -> None:
        self._pending.look()
        commit = self._pending.take(self.record, self._number)
        self._number = commit.last
        self._committing, self._settling = True, commit.graph is not None
        try:
            if commit.writes:
                self.record = await self._store.write(lambda uow: commit.write(uow, self._ledger), early=True)
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
        commit.tell_members(self.members)
        if commit.concerns_others:  # else nobody has to read the document, which takes a while
            self._outside.tell(commit, self.record, self.problems)
        self._snapshot_if_due()

    def _snapshot_if_due(self) -> None:
        if not self._snapshots.due:
            return
        if self._pending.unsettled:
            self._pending.settle_soon()
        else:
            self._snapshots.begin(self._number)

    def _fail(self, fault: VortexError, waiting: Sequence[asyncio.Future[GraphRecord]]) -> None:
        _log.error("edits of graph %s were not stored: %s", self.graph_id, fault)
        self._pending.give_up(self._fault or fault, waiting)
        self.end(fault, _NO_GRAPH if fault.code == "RQ-002" else _TRY_LATER)

    # Answers

    def _answer(self, member: Member, state: bytes) -> None:
        """What a member lacks; of edits that are not committed yet he hears only after they are."""
        messages = self._past.missing(state)
        if messages is None:
            _send_away(member)
            return
        self._pending.reply(member, messages)

    def _check_usable(self) -> None:
        if self._fault is not None:
            raise self._fault


def _send_away(member: Member) -> None:
    """What he has or did rests on what is forgotten here: he would lose what others have, and they what he did."""
    member.close(_BEGIN_ANEW, "the document has moved on: open it anew")
