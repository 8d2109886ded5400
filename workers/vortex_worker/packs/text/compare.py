"""How alike two texts are."""

from __future__ import annotations

import difflib
from typing import Annotated, NamedTuple

import numpy as np

from vortex_worker.sdk import Choices, Doc, Range, Widget, node

Text = Annotated[str, Widget("text")]

#: Steps of the table of distances: 10⁸ take about a second.
_MOST_STEPS = 10**8


class Distance(NamedTuple):
    distance: Annotated[int, Doc("Characters to insert, delete or replace.")]
    similarity: Annotated[float, Doc("1 for equal texts, 0 for such that have nothing in common.")]


@node("text.distance", category="compare", title="Edit distance")
def distance(a: Text = "", b: Text = "") -> Distance:
    """How many characters have to change to make one text of the other.

    Source: V. Levenshtein (1966), a row of the table at a time.
    """
    if len(a) * len(b) > _MOST_STEPS:
        raise ValueError(f"texts of {len(a)} and {len(b)} characters take too long to compare")
    characters = np.array([ord(each) for each in b], np.int64)
    row = np.arange(len(b) + 1)
    places = np.arange(len(b) + 1)
    for index, each in enumerate(a, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (characters != ord(each)))
        # What comes from the left in the same row is a running minimum once a step to the right costs nothing.
        row = np.minimum.accumulate(np.concatenate([[index], best]) - places) + places
    found = int(row[-1])
    return Distance(found, 1.0 - found / max(len(a), len(b), 1))


@node("text.diff", category="compare", outputs=("text",))
def diff(
    a: Text = "", b: Text = "", context: Annotated[int, Range(0, 1000), Doc("Equal lines shown around.")] = 3
) -> str:
    """The lines in which two texts differ, as a unified diff; empty for equal ones."""
    left, right = a.splitlines(), b.splitlines()
    if len(left) * len(right) > _MOST_STEPS:
        raise ValueError(f"texts of {len(left)} and {len(right)} lines take too long to compare")
    return "\n".join(difflib.unified_diff(left, right, "a", "b", n=context, lineterm=""))


@node("text.test", category="compare", title="Test a text", outputs=("value",))
def relation(
    text: Text = "",
    other: str = "",
    operation: Annotated[str, Choices("contains", "starts_with", "ends_with", "equals", "is_before")] = "contains",
    ignore_case: bool = False,
) -> bool:
    """Whether a text stands in some relation to another."""
    a, b = (text.casefold(), other.casefold()) if ignore_case else (text, other)
    match operation:
        case "contains":
            return b in a
        case "starts_with":
            return a.startswith(b)
        case "ends_with":
            return a.endswith(b)
        case "equals":
            return a == b
    return a < b
