"""Did you mean …? — hints for names that are not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: One comparison costs some 10 µs, and nobody reads hundreds of hints.
_BUDGET = 100
_SEARCHED = 500
_LISTED = 12


class Suggestions:
    """Hints for unknown names; after a hundred different ones the search is given up."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def hint(self, name: str, candidates: Iterable[str], what: str) -> str | None:
        """What to write instead of `name`, or null. `what` names the set: `ports of image.blur`, say."""
        key = (name, what)
        if key not in self._known:
            if len(self._known) >= _BUDGET:
                return None
            self._known[key] = _hint(name, sorted(candidates), what)
        return self._known[key]


def _hint(name: str, candidates: list[str], what: str) -> str:
    if len(candidates) <= _SEARCHED and (near := difflib.get_close_matches(name, candidates, n=1)):
        return f"Did you mean {near[0]}?"
    if not candidates:
        return f"There are no {what}."
    rest = f" and {len(candidates) - _LISTED} more" if len(candidates) > _LISTED else ""
    return f"The {what}: {', '.join(candidates[:_LISTED])}{rest}."
