"""What is being computed at this moment, so that the same work asked for twice runs once.

A flight is one content key on its way, led by one node of one execution;
whoever else needs that key waits for it to land. Leaders never wait for a
flight, so that nobody can wait in a circle. Everything here runs on one event
loop: what has no `await` in it is atomic.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

#: Landings that are remembered: an execution that looked into the cache before may come to the key after.
_LANDINGS = 20_000


class Flight:
    """One key on its way. `over` once it has landed or was given up."""

    def __init__(self, flights: InFlight, key: str, execution_id: str, node_id: str) -> None:
        self.key = key
        self.execution_id = execution_id
        self.node_id = node_id
        self._flights = flights
        self._landed = False
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether nobody leads it any more."""
        return self._over.is_set()

    async def wait(self) -> bool:
        """Until it is over; whether it landed, so that the cache has the outputs."""
        await self._over.wait()
        return self._landed

    def end(self, landed: bool) -> None:
        """The leader has the outputs in the cache, or gives up: it failed, was cancelled, or stands still."""
        if not self.over:
            self._landed = landed
            self._over.set()
            self._flights.forget(self, landed)


class InFlight:
    """All flights of an engine; its executors share one instance."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        #: key → when it landed, and the flight that did.
        self._landings: OrderedDict[str, tuple[int, Flight]] = OrderedDict()
        self._moment = 0

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def moment(self) -> int:
        """Rises with every landing; take it before a look into the cache."""
        return self._moment

    def on_the_way(self, key: str) -> Flight | None:
        """The flight of a key, or null."""
        return self._flights.get(key)

    def landed_since(self, key: str, moment: int) -> Flight | None:
        """A flight of that key that landed after `moment`, or null."""
        landing = self._landings.get(key)
        return landing[1] if landing is not None and landing[0] > moment else None

    def lead(self, key: str, execution_id: str, node_id: str) -> Flight:
        """Begin a flight that the caller has to `end`, whatever happens.

        Raises:
            ValueError: somebody leads that key already.
        """
        if key in self._flights:
            raise ValueError(f"{key} is on the way already")
        self._flights[key] = flight = Flight(self, key, execution_id, node_id)
        return flight

    def forget(self, flight: Flight, landed: bool) -> None:
        """Called by the flight as it ends."""
        del self._flights[flight.key]
        if landed:
            self._moment += 1
            self._landings[flight.key] = (self._moment, flight)
            self._landings.move_to_end(flight.key)
            if len(self._landings) > _LANDINGS:
                self._landings.popitem(last=False)
