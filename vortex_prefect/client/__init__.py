"""Clients: of the bridge (`Bridge`, `AsyncBridge`), and graphs in Python (`vortex_prefect.Graph`, `run_graph`).

Importing this loads nothing heavy; names come when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vortex_prefect.client.bridge import answers, messages
    from vortex_prefect.client.bridge.clients import AsyncBridge, Bridge
    from vortex_prefect.client.bridge.streams import AsyncMessageStream, MessageStream

__all__ = ["AsyncBridge", "AsyncMessageStream", "Bridge", "MessageStream", "answers", "messages"]

_HOMES = {
    "AsyncBridge": "clients",
    "AsyncMessageStream": "streams",
    "Bridge": "clients",
    "MessageStream": "streams",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"vortex_prefect.client.bridge.{_HOMES[name]}"), name)
    if name in ("answers", "messages"):
        return import_module(f"vortex_prefect.client.bridge.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
