"""Text."""

from __future__ import annotations

import json
import string
import typing
from collections.abc import Callable, Mapping
from typing import Annotated

import pyarrow
import torch

from vortex_worker.sdk import Any, Choices, Doc, Sound, Widget, node

_CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "capitalize": str.capitalize,
}


@node("core.concat", category="text", title="Join texts", outputs=("value",))
def concat(a: str = "", b: str = "", separator: Annotated[str, Doc("Between the two.")] = "") -> str:
    """Text a, then text b."""
    return a + separator + b


@node("core.format", category="text", title="Fill in a text", outputs=("value",))
def format_text(
    template: Annotated[str, Widget("text"), Doc("`{a}`, or `{b:.2f}` for two digits; `{{` gives a brace.")] = "{a}",
    a: Any = None,
    b: Any = None,
    c: Any = None,
) -> str:
    """Put values into a text."""
    return _Template().vformat(template, (), {"a": a, "b": b, "c": c})


@node("core.replace", category="text", title="Replace in a text", outputs=("value",))
def replace(
    text: str = "", find: Annotated[str, Doc("Nothing is replaced where this is empty.")] = "", replacement: str = ""
) -> str:
    """Replace every occurrence of one text within another."""
    return text.replace(find, replacement) if find else text


@node("core.length", category="text", title="Length of a text", outputs=("value",))
def length(text: str = "") -> int:
    """How many characters a text has."""
    return len(text)


@node("core.case", category="text", title="Change case", outputs=("value",))
def case(text: str = "", case: Annotated[str, Choices("lower", "upper", "title", "capitalize")] = "lower") -> str:
    """Write a text in small or capital letters."""
    return _CASES[case](text)


@node("core.to_string", category="text", title="To text", outputs=("value",))
def to_string(value: Any) -> str:
    """A value as text: itself, or JSON, or the type and shape of a tensor."""
    return as_text(value)


def as_text(value: typing.Any) -> str:
    """A text as it is, a tensor as its dtype and shape, a table or a sound as its size, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sound):
        return f"sound of {value.channels} channels and {value.frames / value.rate:g} s at {value.rate} Hz"
    if isinstance(value, pyarrow.Table):
        return f"table of {value.num_rows} rows with the columns {', '.join(value.column_names)}"
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} tensor {tuple(value.shape)}"
    return json.dumps(value, ensure_ascii=False)


class _Template(string.Formatter):
    """Formatting by name alone: `{a.__class__}` and `{a[0]}` reach into objects and are refused."""

    def get_field(self, field_name: str, args: typing.Any, kwargs: Mapping[str, typing.Any]) -> typing.Any:  # noqa: ARG002
        if field_name not in kwargs:
            raise ValueError(f"{{{field_name}}} is not one of " + ", ".join(f"{{{name}}}" for name in kwargs))
        if kwargs[field_name] is None:
            raise ValueError(f"{{{field_name}}} has no value; connect {field_name}")
        return kwargs[field_name], field_name

    def format_field(self, value: typing.Any, format_spec: str) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return format(value if number and format_spec else as_text(value), format_spec)
