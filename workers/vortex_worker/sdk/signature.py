"""What the signature of a node says: its ports, its parameters, its results."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any

from vortex_prefect.core.nodespec import Bounds, InputSpec, OutputSpec, ParamSpec, ParamType, item_type, list_type
from vortex_worker.sdk.annotations import Choices, Doc, File, Lazy, Partial, Port, Range, Step, Unit, Widget
from vortex_worker.sdk.context import Context

_PARAM_TYPES: dict[type, ParamType] = {float: "FLOAT", int: "INT", bool: "BOOL", str: "STRING", Path: "PATH"}


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a function takes."""

    inputs: tuple[InputSpec, ...]
    params: tuple[ParamSpec, ...]
    #: Names of parameters whose file content counts.
    files: tuple[str, ...]
    #: Name of the argument that takes the `Context`, or null.
    context: str | None
    #: port or parameter → argument, where they differ (`in` is no Python name).
    argument_of: dict[str, str]


def read_arguments(type_name: str, function: Callable[..., Any]) -> Arguments:
    """The ports and parameters of a function, or of a method without its `self`.

    Raises:
        TypeError: an argument says something that no port or parameter can.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    inputs: list[InputSpec] = []
    params: list[ParamSpec] = []
    files: list[str] = []
    context = None
    argument_of: dict[str, str] = {}
    for argument in _arguments_of(function):
        where = f"{type_name}: argument {argument.name}"
        if argument.name not in hints:
            raise TypeError(f"{where} has no annotation")
        base, notes = _unpack(hints[argument.name])
        name = argument.name.removesuffix("_")
        if base is Context:
            context = argument.name
            continue
        argument_of[name] = argument.name
        port = _port_of(base, notes)
        if port is not None and not (port.type == "JSON" and argument.default not in (inspect.Parameter.empty, None)):
            inputs.append(_input(name, port, notes, required=argument.default is inspect.Parameter.empty))
            continue
        params.append(_param(where, name, base, notes, argument.default, is_json=port is not None))
        if _note(notes, File) is not None:
            files.append(name)
    return Arguments(tuple(inputs), tuple(params), tuple(files), context, argument_of)


def read_results(type_name: str, function: Callable[..., Any], names: tuple[str, ...] | None) -> list[OutputSpec]:
    """The output ports of a function; of a generator those of what it returns.

    Raises:
        TypeError: a result has no port type, or there are not as many as names.
    """
    hint = typing.get_type_hints(function, include_extras=True).get("return", NoneType)
    if inspect.isgeneratorfunction(function):
        if typing.get_origin(hint) is not Generator:
            raise TypeError(f"{type_name} yields: its result is to be annotated as Steps[…] of what it returns")
        hint = typing.get_args(hint)[2]
    return _outputs(type_name, hint, names)


def check_conditions(type_name: str, arguments: Arguments) -> None:
    """Raises TypeError if a lazy input is asked for by what is no parameter."""
    known = {param.name for param in arguments.params}
    for port in arguments.inputs:
        if port.when is not None and port.when[0] not in known:
            raise TypeError(f"{type_name}: {port.name} is asked for by {port.when[0]}, which is no parameter")


def _arguments_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    arguments = list(inspect.signature(function).parameters.values())
    # A method as its class has it.
    return arguments[1:] if arguments and arguments[0].name == "self" else arguments


def _unpack(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without `Annotated` and `| None`, and the notes that stood beside it."""
    notes: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(hint) is Annotated:
            notes += hint.__metadata__
            hint = hint.__origin__
        elif typing.get_origin(hint) in (typing.Union, UnionType):
            rest = [item for item in typing.get_args(hint) if item is not NoneType]
            if len(rest) != 1:
                return hint, notes
            hint = rest[0]
        else:
            return hint, notes


def _note(notes: tuple[Any, ...], kind: type) -> Any:
    return next((note for note in notes if isinstance(note, kind)), None)


def _port_of(base: Any, notes: tuple[Any, ...]) -> Port | None:
    """The port that an annotation makes; `list[T]` is one of type LIST[T]."""
    port: Port | None = _note(notes, Port)
    if port is None and typing.get_origin(base) is list:
        return Port(list_type(_item_type(base)))
    if port is None or port.type:
        return port
    return Port(_item_type(base), list=True)


def _item_type(base: Any) -> str:
    item_base, item_notes = _unpack(typing.get_args(base)[0])
    item = _note(item_notes, Port)
    port_type = item.type if item else _PARAM_TYPES.get(item_base)
    if port_type is None:
        raise TypeError(f"{base!r} is a list of something that no port carries")
    return str(port_type)


def _input(name: str, port: Port, notes: tuple[Any, ...], *, required: bool) -> InputSpec:
    doc, lazy = _note(notes, Doc), _note(notes, Lazy)
    return InputSpec(
        name=name,
        type=port.type,
        required=required,
        list=port.list,
        lazy=lazy is not None,
        when=lazy.when if lazy else None,
        partial=_note(notes, Partial) is not None,
        doc=doc.text if doc else "",
    )


def _param(where: str, name: str, base: Any, notes: tuple[Any, ...], default: Any, *, is_json: bool) -> ParamSpec:
    kind: ParamType | None = "JSON" if is_json else _PARAM_TYPES.get(base)
    if kind is None:
        raise TypeError(f"{where}: {base!r} is neither a port type nor one of float, int, bool, str, Path, Json")
    limits, step, unit = _note(notes, Range), _note(notes, Step), _note(notes, Unit)
    choices, widget, doc = _note(notes, Choices), _note(notes, Widget), _note(notes, Doc)
    required = default is inspect.Parameter.empty
    return ParamSpec(
        name=name,
        type=kind,
        default=None if required else (str(default) if isinstance(default, Path) else default),
        required=required,
        bounds=Bounds(min=limits.min, max=limits.max, step=step.step if step else None) if limits else None,
        unit=unit.unit if unit else None,
        choices=choices.values if choices else None,
        widget=widget.name if widget else ("file" if _note(notes, File) else None),
        doc=doc.text if doc else "",
    )


def _outputs(type_name: str, hint: Any, names: tuple[str, ...] | None) -> list[OutputSpec]:
    if hint is NoneType:
        return []
    base, notes = _unpack(hint)
    if inspect.isclass(base) and issubclass(base, tuple) and hasattr(base, "_fields"):
        fields = typing.get_type_hints(base, include_extras=True)
        ports = [(field.removesuffix("_"), *_unpack(fields[field])) for field in base._fields]
    else:
        ports = [("", base, notes)]
    if names is not None and len(names) != len(ports):
        raise TypeError(f"{type_name}: {len(ports)} results but {len(names)} names")
    found = []
    for index, (field, kind, kind_notes) in enumerate(ports):
        port, doc = _port_of(kind, kind_notes), _note(kind_notes, Doc)
        port_type = port.type if port else _PARAM_TYPES.get(kind)
        if port_type is None:
            raise TypeError(f"{type_name}: result {kind!r} has no port type")
        name = names[index] if names else (field or (item_type(port_type) or port_type).lower())
        found.append(OutputSpec(name=name, type=port_type, doc=doc.text if doc else ""))
    return found
