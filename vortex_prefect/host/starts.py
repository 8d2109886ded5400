"""How it goes to start processes in one environment."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_DELAY_S = 0.0
_BASE_DELAY_S = 0.25
_MAX_DELAY_S = 30.0
_MAX_DOUBLINGS = 20


@dataclass(eq=False, slots=True)
class Starts:
    """What is remembered of it."""

    #: Processes that died before they introduced themselves, since the last one that did.
    failed: int = 0
    #: How the last of them died.
    how: str = ""
    #: No process is started before.
    not_before: float = 0.0

    def note_failure(self, how: str, now: float) -> None:
        """One more died before it introduced itself."""
        self.failed, self.how = self.failed + 1, how
        self.not_before = now + respawn_delay_s(self.failed)


def respawn_delay_s(deaths_in_a_row: int) -> float:
    """Seconds before the next start: at once after one death, then 0.25 s doubling up to 30 s."""
    if deaths_in_a_row <= 1:
        return _FIRST_DELAY_S
    # Bounded before the power is taken: as a float it overflows at the 1,026th death.
    doublings = min(deaths_in_a_row - 2, _MAX_DOUBLINGS)
    return min(_BASE_DELAY_S * 2.0**doublings, _MAX_DELAY_S)
