"""How edits come into a room's document: what is let in, and what each change made of the document, as updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pycrdt import Doc, TransactionEvent

from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.known import Known
from vortex_prefect.collab.past import Past
from vortex_prefect.collab.updates import check_update
from vortex_prefect.core.errors import RequestError

#: Client → the end of what an update brings.
Ends = Mapping[int, int]
#: Yjs' encoding of an update without content.
NOTHING = b"\x00\x00"


class Intake:
    """The way into one document, on which nothing may pass it by."""

    def __init__(self, doc: Doc[Any], past: Past, most_bytes: int) -> None:
        """`most_bytes`: that the document may have, with the edits that lie behind its snapshot."""
        self._doc = doc
        self._past = past
        self._most_bytes = most_bytes
        self._known = Known(read_state(doc.get_state()))
        self._captured: list[bytes] = []
        self._subscription = doc.observe(self._on_transaction)

    def check(self, update: bytes) -> Ends | None:
        """What a member's update brings, for `apply`; null if it rests on what the document has forgotten.

        Raises:
            RequestError: RQ-001 it is no update, or one that rests on what is not here; RQ-005 the document would be
                too large.
        """
        if self._past.size_bytes + self._past.behind_bytes + len(update) > self._most_bytes:
            raise RequestError("RQ-005", f"the document would have more than {self._most_bytes} bytes")
        check_update(update)
        ends = self._known.check(update)
        return ends if self._past.reached_by(update) else None

    def apply(self, update: bytes, ends: Ends) -> Sequence[bytes]:
        """Apply an update of which `check` gave the ends; what of it was new.

        Raises:
            RequestError: RQ-001, the library takes it for none.
            BaseException: the library's panics; the document may be anything then.
        """
        try:
            captured = self._capture(lambda: self._doc.apply_update(update))
        except (ValueError, RuntimeError) as error:
            raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None
        # What was new is no more than the update has: it need not be read again.
        self._known.add(ends)
        return captured

    def change(self, change: Callable[[], None]) -> Sequence[bytes]:
        """Let something change the document; what came of it, an update for each transaction."""
        captured = self._capture(change)
        for update in captured:
            self._note(update)
        return captured

    def restored(self, updates: Sequence[bytes]) -> None:
        """The document was given these, which are stored: nobody needs to be told of them."""
        self._captured.clear()
        self._past.edited(updates)
        self._know_anew()

    def close(self) -> None:
        """Let go of the document."""
        self._doc.unobserve(self._subscription)

    def _capture(self, change: Callable[[], None]) -> Sequence[bytes]:
        change()
        captured, self._captured = self._captured, []
        if captured:
            self._past.edited(captured)
        return captured

    def _note(self, update: bytes) -> None:
        try:
            self._known.add(self._known.check(update))
        except RequestError:
            # The library has it now, whatever it made of it.
            self._know_anew()

    def _know_anew(self) -> None:
        self._known = Known(read_state(self._doc.get_state()))

    def _on_transaction(self, event: TransactionEvent) -> None:
        if event.update != NOTHING:
            self._captured.append(event.update)
