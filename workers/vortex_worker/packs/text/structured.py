"""Text that means something to programs."""

from __future__ import annotations

import json
import math
import string
from collections.abc import Mapping
from typing import Annotated, Any

from vortex_worker.packs.core.text import as_text
from vortex_worker.sdk import Doc, Json, Range, Widget, node

Text = Annotated[str, Widget("text")]


@node("text.parse_json", category="structured", title="Parse JSON", outputs=("value",))
def parse_json(text: Text = "null") -> Json:
    """The value that a JSON text stands for; NaN and infinities are refused."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the text is no JSON: {error}") from error


@node("text.format_json", category="structured", title="Write JSON", outputs=("text",))
def format_json(
    value: Json, indent: Annotated[int, Range(0, 8), Doc("0 for one line.")] = 2, sort_keys: bool = False
) -> str:
    """A value as JSON text."""
    return json.dumps(value, indent=indent or None, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False)


@node("text.parse_number", category="structured", title="Parse a number", outputs=("value",))
def parse_number(text: str = "0", decimal: Annotated[str, Doc("What stands before fractions: . or ,")] = ".") -> float:
    """The number that a text stands for; white space, and separators of thousands, are passed over."""
    if decimal not in (".", ","):
        raise ValueError(f"decimal is . or , and not {decimal!r:.20}")
    plain = "".join(text.split()).replace("," if decimal == "." else ".", "").replace(decimal, ".")
    try:
        value = float(plain)
    except ValueError:
        raise ValueError(f"{text!r:.60} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r:.60} is no finite number")
    return value


@node("text.template", category="structured", outputs=("text",))
def template(
    values: Annotated[Json, Doc("An object: name → value.")],
    template: Annotated[str, Widget("text"), Doc("`{name}`, or `{name:.2f}` for two digits; `{{` gives a brace.")] = "",
) -> str:
    """Put the values of an object into a text by their names."""
    if not isinstance(values, dict):
        raise ValueError(f"values is an object, not a {type(values).__name__}")
    return _Template().vformat(template, (), values)


class _Template(string.Formatter):
    """Formatting by name alone: what reaches into a value is refused."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002
        if field_name not in kwargs:
            raise ValueError(f"{{{field_name}}} is not one of " + ", ".join(f"{{{name}}}" for name in kwargs))
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return format(value if number and format_spec else as_text(value), format_spec)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
