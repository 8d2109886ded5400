"""What may stand in `Annotated[…]` beside a node's argument or result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """Makes an argument an input port, or names the port type of a result."""

    type: str
    #: Takes any number of edges; the argument is a list.
    list: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Inclusive limits of a number (VE-010 beyond them); null for none."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Step of the editor's widget; values between are allowed."""

    step: float


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a number, for people: `px`, `°`, `s`."""

    unit: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The only values that a string may take."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True)
class Widget:
    """Hint for the editor: `slider`, `seed`, `colour`, `curve`, `text`, …"""

    name: str


@dataclass(frozen=True, slots=True)
class File:
    """A `Path` argument that names an input file: its content is part of the content key."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """An input port that is evaluated only if the node asks for it.

    `when=("condition", True)`: it does where its parameter `condition` has that
    value; else nothing that only this port needs is run, and the argument is
    null. Without a default the port has to be connected where it is asked for.
    """

    when: tuple[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """An input port for a list of which items may have failed: it receives those that did not."""


@dataclass(frozen=True, slots=True)
class Doc:
    """One sentence on an argument or a result, for people."""

    text: str
