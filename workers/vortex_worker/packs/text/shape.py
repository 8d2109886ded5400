"""How a text is cut, filled and written."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import Annotated, NamedTuple

from vortex_worker.sdk import Choices, Doc, Json, Range, Widget, node

#: Longer is no text that a value carries.
_MOST_CHARACTERS = 10_000_000

Text = Annotated[str, Widget("text")]


class Counts(NamedTuple):
    characters: int
    words: Annotated[int, Doc("Separated by white space.")]
    lines: int
    bytes: Annotated[int, Doc("In UTF-8.")]


@node("text.split", category="parts", outputs=("parts",))
def split(
    text: Text = "",
    separator: Annotated[str, Doc("Empty: at white space.")] = ",",
    strip: Annotated[bool, Doc("Without white space at the ends of parts.")] = True,
    drop_empty: bool = False,
) -> Json:
    """The parts of a text between separators, as a JSON list."""
    parts = text.split(separator) if separator else text.split()
    parts = [part.strip() for part in parts] if strip else parts
    return [part for part in parts if part] if drop_empty else parts


@node("text.join", category="parts", outputs=("text",))
def join(parts: Annotated[Json, Doc("A JSON list.")], separator: str = ", ") -> str:
    """The items of a JSON list in one text."""
    from vortex_worker.packs.core.text import as_text

    if not isinstance(parts, list | tuple):
        raise ValueError(f"parts is a {type(parts).__name__}, not a list")
    return separator.join(as_text(part) for part in parts)


@node("text.lines", category="parts", outputs=("lines",))
def lines(text: Text = "", drop_empty: bool = True) -> list[str]:
    """The lines of a text: what takes a text runs once for each."""
    found = [line.strip() if drop_empty else line for line in text.splitlines()]
    return [line for line in found if line] if drop_empty else found


@node("text.slice", category="parts", outputs=("text",))
def slice_(
    text: Text = "",
    start: Annotated[int, Range(-(2**40), 2**40), Doc("Below 0 counts from the end.")] = 0,
    stop: Annotated[
        int | None, Range(-(2**40), 2**40), Doc("The first that is not taken; none goes to the end.")
    ] = None,
) -> str:
    """Some characters of a text, by Python's rules."""
    return text[start:stop]


@node("text.strip", category="shape", outputs=("text",))
def stripped(
    text: Text = "",
    characters: Annotated[str, Doc("Which to take away; empty: white space.")] = "",
    side: Annotated[str, Choices("both", "start", "end")] = "both",
) -> str:
    """Take characters away at the ends."""
    function = {"both": str.strip, "start": str.lstrip, "end": str.rstrip}[side]
    return function(text, characters or None)


@node("text.pad", category="shape", outputs=("text",))
def pad(
    text: Text = "",
    width: Annotated[int, Range(0, 100_000)] = 8,
    fill: Annotated[str, Doc("One character.")] = " ",
    side: Annotated[str, Choices("start", "end", "both")] = "start",
) -> str:
    """Fill a text up to a width."""
    if len(fill) != 1:
        raise ValueError(f"fill is one character, not {fill!r:.40}")
    return {"start": str.rjust, "end": str.ljust, "both": str.center}[side](text, width, fill)


@node("text.repeat", category="shape", outputs=("text",))
def repeat(text: Text = "", count: Annotated[int, Range(0, _MOST_CHARACTERS)] = 2, separator: str = "") -> str:
    """A text again and again."""
    if count * (len(text) + len(separator)) > _MOST_CHARACTERS:
        raise ValueError(f"that makes more than {_MOST_CHARACTERS} characters")
    return separator.join([text] * count)


@node("text.wrap", category="shape", outputs=("text",))
def wrap(text: Text = "", width: Annotated[int, Range(1, 10_000)] = 72, indent: str = "") -> str:
    """Break lines between words so that none is longer than a width; empty lines stay."""
    if len(indent) >= width:
        raise ValueError(f"an indent of {len(indent)} leaves no room in a width of {width}")
    wrapped = (
        textwrap.fill(part, width, initial_indent=indent, subsequent_indent=indent) for part in text.split("\n\n")
    )
    return "\n\n".join(wrapped)


@node("text.normalize", category="shape", title="Normalise characters", outputs=("text",))
def normalize(
    text: Text = "",
    form: Annotated[
        str, Choices("NFC", "NFD", "NFKC", "NFKD"), Doc("K also unifies what only looks different.")
    ] = "NFC",
    remove_accents: bool = False,
) -> str:
    """Write equal characters equally (Unicode Annex 15)."""
    if remove_accents:
        text = "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


@node("text.slug", category="shape", title="Name for files", outputs=("text",))
def slug(text: Text = "", separator: Annotated[str, Choices("-", "_")] = "-") -> str:
    """A text as a name of ASCII letters, digits and separators alone."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return separator.join("".join(c if c.isalnum() else " " for c in plain).split())


@node("text.count", category="parts")
def count(text: Text = "") -> Counts:
    """How long a text is."""
    return Counts(len(text), len(text.split()), len(text.splitlines()), len(text.encode("utf-8", "surrogatepass")))
