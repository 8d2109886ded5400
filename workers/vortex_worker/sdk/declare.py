"""From a typed function to a node declaration."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal

from vortex_prefect.core.nodespec import (
    Bounds,
    InputSpec,
    NodeSpec,
    OutputSpec,
    ParamSpec,
    ParamType,
    item_type,
    list_type,
)
from vortex_worker.sdk.annotations import Choices, Doc, File, Lazy, Partial, Port, Range, Step, Unit, Widget
from vortex_worker.sdk.context import Context

_PARAM_TYPES: dict[type, ParamType] = {float: "FLOAT", int: "INT", bool: "BOOL", str: "STRING", Path: "PATH"}
_NODE = "__vortex_node__"


@dataclass(frozen=True, slots=True)
class NodeType:
    """A declaration together with the function that it was read off."""

    spec: NodeSpec
    function: Callable[..., Any]
    #: Name of the argument that takes the `Context`, or null.
    context_argument: str | None
    #: port or parameter → argument, where they differ (`in` is no Python name).
    argument_of: dict[str, str]
    #: Tells from some of the parameters what else the result depends on, or null.
    fingerprint: Callable[..., str] | None = None


def node(
    type: str,
    *,
    category: str,
    title: str | None = None,
    version: int = 1,
    outputs: tuple[str, ...] | None = None,
    volatile: bool = False,
    fingerprint: Callable[..., str] | None = None,
    device: Literal["cpu", "cuda"] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function as node `type` (`pack.name`); the function stays an ordinary one.

    Arguments annotated with a port type are inputs (optional where the default
    is None); `float`, `int`, `bool`, `str`, `Path` and defaulted `Json` are
    parameters; a `Context` is handed in. A trailing underscore of an argument
    is not part of the port's name (`in_` → `in`). The result is one port, or
    one a field of a `NamedTuple`. `list[T]` is a list of T: as a result, a node
    that takes T runs once for each item of it.

    Args:
        outputs: names of the output ports; by default the field names of a
            `NamedTuple`, else the port type in lower case.
        version: raise it when results change, so that no stale result is reused.
        volatile: run on every execution, because it has an effect outside or
            its result changes by itself.
        fingerprint: takes some of the node's parameters, under their names, and
            returns a text that changes whenever the result would: the names in
            a folder, the version of a table. It runs on a worker before each
            execution, so it has to be quick; where it fails, or an edge drives
            such a parameter, the node runs every time.
        device: the kind of device that the node needs; it runs only on workers
            that compute there.

    Raises:
        TypeError: the signature says something that no port or parameter can.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        declared = _node_type(function, type, category, title, version, outputs, volatile)
        if device is not None:
            declared = replace(declared, spec=declared.spec.model_copy(update={"device": device}))
        if fingerprint is not None:
            declared = _with_fingerprint(declared, fingerprint)
        setattr(function, _NODE, declared)
        return function

    return declare


def nodes_of(modules: Iterable[ModuleType]) -> list[NodeType]:
    """The nodes declared in modules, each once, sorted by type.

    Raises:
        TypeError: two functions declare the same type.
    """
    found: dict[str, NodeType] = {}
    for module in modules:
        for value in vars(module).values():
            declared: NodeType | None = getattr(value, _NODE, None)
            if declared is None or not inspect.isfunction(value):
                continue
            other = found.setdefault(declared.spec.type, declared)
            if other.function is not declared.function:
                raise TypeError(f"{declared.spec.type} is declared by two functions")
    return [found[name] for name in sorted(found)]


def _with_fingerprint(declared: NodeType, fingerprint: Callable[..., str]) -> NodeType:
    known = {declared.argument_of[param.name] for param in declared.spec.params}
    if unknown := set(inspect.signature(fingerprint).parameters) - known:
        raise TypeError(
            f"{declared.spec.type}: its fingerprint takes {min(unknown)}, which is no parameter of the node"
        )
    return replace(declared, spec=declared.spec.model_copy(update={"fingerprint": True}), fingerprint=fingerprint)


def _node_type(
    function: Callable[..., Any],
    type_name: str,
    category: str,
    title: str | None,
    version: int,
    output_names: tuple[str, ...] | None,
    volatile: bool,
) -> NodeType:
    hints = typing.get_type_hints(function, include_extras=True)
    inputs: list[InputSpec] = []
    params: list[ParamSpec] = []
    files: list[str] = []
    context_argument = None
    argument_of: dict[str, str] = {}
    for argument in inspect.signature(function).parameters.values():
        where = f"{type_name}: argument {argument.name}"
        if argument.name not in hints:
            raise TypeError(f"{where} has no annotation")
        base, notes = _unpack(hints[argument.name])
        name = argument.name.removesuffix("_")
        if base is Context:
            context_argument = argument.name
            continue
        argument_of[name] = argument.name
        port = _port_of(base, notes)
        if port is not None and not (port.type == "JSON" and argument.default not in (inspect.Parameter.empty, None)):
            inputs.append(_input(name, port, notes, required=argument.default is inspect.Parameter.empty))
            continue
        params.append(_param(where, name, base, notes, argument.default, is_json=port is not None))
        if _note(notes, File) is not None:
            files.append(name)
    _check_conditions(type_name, inputs, params)
    doc = inspect.getdoc(function) or ""
    spec = NodeSpec(
        type=type_name,
        version=version,
        title=title or type_name.partition(".")[2].replace("_", " ").capitalize(),
        category=category,
        doc=doc,
        inputs=tuple(inputs),
        params=tuple(params),
        outputs=tuple(_outputs(type_name, hints.get("return", NoneType), output_names)),
        volatile=volatile,
        files=tuple(files),
    )
    return NodeType(spec, function, context_argument, argument_of)


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


def _check_conditions(type_name: str, inputs: list[InputSpec], params: list[ParamSpec]) -> None:
    known = {param.name: param for param in params}
    for port in inputs:
        if port.when is not None and port.when[0] not in known:
            raise TypeError(f"{type_name}: {port.name} is asked for by {port.when[0]}, which is no parameter")


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
