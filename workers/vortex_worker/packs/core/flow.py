"""Which way a value goes."""

from __future__ import annotations

from typing import Annotated

from vortex_worker.sdk import Any, Doc, Lazy, node


@node("core.switch", category="flow", outputs=("out",))
def switch(
    condition: Annotated[bool, Doc("Which of the two goes on; the other is not even computed.")] = True,
    on_true: Annotated[Any, Lazy()] = None,
    on_false: Annotated[Any, Lazy()] = None,
) -> Any:
    """Pass one of two values on."""
    name, chosen = ("on_true", on_true) if condition else ("on_false", on_false)
    if chosen is None:
        raise ValueError(f"condition is {str(condition).lower()}, but {name} has no value; connect it")
    return chosen


@node("core.passthrough", category="flow", title="Pass through", outputs=("out",))
def passthrough(value: Any) -> Any:
    """Pass a value on unchanged, to tidy up edges."""
    return value
