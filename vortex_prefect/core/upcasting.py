"""Payloads of earlier releases, in the form that events have today.

The log is never rewritten: whoever reads it gets what stands there led through a step for each version since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vortex_prefect.core.events import EVENT_TYPES, PAYLOAD_VERSION

Payload = dict[str, Any]
_Step = Callable[[Payload], Payload]


def _queued_1(payload: Payload) -> Payload:
    """Which document ran was only in the table of executions."""
    return {**payload, "place": None, "inputs": None, "document": None}


def _started_1(payload: Payload) -> Payload:
    return {**payload, "prefect_url": None, "started_ms": None}


def _ended_1(payload: Payload) -> Payload:
    """What it gave was only in the table of executions."""
    return {**payload, "result": None}


def _saved_1(payload: Payload) -> Payload:
    return {**payload, "by": "user"}


#: Type and version → the step to the next version.
STEPS: dict[tuple[str, int], _Step] = {
    ("ExecutionQueued", 1): _queued_1,
    ("ExecutionStarted", 1): _started_1,
    ("ExecutionCompleted", 1): _ended_1,
    ("ExecutionFailed", 1): _ended_1,
    ("ExecutionCancelled", 1): _ended_1,
    ("GraphSaved", 1): _saved_1,
}


def upcast(event_type: str, payload: Payload, metadata: Payload) -> tuple[Payload, Payload]:
    """Payload and metadata as of today; both as they are where they are of today's form.

    Raises:
        ValueError: a later release wrote it.
    """
    present = EVENT_TYPES[event_type].version if event_type in EVENT_TYPES else 1
    version = _version(metadata)
    if version == present:
        return payload, metadata
    if version > present:
        raise ValueError(f"{event_type} has version {version}; this release reads up to {present}")
    while version < present:
        payload = STEPS[event_type, version](payload)
        version += 1
    return payload, {**metadata, PAYLOAD_VERSION: version}


def _version(metadata: Mapping[str, Any]) -> int:
    version: int = metadata.get(PAYLOAD_VERSION, 1)
    return version
