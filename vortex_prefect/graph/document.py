"""What is wrong with a JSON document before it can be read as a graph, in sentences and JSON pointers (RFC 6901)."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from vortex_prefect.core.errors import Problem
from vortex_prefect.core.settings import Limits

Path = tuple[str | int, ...]


def pointer(*parts: str | int) -> str:
    """A JSON pointer; no parts give the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def json_problems(data: Any, limits: Limits, *, above: int, at: Path = ()) -> list[Problem]:
    """What in `data` is not interoperable JSON (VE-001), or too much of it (VE-012).

    Refused are numbers that are not finite, integers beyond 64 bits (what
    msgpack and the browser's BigInt carry), text with lone surrogates (it has
    no UTF-8), keys that are not text, and Python objects. The walk keeps its
    own stack and stops at the limits, so a list that holds itself ends too.

    Args:
        above: containers that stand around a parameter's value in `data`;
            nesting is counted from there.
        at: where `data` lies within the document that was sent.
    """
    problems: list[Problem] = []
    deepest = len(at) + above + limits.depth
    size = 0
    stack: list[tuple[Path, Any]] = [(at, data)]
    while stack:
        path, value = stack.pop()
        # Two bytes is the least that a value takes in JSON: itself and a separator.
        size += 2 + (len(value) if isinstance(value, str) else 0)
        if size > limits.body_bytes:
            return [*problems, _too_large(limits, at)]
        if not isinstance(value, dict | list | tuple):
            if wrong := _scalar_violation(value):
                problems.append(problem_at(path, wrong))
        elif len(path) >= deepest:
            problems.append(
                problem_at(path[: len(at) + above], f"is nested deeper than {limits.depth} levels", code="VE-012")
            )
        else:
            named = isinstance(value, dict)
            for key, child in _children(value):
                if named and (wrong := _key_violation(key)):
                    problems.append(problem_at((*path, key if isinstance(key, str) else shown(key)), wrong))
                    continue
                size += len(key) if named else 0
                if plain := _plain_size(child):
                    size += plain
                else:
                    stack.append(((*path, key), child))
            if size > limits.body_bytes:
                return [*problems, _too_large(limits, at)]
    return problems


def json_size(value: Any) -> int:
    """What `json_problems` counts of a value that it found nothing wrong with, against the limit in bytes."""
    if isinstance(value, dict):
        return 2 + sum([len(key) + json_size(child) for key, child in value.items()])
    if isinstance(value, list | tuple):
        return 2 + sum(map(json_size, value))
    return 2 + (len(value) if isinstance(value, str) else 0)


def schema_problems(error: ValidationError, *, at: Path = (), tagged: bool = False) -> list[Problem]:
    """pydantic's findings as VE-001, one sentence each.

    Args:
        tagged: the model is a list of a discriminated union, so that its
            second level of location is the tag, which the document lacks.
    """
    found = []
    for item in error.errors(include_url=False):
        where = _location(item)
        found.append(problem_at((*at, *where[:1], *where[2:]) if tagged else (*at, *where), _sentence(item)))
    return found


def problem_at(path: Path, wrong: str, *, code: str = "VE-001") -> Problem:
    """A problem at `path`; node and parameter are read off a path that lies within a node."""
    where = "/".join(map(str, path)) or "the document"
    in_node = len(path) > 1 and path[0] == "nodes"
    in_param = in_node and len(path) > 3 and path[2] == "params"
    return Problem(
        code,
        f"{_printable(where)} {wrong}",
        node_id=_printable(str(path[1])) if in_node else None,
        port=_printable(str(path[3])) if in_param else None,
        path=_printable(pointer(*path)),
    )


class _Excerpt(reprlib.Repr):
    """`repr` cut short; Python refuses to print integers of more than 4,300 digits."""

    def repr_int(self, x: int, level: int) -> str:
        return super().repr_int(x, level) if x.bit_length() <= 128 else f"an integer of {x.bit_length()} bits"


def shown(value: Any) -> str:
    """A value within a sentence: short, however large it is."""
    return _Excerpt().repr(value)


def _too_large(limits: Limits, at: Path) -> Problem:
    return problem_at(at, f"is larger than {limits.body_bytes} bytes", code="VE-012")


def _children(value: dict[Any, Any] | list[Any] | tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    return iter(value.items()) if isinstance(value, dict) else enumerate(value)


def _plain_size(value: Any) -> int:
    """What `json_problems` counts for a scalar beyond doubt; 0 for everything that it has to look at.

    Most of a document is such scalars: without them on the stack the walk takes little more than half as long.
    """
    kind = type(value)
    if kind is str:
        return 2 + len(value) if value.isascii() else 0
    if kind is float:
        return 2 if math.isfinite(value) else 0
    if kind is int:
        return 2 if -(1 << 63) <= value < 1 << 64 else 0
    return 2 if value is None or kind is bool else 0


def _key_violation(key: Any) -> str | None:
    if not isinstance(key, str):
        return "is a key that is not text"
    return None if _is_text(key) else "is a key with a lone surrogate"


def _scalar_violation(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return None if _is_text(value) else "holds a lone surrogate, which has no UTF-8"
    if isinstance(value, int):
        return None if -(1 << 63) <= value < 1 << 64 else "is an integer beyond 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"is {value}, not a finite number"
    return f"is a {type(value).__name__}, not a JSON value"


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _printable(text: str) -> str:
    """Text that every channel can carry: lone surrogates become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _location(item: ErrorDetails) -> Path:
    return tuple(part for part in item["loc"] if part != "[key]")


_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "string_type": "must be text",
    "string_unicode": "must be text that has a UTF-8 form",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must not contain slashes or control characters",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "union_tag_not_found": "has no {discriminator}",
    "union_tag_invalid": "has an unknown op '{tag}'; known are {expected_tags}",
    "value_error": "{error}",
}

#: Findings whose sentence says everything without the value.
_WITHOUT_VALUE = frozenset({"missing", "extra_forbidden", "union_tag_not_found", "union_tag_invalid", "value_error"})


def _sentence(item: ErrorDetails) -> str:
    kind = item["type"]
    pattern = _SENTENCES.get(kind)
    sentence = pattern.format(**item.get("ctx", {})) if pattern else f"is malformed ({item['msg']})"
    return sentence if kind in _WITHOUT_VALUE else f"{sentence}, not {_printable(shown(item['input']))}"


def by_path(problems: Iterable[Problem]) -> list[Problem]:
    """One problem a place, the first found, in the order of the places."""
    first: dict[str | None, Problem] = {}
    for problem in problems:
        first.setdefault(problem.path, problem)
    return sorted(first.values(), key=lambda problem: (problem.path or "", problem.code))
