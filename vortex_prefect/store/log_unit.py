"""The part of a unit of work that is the log: see `store.unit`, which adds the tables beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable, RowMapping, Select, func, literal, select

from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.events import AggregateType, Event, Fact
from vortex_prefect.core.ids import is_id
from vortex_prefect.store.rows import event_of
from vortex_prefect.store.session import Session
from vortex_prefect.store.tables import events

T = TypeVar("T")
Row = dict[str, Any]


class LogUnit:
    """The log in a session; each method may raise what `faults.translated` does."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ended = False

    def append(self, event: Event, *, after: int | None = None) -> Event:
        """Append to the log; an event whose id is there already is answered with the one stored.

        Args:
            after: the last event of its aggregate that the caller has seen; 0: there was none.

        Raises:
            RequestError: RQ-003, the aggregate has got another event since.
            ValueError: an id is not in its canonical form.
            TypeError: payload or metadata are no JSON.
        """
        self._check()
        if after is not None and (last := self._last_of(event.aggregate_id)) != after:
            message = f"{event.aggregate_type} {event.aggregate_id} is at event {last}, not {after}"
            raise RequestError("RQ-003", message)
        return self._session.append(event)

    def event(self, event_id: str) -> Event | None:
        """An event of the log, or null."""
        self._check()
        return self._session.event(event_id) if is_id(event_id) else None

    def events(
        self,
        *,
        aggregate_id: str | None = None,
        aggregate_type: AggregateType | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Event]:
        """Events with a higher sequence number than `after`, in order."""
        statement = select(events).where(events.c.sequence_number > after).order_by(events.c.sequence_number)
        if aggregate_id is not None:
            if not is_id(aggregate_id):
                return []
            statement = statement.where(events.c.aggregate_id == aggregate_id)
        if aggregate_type is not None:
            # As text of the statement: that a parameter means a partial index, no planner has to see.
            statement = statement.where(events.c.aggregate_type == literal(aggregate_type, literal_execute=True))
        return [event_of(row) for row in self._log(statement.limit(limit))]

    def facts(self, after: int, limit: int) -> list[Fact]:
        """Events with a higher sequence number than `after`, in order, for projections."""
        self._check()
        return self._session.facts(after, limit)

    def log_extent(self) -> tuple[int, int]:
        """How many events there are, and the last one's number."""
        extent = select(func.count().label("count"), func.coalesce(func.max(events.c.sequence_number), 0).label("last"))
        row = self._log(extent)[0]
        return int(row["count"]), int(row["last"])

    def event_heads(self, aggregate_id: str, *, before: int | None = None, limit: int = 1000) -> list[Event]:
        """Events with a lower sequence number than `before`, last first, without their payloads."""
        if not is_id(aggregate_id):
            return []
        statement = select(*(column for column in events.c if column is not events.c.payload))
        statement = statement.where(events.c.aggregate_id == aggregate_id).order_by(events.c.sequence_number.desc())
        if before is not None:
            statement = statement.where(events.c.sequence_number < before)
        return [event_of({**row, "payload": {}}) for row in self._log(statement.limit(limit))]

    def end(self) -> None:
        """Refuse all further use."""
        self._ended = True

    def _first(self, statement: Select[Any], values: Row | None = None) -> RowMapping | None:
        return self._execute(statement, lambda result: result.mappings().first(), values)

    def _all(self, statement: Select[Any]) -> Sequence[RowMapping]:
        return self._execute(statement, lambda result: result.mappings().all())

    def _write(
        self, statement: Executable, take: Callable[[CursorResult[Any]], T], values: Row | list[Row] | None = None
    ) -> T:
        self._check()
        return self._session.write(statement, take, values)

    def _execute(
        self, statement: Executable, take: Callable[[CursorResult[Any]], T], values: Row | list[Row] | None = None
    ) -> T:
        self._check()
        return self._session.execute(statement, take, values)

    def _log(self, statement: Select[Any]) -> Sequence[RowMapping]:
        self._check()
        return self._session.log(statement)

    def _last_of(self, aggregate_id: str) -> int:
        if not is_id(aggregate_id):
            return 0
        last = select(events.c.sequence_number).where(events.c.aggregate_id == aggregate_id)
        found = self._log(last.order_by(events.c.sequence_number.desc()).limit(1))
        return int(found[0]["sequence_number"]) if found else 0

    def _check(self) -> None:
        if self._ended:
            raise SystemFault("SY-007", "a unit of work was used after its end")
