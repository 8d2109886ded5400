"""Text nodes beside Python's own `re`, `json`, `zlib` and plain recursion."""

from __future__ import annotations

import functools
import hashlib
import json
import random
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vortex_worker.packs.text import compare, encodings, files, patterns, shape, structured
from vortex_worker.sdk import Context

STORY = "Am 3. Mai 2026 fuhr Zoë (27) mit 4 Äpfeln nach Köln.\nDort aß sie 2,5 davon.\n\n  Ende  "


@pytest.mark.parametrize("pattern", [r"\d+", r"[A-ZÄÖ]\w+", r"(\w)(\w)", r"e", r"^.", r"nothing at all", r"\s+"])
def test_patterns_are_those_of_re(pattern: str) -> None:
    # RE2's \w and \d are ASCII.
    reference = re.compile(pattern, re.ASCII)
    assert patterns.find_all(STORY, pattern) == [found.group() for found in reference.finditer(STORY)]
    assert patterns.match(STORY, pattern).found is bool(reference.search(STORY))
    assert patterns.regex_replace(STORY, pattern, r"<\0>") == reference.sub(r"<\g<0>>", STORY)
    assert patterns.regex_replace(STORY, pattern, "", 1) == reference.sub("", STORY, count=1)
    if "(" not in pattern and pattern != "^.":
        assert patterns.regex_split(STORY, pattern) == reference.split(STORY)


def test_groups_and_case() -> None:
    found = patterns.match(STORY, r"(?P<day>\d+)\. (?P<month>\w+) (?P<year>\d{4})")
    assert found == (True, {"day": "3", "month": "Mai", "year": "2026"})
    assert patterns.match(STORY, "(?P<x>nothing)") == (False, {})
    assert patterns.find_all("aAbA", "a", ignore_case=True) == ["a", "A", "A"]
    assert patterns.find_all("", "") == [""]


def test_patterns_that_take_others_for_ever_take_no_time() -> None:
    began = time.monotonic()
    assert not patterns.match("a" * 50_000 + "!", r"^(a+)+$").found
    assert patterns.find_all("a" * 2000, r"(a*)*b") == []
    # Python's own would need 2 to the power of 50000 steps.
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("call", [
    lambda: patterns.match("x", "("), lambda: patterns.find_all("x", r"(x)\1"),
    lambda: patterns.regex_replace("x", "x", r"\7"), lambda: patterns.match("x", "a{1,100000}"),
    lambda: patterns.match("x", "x" * 20_000), lambda: patterns.match("\ud800", "x"),
])  # fmt: skip
def test_patterns_that_are_none_are_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="pattern"):
        call()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: shape.split("a, b,,c"), ["a", "b", "", "c"]),
        (lambda: shape.split("a, b,,c", drop_empty=True, strip=False), ["a", " b", "c"]),
        (lambda: shape.split(" a  b\n", ""), ["a", "b"]),
        (lambda: shape.join(["a", 1, True, None, [2]], "-"), "a-1-true-null-[2]"),
        (lambda: shape.lines("a\n\n b \r\nc"), ["a", "b", "c"]),
        (lambda: shape.lines("a\n\nb", False), ["a", "", "b"]),
        (lambda: shape.slice_("abcdef", -4, 5), "cde"),
        (lambda: shape.slice_("abc", 1), "bc"),
        (lambda: shape.stripped("  a "), "a"),
        (lambda: shape.stripped("xxaxx", "x", "end"), "xxa"),
        (lambda: shape.pad("7", 3, "0"), "007"),
        (lambda: shape.pad("ab", 5, ".", "both"), "..ab."),
        (lambda: shape.repeat("ab", 3, "-"), "ab-ab-ab"),
        (lambda: shape.normalize("e\u0301", "NFC"), "\u00e9"),
        (lambda: shape.normalize("Zoë Ångström", remove_accents=True), "Zoe Angstrom"),
        (lambda: shape.normalize("ﬁ", "NFKC"), "fi"),
        (lambda: shape.slug("  Zoë's Photo (2).png "), "zoe-s-photo-2-png"),
        (lambda: shape.count("a bc\nd€"), (7, 3, 2, 9)),
        (lambda: structured.parse_json('{"a": [1, null]}'), {"a": [1, None]}),
        (lambda: structured.format_json({"b": 1, "a": "ä"}, 0, True), '{"a": "ä", "b": 1}'),
        (lambda: structured.parse_number(" 1,234.5 "), 1234.5),
        (lambda: structured.parse_number("1.234,5", ","), 1234.5),
        (
            lambda: structured.template({"n": 2.5, "who": "Zoë", "l": [1]}, "{who}: {n:.2f} {l} {{}}"),
            "Zoë: 2.50 [1] {}",
        ),
        (lambda: compare.relation("Hallo", "ALL", "contains", True), True),
        (lambda: compare.relation("Hallo", "Ha", "starts_with"), True),
        (lambda: compare.relation("Hallo", "lo", "ends_with"), True),
        (lambda: compare.relation("Hallo", "hallo", "equals"), False),
        (lambda: compare.relation("a", "b", "is_before"), True),
    ],
)
def test_known_answers(call: Callable[[], Any], expected: Any) -> None:
    assert call() == expected


def test_wrapped_lines_keep_their_words() -> None:
    found = shape.wrap(STORY, 20, "> ")
    assert all(len(line) <= 20 for line in found.splitlines())
    assert found.replace(">", "").split() == STORY.split()


def test_encodings_go_there_and_back() -> None:
    for encoding in ("base64", "hex", "url", "html"):
        coded = encodings.encode(STORY + "<&\"'>", encoding)
        assert encodings.decode(coded, encoding) == STORY + "<&\"'>"
    for name in ("sha256", "sha512", "blake2b", "md5"):
        assert encodings.digest(STORY, name) == getattr(hashlib, name)(STORY.encode()).hexdigest()
    assert int(encodings.digest(STORY, "crc32"), 16) == zlib.crc32(STORY.encode())
    for bad, encoding in (("%%%", "base64"), ("zz", "hex"), ("%ff", "url"), ("/w==", "base64")):
        with pytest.raises(ValueError, match=f"is no {encoding}"):
            encodings.decode(bad, encoding)


def plain_distance(a: str, b: str) -> int:
    """From the definition."""

    @functools.cache
    def step(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(step(i - 1, j) + 1, step(i, j - 1) + 1, step(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return step(len(a), len(b))


def test_distance_is_that_of_its_definition() -> None:
    dice = random.Random(4)
    words = ["".join(dice.choices("abcä", k=dice.randrange(12))) for _ in range(40)]
    for a in words:
        b = dice.choice(words)
        found = compare.distance(a, b)
        assert found.distance == plain_distance(a, b)
        assert found.similarity == pytest.approx(1 - found.distance / max(len(a), len(b), 1))
    with pytest.raises(ValueError, match="too long"):
        compare.distance("a" * 20_000, "b" * 20_000)


def test_diff() -> None:
    assert compare.diff("a\nb\nc", "a\nx\nc", 0) == "--- a\n+++ b\n@@ -2 +2 @@\n-b\n+x"
    assert compare.diff(STORY, STORY) == ""


def test_files(tmp_path: Path, ctx: Context) -> None:
    path = files.save(ctx, STORY)
    assert path.read_text(encoding="utf-8") == STORY == files.load(path)
    other = tmp_path / "other.txt"
    other.write_bytes("Zoë".encode("utf-16"))
    assert files.load(other, "utf-16") == "Zoë"
    with pytest.raises(ValueError, match=r"other\.txt is no text in utf-8: .* at byte 0"):
        files.load(other)
    other.write_bytes(b"x" * ((16 << 20) + 1))
    with pytest.raises(ValueError, match="larger than 16 MiB"):
        files.load(other)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("is no JSON", lambda: structured.parse_json("{")),
        ("NaN is no JSON", lambda: structured.parse_json("[NaN]")),
        ("is no JSON", lambda: structured.parse_json("[" * 100_000)),
        ("is no number", lambda: structured.parse_number("12 apples")),
        ("no finite", lambda: structured.parse_number("inf")),
        ("is not one of", lambda: structured.template({"a": 1}, "{a.__class__}")),
        ("is an object", lambda: structured.template([1], "{a}")),
        ("is a str, not a list", lambda: shape.join("abc")),
        ("one character", lambda: shape.pad("a", 5, "ab")),
        ("more than", lambda: shape.repeat("abc", 9_000_000)),
        ("leaves no room", lambda: shape.wrap("a", 2, "    ")),
    ],
)
def test_what_is_wrong_is_said(message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_json_text_is_json() -> None:
    value = {"a": [1, 2.5, None, True], "ü": {"b": "\n"}}
    assert json.loads(structured.format_json(value)) == value
