"""What says which model a value of type MODEL is: JSON, since the model itself stays in the worker that loads it."""

from __future__ import annotations

from typing import Any


def resident_name(model: Any) -> str:
    """The name under which a worker keeps it, and by which placement looks for a worker that has it.

    By content, so that two files that hold the same are one model.
    """
    if isinstance(model, dict) and isinstance(model.get("sha256"), str):
        return f"model:{model['sha256']}"
    return str(model)
