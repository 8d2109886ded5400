"""Which way a value goes."""

from __future__ import annotations

from typing import Annotated

from vortex_worker.sdk import Any, Doc, Lazy, Range, node


@node("core.switch", category="flow", version=2, outputs=("out",))
def switch(
    on_true: Annotated[Any, Lazy(when=("condition", True))],
    on_false: Annotated[Any, Lazy(when=("condition", False))],
    condition: Annotated[bool, Doc("Which of the two goes on; the other is not even computed.")] = True,
) -> Any:
    """Pass one of two values on."""
    return on_true if condition else on_false


@node("core.select", category="flow", outputs=("out",))
def select(
    in_0: Annotated[Any, Lazy(when=("index", 0))],
    in_1: Annotated[Any, Lazy(when=("index", 1))],
    in_2: Annotated[Any, Lazy(when=("index", 2))],
    in_3: Annotated[Any, Lazy(when=("index", 3))],
    in_4: Annotated[Any, Lazy(when=("index", 4))],
    in_5: Annotated[Any, Lazy(when=("index", 5))],
    in_6: Annotated[Any, Lazy(when=("index", 6))],
    in_7: Annotated[Any, Lazy(when=("index", 7))],
    index: Annotated[int, Range(0, 7), Doc("Which of the inputs goes on; the others are not even computed.")] = 0,
) -> Any:
    """Pass one of up to eight values on."""
    return (in_0, in_1, in_2, in_3, in_4, in_5, in_6, in_7)[index]


@node("core.passthrough", category="flow", title="Pass through", outputs=("out",))
def passthrough(value: Any) -> Any:
    """Pass a value on unchanged, to tidy up edges."""
    return value
