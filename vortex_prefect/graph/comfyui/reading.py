"""Which workflow a file holds, and in which of the two forms."""

from __future__ import annotations

import json
from typing import Any, Literal

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.png_text import SIGNATURE, png_texts

Form = Literal["editor", "api"]

#: Names of the texts in pictures; the editor's form has places, groups and notes, so it goes first.
_KEYWORDS = ("workflow", "prompt")
_HINT = "Save it in ComfyUI as a workflow or with “Export (API)”, or take a PNG that it wrote."


def read_workflow(content: bytes, limits: Limits) -> tuple[Form, dict[str, Any]]:
    """The workflow of a JSON file or of a PNG.

    Raises:
        GraphError: VE-001 for what holds none, VE-012 for what is longer than `limits.body_bytes`.
    """
    if not content.startswith(SIGNATURE):
        return _recognised([_parsed(content, limits.body_bytes)])
    texts = png_texts(content, limits.body_bytes)
    named = [texts[name] for name in _KEYWORDS if name in texts]
    if not named:
        raise GraphError("VE-001", "the picture carries no workflow", _HINT)
    return _recognised([data for text in named if (data := _lenient(text)) is not None])


def _lenient(text: str) -> Any:
    try:
        return _parsed(text, len(text))
    except GraphError:
        return None


def _parsed(text: str | bytes, most: int) -> Any:
    if len(text) > most:
        raise GraphError("VE-012", f"the file is longer than {most} bytes")
    try:
        # Theirs may have NaN in it, which is no JSON.
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise GraphError("VE-001", f"the file is no JSON: {str(error)[:200]}", _HINT) from None


def _recognised(found: list[Any]) -> tuple[Form, dict[str, Any]]:
    for data in found:
        if (form := _form(data)) is not None:
            return form
    raise GraphError("VE-001", "the file holds no workflow of ComfyUI", _HINT)


def _form(data: Any) -> tuple[Form, dict[str, Any]] | None:
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("nodes"), list):
        return "editor", data
    # What is sent to their server has the nodes below `prompt`.
    inner = data.get("prompt", data)
    if isinstance(inner, dict) and any(_is_node(node) for node in inner.values()):
        return "api", inner
    return None


def _is_node(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str)
