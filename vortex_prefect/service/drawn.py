"""Graphs as they were drawn, where an execution runs another one: kept once for all that ran the same.

Of the document, not by `graph_hash`: that leaves out names and places, which a person looks for.
"""

from __future__ import annotations

import hashlib
from typing import Any

from vortex_prefect.core.contracts import ExecutionRecord, UnitOfWork
from vortex_prefect.graph.canonical import canonical_json


def digest_of(document: dict[str, Any]) -> str:
    """The key under which a document is kept: SHA-256 of its canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def keep(uow: UnitOfWork, record: ExecutionRecord, document: dict[str, Any] | None) -> dict[str, Any] | None:
    """Keep what was drawn for an execution, if anything; what the log is to be told: null where it knows already."""
    digest = record.options.get("drawn")
    if document is None or digest is None or uow.has_drawn(digest):
        return None
    uow.put_drawn(digest, document)
    return document


def drawn_of(uow: UnitOfWork, record: ExecutionRecord) -> dict[str, Any] | None:
    """What was drawn for an execution; null where it ran just that, or an earlier release queued it."""
    digest = record.options.get("drawn")
    return None if digest is None else uow.drawn(digest)
