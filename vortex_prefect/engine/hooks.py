"""Prefect's state hooks for the flows of graphs: functions that the operator of a stack names.

A hook is `module:function` and takes `(flow, flow_run, state)`, as any hook of
Prefect's. Graphs name none: a document from elsewhere must not run code in the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings

#: Prefect's signature: flow, flow run, state; what it returns may be awaitable.
Hook = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is called when a graph's flow run ends."""

    on_completion: tuple[Hook, ...] = ()
    on_failure: tuple[Hook, ...] = ()
    on_cancellation: tuple[Hook, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Hooks:
        """Load the hooks that the settings name.

        Raises:
            SystemFault: SY-003, one cannot be loaded; the message names it.
        """
        return cls(_load(settings.on_completion), _load(settings.on_failure), _load(settings.on_cancellation))


def _load(names: str) -> tuple[Hook, ...]:
    return tuple(_function(name.strip()) for name in names.split(",") if name.strip())


def _function(name: str) -> Hook:
    module, colon, function = name.partition(":")
    try:
        if not colon:
            raise ValueError("a hook is named module:function")
        found: Hook = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        hint = "Check VORTEX_ON_COMPLETION, VORTEX_ON_FAILURE and VORTEX_ON_CANCELLATION."
        raise SystemFault("SY-003", f"the hook {name!r} cannot be loaded: {error}", hint) from error
    return found
