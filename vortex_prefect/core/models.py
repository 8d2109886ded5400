"""Under which names workers keep models and instances of nodes, which placement looks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: Longer ones are told by their hash: names of what workers keep travel with each of their beats.
_LONGEST_NAME = 200


def resident_name(model: Any) -> str:
    """The name under which a worker keeps it, and by which placement looks for a worker that has it.

    By content, so that two files that hold the same are one model. A checkpoint holds several: then `part` says which,
    and `dtype` in what precision it is kept.
    """
    if isinstance(model, dict) and isinstance(model.get("sha256"), str):
        told = (model.get("part"), model.get("dtype"))
        return ":".join(("model", model["sha256"], *(word for word in told if isinstance(word, str))))
    return str(model)


def instance_name(node: str, made_of: Mapping[str, Any]) -> str:
    """The name under which a worker keeps the instance of a node that is a class.

    Args:
        node: its type and version.
        made_of: what it is made of: parameter or MODEL input → value.
    """
    text = json.dumps(made_of, sort_keys=True, default=str, ensure_ascii=True)
    return f"{node} {text if len(text) < _LONGEST_NAME else hashlib.sha256(text.encode()).hexdigest()}"
