"""Regular expressions, by RE2: time grows with the text alone, whatever the pattern; it knows no back references."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, NamedTuple

import pyarrow as pa

from vortex_worker.sdk import Doc, Json, Range, Widget, node

_MOST_PATTERN = 10_000

Text = Annotated[str, Widget("text")]
Pattern = Annotated[str, Doc(r"RE2: \d+, [a-z]*, (?P<name>…), …; no back references.")]
AnyCase = Annotated[bool, Doc("Capital and small letters count alike.")]


class Match(NamedTuple):
    found: bool
    groups: Annotated[Json, Doc("Name → text of the pattern's named groups; empty if nothing is found.")]


@node("text.match", category="pattern", title="Match a pattern")
def match(text: Text = "", pattern: Pattern = "", ignore_case: AnyCase = False) -> Match:
    """Whether a pattern occurs in a text, and what its named groups took."""
    wanted = _pattern(pattern, ignore_case)
    if not _call("match_substring_regex", text, pattern=wanted):
        return Match(False, {})
    return Match(True, _call("extract_regex", text, pattern=wanted) if "(?P<" in pattern else {})


@node("text.find_all", category="pattern", title="Find all", outputs=("found",))
def find_all(text: Text = "", pattern: Pattern = r"\w+", ignore_case: AnyCase = False) -> Json:
    """All that a pattern matches, as a JSON list."""
    # RE2 replaces all in one pass; so each match is put between two marks that stand nowhere in the text.
    mark = _absent(text)
    marked = _call(
        "replace_substring_regex", text, pattern=_pattern(pattern, ignore_case), replacement=rf"{mark}\0{mark}"
    )
    return marked.split(mark)[1::2]


@node("text.regex_replace", category="pattern", title="Replace a pattern", outputs=("text",))
def regex_replace(
    text: Text = "",
    pattern: Pattern = "",
    replacement: Annotated[str, Doc(r"\1 is the first group, \0 all that was found.")] = "",
    count: Annotated[int, Range(0, 2**31 - 1), Doc("At most so often; 0 for all.")] = 0,
    ignore_case: AnyCase = False,
) -> str:
    """Put something else where a pattern matches."""
    wanted = _pattern(pattern, ignore_case)
    return str(
        _call("replace_substring_regex", text, pattern=wanted, replacement=replacement, max_replacements=count or None)
    )


@node("text.regex_split", category="pattern", title="Split at a pattern", outputs=("parts",))
def regex_split(text: Text = "", pattern: Pattern = r"\s+", ignore_case: AnyCase = False) -> Json:
    """The parts of a text between what a pattern matches, as a JSON list."""
    if not pattern:
        raise ValueError("an empty pattern splits nothing")
    return _call("split_pattern_regex", text, pattern=_pattern(pattern, ignore_case))


def _pattern(pattern: str, ignore_case: bool) -> str:
    if len(pattern) > _MOST_PATTERN:
        raise ValueError(f"a pattern has at most {_MOST_PATTERN} characters, not {len(pattern)}")
    return f"(?i){pattern}" if ignore_case else pattern


def _absent(text: str) -> str:
    while (mark := f"\ufdd0{uuid.uuid4().hex}\ufdd1") in text:
        pass
    return mark


def _call(name: str, text: str, **options: Any) -> Any:
    import pyarrow.compute as pc

    try:
        return getattr(pc, name)(pa.scalar(text, pa.string()), **options).as_py()
    except (pa.ArrowException, UnicodeEncodeError) as error:
        raise ValueError(f"the pattern cannot be used: {error}") from error
