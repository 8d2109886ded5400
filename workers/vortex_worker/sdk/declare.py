"""From a typed function, or a class, to a node declaration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Literal, TypeVar

from vortex_prefect.core.nodespec import NodeSpec
from vortex_worker.sdk.calls import CONTEXT, kept, stepwise
from vortex_worker.sdk.signature import Arguments, check_conditions, read_arguments, read_results

F = TypeVar("F", bound=Callable[..., Any])

_NODE = "__vortex_node__"


@dataclass(frozen=True, slots=True)
class NodeType:
    """A declaration together with what is called for it: the function that it was read off, or one around it."""

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
    takes_graph: bool = False,
) -> Callable[[F], F]:
    """Declare a function or a class as node `type` (`pack.name`); it stays an ordinary one.

    Arguments annotated with a port type are inputs (optional where the default
    is None); `float`, `int`, `bool`, `str`, `Path` and defaulted `Json` are
    parameters; a `Context` is handed in. A trailing underscore of an argument
    is not part of the port's name (`in_` → `in`). The result is one port, or
    one a field of a `NamedTuple`. `list[T]` is a list of T: as a result, a node
    that takes T runs once for each item of it.

    A function that yields reports its progress so: a number from 0 to 1, or a
    `Progress`; what it returns is its result, annotated as `Steps[…]` of that.
    A cancel is raised where it yields.

    Of a class an instance is kept in the worker for each set of arguments of
    its `__init__`, which are parameters and inputs of type MODEL; `__call__`
    takes the others and gives the result.

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
        takes_graph: `Context.graph_json` is the graph, for a node that writes it
            into its files. It is part of no content key, so the node has to be
            volatile.

    Raises:
        TypeError: the signature says something that no port or parameter can;
            a node takes the graph and is not volatile.
    """
    if takes_graph and not volatile:
        raise TypeError(f"{type} takes the graph, so it has to be volatile: its result could not be reused")
    about = {"category": category, "volatile": volatile, "device": device, "takes_graph": takes_graph}

    def declare(declared: F) -> F:
        made = _of_class if inspect.isclass(declared) else _of_function
        found = made(declared, type, version, outputs)
        spec = found.spec.model_copy(update={"title": title or found.spec.title, **about})
        found = replace(found, spec=spec)
        if fingerprint is not None:
            found = _with_fingerprint(found, fingerprint)
        setattr(declared, _NODE, found)
        return declared

    return declare


def nodes_of(modules: Iterable[ModuleType]) -> list[NodeType]:
    """The nodes declared in modules, each once, sorted by type.

    Raises:
        TypeError: two of them declare the same type.
    """
    found: dict[str, NodeType] = {}
    for module in modules:
        for value in vars(module).values():
            # Of a class its own: one that inherits is no node by that.
            declared = vars(value).get(_NODE) if inspect.isfunction(value) or inspect.isclass(value) else None
            if not isinstance(declared, NodeType):
                continue
            other = found.setdefault(declared.spec.type, declared)
            if other is not declared:
                raise TypeError(f"{declared.spec.type} is declared twice")
    return [found[name] for name in sorted(found)]


def _with_fingerprint(declared: NodeType, fingerprint: Callable[..., str]) -> NodeType:
    known = {declared.argument_of[param.name] for param in declared.spec.params}
    if unknown := set(inspect.signature(fingerprint).parameters) - known:
        raise TypeError(
            f"{declared.spec.type}: its fingerprint takes {min(unknown)}, which is no parameter of the node"
        )
    return replace(declared, spec=declared.spec.model_copy(update={"fingerprint": True}), fingerprint=fingerprint)


def _of_function(
    function: Callable[..., Any], type_name: str, version: int, output_names: tuple[str, ...] | None
) -> NodeType:
    taken = read_arguments(type_name, function)
    check_conditions(type_name, taken)
    spec = _spec(type_name, function, version, taken).model_copy(
        update={"outputs": tuple(read_results(type_name, function, output_names))}
    )
    if not inspect.isgeneratorfunction(function):
        return NodeType(spec, function, taken.context, taken.argument_of)
    return NodeType(spec, stepwise(function, taken.context), CONTEXT, taken.argument_of)


def _of_class(cls: Any, type_name: str, version: int, output_names: tuple[str, ...] | None) -> NodeType:
    if "__call__" not in dir(cls) or not inspect.isfunction(cls.__call__):
        raise TypeError(f"{type_name}: a class that is a node has a method __call__")
    has_init = cls.__init__ is not object.__init__
    making = read_arguments(type_name, cls.__init__) if has_init else Arguments((), (), (), None, {})
    calling = read_arguments(type_name, cls.__call__)
    if strange := [port.name for port in making.inputs if port.type != "MODEL" or port.list]:
        raise TypeError(f"{type_name}: {strange[0]} of __init__ is neither a parameter nor a MODEL")
    names = making.argument_of.keys() & calling.argument_of.keys()
    if both := names | (set(making.argument_of.values()) & set(calling.argument_of.values())):
        raise TypeError(f"{type_name}: both __init__ and __call__ take {min(both)}")
    taken = Arguments(
        making.inputs + calling.inputs,
        making.params + calling.params,
        making.files + calling.files,
        None,
        making.argument_of | calling.argument_of,
    )
    check_conditions(type_name, taken)
    spec = _spec(type_name, cls, version, taken).model_copy(
        update={
            "outputs": tuple(read_results(type_name, cls.__call__, output_names)),
            "instance": tuple(making.argument_of),
        }
    )
    return NodeType(spec, kept(cls, f"{type_name}@{version}", making, calling), CONTEXT, taken.argument_of)


def _spec(type_name: str, declared: Any, version: int, taken: Arguments) -> NodeSpec:
    return NodeSpec(
        type=type_name,
        version=version,
        title=type_name.partition(".")[2].replace("_", " ").capitalize(),
        category="",
        doc=inspect.getdoc(declared) or "",
        inputs=taken.inputs,
        params=taken.params,
        files=taken.files,
    )
