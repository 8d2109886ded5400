"""The next version of a graph's record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vortex_prefect.core.contracts import GraphRecord
from vortex_prefect.core.ids import now_ms


def following(record: GraphRecord, document: dict[str, Any]) -> GraphRecord:
    """The record after a change."""
    # Pages of the list continue by time, so a change must not look older than the one before it.
    updated_ms = max(now_ms(), record.updated_ms)
    return replace(record, name=document["name"], version=record.version + 1, document=document, updated_ms=updated_ms)
