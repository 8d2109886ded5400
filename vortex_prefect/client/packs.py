"""Packs and node types as Python meets them: `graph.image.blur(…)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vortex_prefect.client.handles import AnyNode
from vortex_prefect.client.names import CALL_WORDS, declared_name, python_name, short_name, unknown
from vortex_prefect.core.nodespec import Catalogue, NodeSpec

if TYPE_CHECKING:
    pass

#: Makes a node: type, arguments, id, title, position.
Make = Callable[..., AnyNode]


class NodeType:
    """A node type of the catalogue; a call of it adds a node to the graph."""

    def __init__(self, make: Make, spec: NodeSpec) -> None:
        self._make = make
        #: What it declares.
        self.spec = spec
        self.__doc__ = described(spec)
        self.__name__ = spec.type
        self.__signature__ = _signature(spec)

    def __call__(
        self,
        /,
        *,
        id: str | None = None,
        title: str | None = None,
        at: tuple[float, float] | None = None,
        **arguments: Any,
    ) -> AnyNode:
        """Add a node of this type; see `Graph.node`."""
        return self._make(self.spec.type, id=id, title=title, at=at, **arguments)

    def __repr__(self) -> str:
        return f"<node type {self.spec.type}>"


class Pack:
    """The node types of a pack as attributes."""

    def __init__(self, name: str, catalogue: Catalogue, make: Make) -> None:
        self._name = name
        self._make = make
        specs = [spec for spec in catalogue.all() if pack_of(spec) == name]
        self._specs = {spec.type.partition(".")[2]: spec for spec in specs}
        # Of a published graph the version that is offered; `Graph.node` takes any.
        self._specs |= {short_name(spec.type): spec for spec in specs if spec.graph is not None and not spec.hidden}

    def __getattr__(self, name: str) -> NodeType:
        if name.startswith("_"):
            raise AttributeError(name)
        if (found := declared_name(name, self._specs)) is None:
            raise unknown("VE-003", name, f"node types of the pack {self._name}", self._specs)
        return NodeType(self._make, self._specs[found])

    def __dir__(self) -> list[str]:
        return [python_name(name) for name in self._specs]

    def __repr__(self) -> str:
        return f"<pack {self._name}: {len(self._specs)} node types>"


def pack_of(spec: NodeSpec) -> str:
    """The pack that a node type belongs to."""
    return spec.type.partition(".")[0]


def described(spec: NodeSpec) -> str:
    """What a person reads of a node type: its purpose, then a line for each input, parameter and output."""
    lines = [spec.doc.strip() or spec.title]
    ports = [(python_name(port.name, CALL_WORDS), port.type, port.doc) for port in spec.inputs]
    for param in spec.params:
        bounds = param.bounds
        low, high = (None, None) if bounds is None else (bounds.min, bounds.max)
        limits = f"{'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"
        notes = [param.type, limits if (low, high) != (None, None) else "", param.unit or ""]
        ports.append((python_name(param.name, CALL_WORDS), " ".join(filter(None, notes)), param.doc))
    for title, rows in (
        ("Args", ports),
        ("Outputs", [(port.name, port.type, port.doc) for port in spec.outputs]),
    ):
        if rows:
            lines += ["", f"{title}:"]
            lines += [f"    {name} ({kind}): {' '.join(doc.split())}".rstrip(" :") for name, kind, doc in rows]
    return "\n".join(lines)


def _signature(spec: NodeSpec) -> inspect.Signature:
    kind = inspect.Parameter.KEYWORD_ONLY
    empty = inspect.Parameter.empty
    parameters = [
        inspect.Parameter(python_name(port.name, CALL_WORDS), kind, default=empty if port.required else None)
        for port in spec.inputs
    ]
    parameters += [
        inspect.Parameter(python_name(param.name, CALL_WORDS), kind, default=empty if param.required else param.default)
        for param in spec.params
    ]
    parameters += [inspect.Parameter(word, kind, default=None) for word in sorted(CALL_WORDS)]
    # A declared name need not be one that Python can spell; then the call takes it as `**{"…": value}`.
    spelled = [parameter for parameter in parameters if parameter.name.isidentifier()]
    return inspect.Signature(spelled)
