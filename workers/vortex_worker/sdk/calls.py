"""How nodes are called that are more than a function: generators, and classes whose instances are kept.

Both become a function that takes the node's arguments and, under `CONTEXT`, the
context of its job, so that whoever runs nodes knows functions only.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vortex_prefect.core.models import instance_name
from vortex_worker.sdk.context import Cancelled, Context
from vortex_worker.sdk.signature import Arguments

#: No argument can be called so.
CONTEXT = "the context"


class Progress(NamedTuple):
    """What a node yields on its way: how far it is, 0 to 1, a note for people, and what it has made so far."""

    fraction: float
    note: str = ""
    #: See `Context.preview`.
    preview: torch.Tensor | None = None


def stepwise(function: Callable[..., Any], context: str | None) -> Callable[..., Any]:
    """A generator as a function: what it yields is reported, what it returns is the result.

    Args:
        context: name of the argument that takes the context, if it wants it as well.
    """

    def run(**arguments: Any) -> Any:
        ctx: Context = arguments.pop(CONTEXT)
        if context is not None:
            arguments[context] = ctx
        return _result(function(**arguments), ctx)

    return run


def kept(cls: type, name: str, making: Arguments, calling: Arguments) -> Callable[..., Any]:
    """A class as a function: its instance for these parameters is kept in the worker, and called.

    Args:
        name: of the node type and its version.
        making, calling: the arguments of `__init__` and `__call__`.
    """
    made_of = {argument: port for port, argument in making.argument_of.items()}
    files = [making.argument_of[port] for port in making.files]
    call: Callable[..., Any] = cls.__call__
    is_generator = inspect.isgeneratorfunction(call)

    def run(**arguments: Any) -> Any:
        ctx: Context = arguments.pop(CONTEXT)
        made = {argument: arguments.pop(argument) for argument in made_of if argument in arguments}
        key = instance_name(name, {made_of[argument]: value for argument, value in made.items()})
        stamp = tuple([_state_of(made[argument]) for argument in files])
        if making.context is not None:
            made[making.context] = ctx
        instance = ctx.resident(key, lambda: cls(**made), _bytes_of, stamp)
        if calling.context is not None:
            arguments[calling.context] = ctx
        result = call(instance, **arguments)
        return _result(result, ctx) if is_generator else result

    return run


def _result(steps: Generator[Any, None, Any], ctx: Context) -> Any:
    """Go to the end of a generator; what is wrong with a step, a cancel say, is raised where it yielded."""
    wrong: Exception | None = None
    while True:
        try:
            said = next(steps) if wrong is None else steps.throw(wrong)
        except StopIteration as done:
            return done.value
        wrong = _reported(said, ctx)


def _reported(said: Any, ctx: Context) -> Exception | None:
    if isinstance(said, int | float) and not isinstance(said, bool):
        said = Progress(said)
    if not isinstance(said, Progress):
        return TypeError(f"a node yields its progress as a number or a Progress, not a {type(said).__name__}")
    try:
        ctx.progress(said.fraction, said.note)
    except Cancelled as cancelled:
        return cancelled
    if said.preview is not None:
        ctx.preview(said.preview)
    return None


def _state_of(path: Path | None) -> tuple[int, ...] | None:
    """Changes when a file does, or another takes its place; null where there is none: who opens it will say so."""
    try:
        found = os.stat(path) if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) if found else None


def _bytes_of(instance: Any) -> int:
    """As the instance tells it in `nbytes`; else what the tensors and modules among its attributes take."""
    told = getattr(instance, "nbytes", None)
    if isinstance(told, int):
        return told
    held = getattr(instance, "__dict__", {}).values()
    tensors = [value for value in held if isinstance(value, torch.Tensor)]
    for module in held:
        if isinstance(module, torch.nn.Module):
            tensors += [*module.parameters(), *module.buffers()]
    return sum(tensor.nbytes for tensor in tensors)
