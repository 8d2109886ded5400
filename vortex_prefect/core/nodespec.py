"""What a node declares: ports, parameters with bounds, outputs.

Declarations are made by the worker, which alone runs node code, and travel as
data; validation, the compiler and the editor see nothing else of a node.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: All port types but `LIST[T]`, which wraps one of them.
PORT_TYPES = (
    "IMAGE", "MASK", "LATENT", "TENSOR", "AUDIO", "TABLE", "BYTES", "MODEL", "CONDITIONING",
    "FLOAT", "INT", "BOOL", "STRING", "JSON", "PATH", "ANY",
)  # fmt: skip

#: source type → target types that accept it without a node in between.
CONVERSIONS: dict[str, frozenset[str]] = {
    "INT": frozenset({"FLOAT", "JSON"}),
    "FLOAT": frozenset({"JSON"}),
    "BOOL": frozenset({"JSON"}),
    "STRING": frozenset({"JSON"}),
    "PATH": frozenset({"STRING", "JSON"}),
    "IMAGE": frozenset({"TENSOR"}),
    "MASK": frozenset({"TENSOR"}),
    "LATENT": frozenset({"TENSOR"}),
}

ParamType = Literal["FLOAT", "INT", "BOOL", "STRING", "JSON", "PATH"]


def accepts(source: str, target: str) -> bool:
    """Whether an output of type `source` may feed an input of type `target`.

    ANY accepts and is accepted by everything; what really flows is checked by
    the worker. `LIST[A]` fits `LIST[B]` where A fits B.
    """
    if source == target or "ANY" in (source, target):
        return True
    item, item_taken = item_type(source), item_type(target)
    if item is not None and item_taken is not None:
        return accepts(item, item_taken)
    return target in CONVERSIONS.get(source, ())


class _Declaration(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def item_type(port_type: str) -> str | None:
    """T of `LIST[T]`; null for what is no list."""
    return port_type[5:-1] if port_type.startswith("LIST[") else None


def list_type(port_type: str) -> str:
    """`LIST[T]` of T."""
    return f"LIST[{port_type}]"


def maps(source: str, target: str) -> bool:
    """Whether a node takes the items of an output of type `source` one by one at a port of type `target`.

    It does where an item fits and the list itself does not: `LIST[IMAGE]` into
    IMAGE. ANY takes the list as it is.
    """
    item = item_type(source)
    return item is not None and not accepts(source, target) and item_type(item) is None and accepts(item, target)


class Bounds(_Declaration):
    """Inclusive limits; null where there is none. `step` is for widgets only."""

    min: float | None = None
    max: float | None = None
    step: float | None = None

    def violation(self, value: float) -> str | None:
        """What is wrong with `value`, or null. NaN is always outside."""
        if math.isnan(value):
            return "is not a number"
        if self.min is not None and value < self.min:
            return f"is below {self.min:g}"
        if self.max is not None and value > self.max:
            return f"is above {self.max:g}"
        return None


class InputSpec(_Declaration):
    """A port that takes tensors or values from other nodes."""

    name: str
    type: str
    required: bool = True
    #: Takes any number of edges; the node receives a list.
    list: bool = False
    #: Evaluated only if the node asks for it.
    lazy: bool = False
    #: (parameter, value): the port is asked for, and required if it is, only where the parameter has that value.
    when: tuple[str, Any] | None = None
    #: Takes a list of which items failed, without them; other ports then keep their node from running.
    partial: bool = False
    doc: str = ""


class ParamSpec(_Declaration):
    """A value that the user sets; an edge into a port of the same name overrides it."""

    name: str
    type: ParamType
    #: Null together with `required`: the user has to give a value.
    default: Any = None
    required: bool = False
    bounds: Bounds | None = None
    unit: str | None = None
    choices: tuple[str, ...] | None = None
    #: Hint for the editor: slider, seed, file, colour, curve, text, …
    widget: str | None = None
    doc: str = ""


class OutputSpec(_Declaration):
    """A port that gives a tensor or a value."""

    name: str
    type: str
    doc: str = ""
    #: Of a published graph: the node within it that gives the value, as its execution names it, and that node's port.
    source: tuple[str, str] | None = None


class NodeSpec(_Declaration):
    """One node type, `pack.name`. `version` is part of every content key."""

    type: str
    version: int = 1
    #: Of a pack that is being worked on: changes with any of its files, and is part of every content key then.
    revision: str = ""
    title: str
    category: str
    doc: str = ""
    inputs: tuple[InputSpec, ...] = ()
    params: tuple[ParamSpec, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    #: Runs on every execution: it has an effect outside, or its result changes by itself.
    volatile: bool = False
    #: A worker tells, from the node's own parameters, what else its results depend on; that is part of the content key.
    fingerprint: bool = False
    #: Its jobs carry the graph as it was drawn, which is part of no content key.
    takes_graph: bool = False
    #: Names of PATH parameters whose file content is part of the content key.
    files: tuple[str, ...] = Field(default=())
    #: Kind of device that it needs; null: any.
    device: Literal["cpu", "cuda"] | None = None
    #: The graph that it was published from; null for a node of a pack.
    graph: str | None = None
    #: Not offered for new nodes: there is a newer version of it, or it was withdrawn.
    hidden: bool = False
    #: Names of the parameters and MODEL inputs for which workers keep an instance each; null: nothing is kept.
    instance: tuple[str, ...] | None = None

    @property
    def edition(self) -> int | str:
        """What of content keys stands for the node's code."""
        return f"{self.version}+{self.revision}" if self.revision else self.version

    def input(self, name: str) -> InputSpec | None:
        """The input port of that name, or null."""
        return next((port for port in self.inputs if port.name == name), None)

    def param(self, name: str) -> ParamSpec | None:
        """The parameter of that name, or null."""
        return next((param for param in self.params if param.name == name), None)

    def output(self, name: str) -> OutputSpec | None:
        """The output port of that name, or null."""
        return next((port for port in self.outputs if port.name == name), None)


class Catalogue:
    """All node types of a host, by name. Immutable; `digest` identifies the set, `text` is its JSON form."""

    def __init__(self, specs: tuple[NodeSpec, ...] = ()) -> None:
        self._specs = {spec.type: spec for spec in sorted(specs, key=lambda spec: spec.type)}
        self.text = json.dumps(self.to_list(), sort_keys=True, separators=(",", ":"))
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._specs)

    def __contains__(self, node_type: str) -> bool:
        return node_type in self._specs

    def get(self, node_type: str) -> NodeSpec | None:
        """The declaration of a node type, or null."""
        return self._specs.get(node_type)

    def all(self) -> tuple[NodeSpec, ...]:
        """Every declaration, sorted by type."""
        return tuple(self._specs.values())

    def to_list(self) -> list[dict[str, Any]]:
        """JSON form, as the handshake carries it and `GET /api/nodes` answers."""
        return [spec.model_dump(mode="json") for spec in self._specs.values()]

    @classmethod
    def from_list(cls, data: list[dict[str, Any]]) -> Catalogue:
        """Rebuild from `to_list`.

        Raises:
            pydantic.ValidationError: a declaration is not one.
        """
        return cls(tuple(NodeSpec.model_validate(item) for item in data))


def check_param(spec: ParamSpec, value: Any) -> tuple[str, str] | None:
    """What is wrong with a parameter's value, as `(code, message)`, or null.

    The control plane asks before an execution and the worker again before each
    call, so both give the same verdict. A 64-bit INT may be a decimal string,
    since JSON numbers of a browser hold 53 bits only. Null stands for a null default.
    """
    if value is None and spec.default is None and not spec.required:
        return None
    if (wrong := _type_violation(spec.type, value)) is not None:
        return "VE-009", f"{spec.name} {wrong}"
    if spec.choices is not None and value not in spec.choices:
        return "VE-010", f"{spec.name} is {value!r}, not one of {', '.join(spec.choices)}"
    if spec.bounds is not None and (outside := spec.bounds.violation(float(value))) is not None:
        return "VE-010", f"{spec.name} = {value} {outside}"
    if spec.type == "INT" and not -(1 << 63) <= int(value) < 1 << 64:
        return "VE-010", f"{spec.name} = {value} does not fit into 64 bits"
    return None


def coerce_param(spec: ParamSpec, value: Any) -> Any:
    """The value as the node receives it: INT from integral floats and decimal strings; null stays null."""
    if value is None:
        return None
    if spec.type == "INT":
        return int(value)
    if spec.type == "FLOAT":
        return float(value)
    return value


def _type_violation(expected: str, value: Any) -> str | None:
    if expected == "JSON":
        return None
    if expected == "BOOL":
        fits = isinstance(value, bool)
    elif expected == "INT":
        fits = _is_integral(value)
    elif expected == "FLOAT":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    return None if fits else f"is {_short(value)}, not a value of type {expected}"


def _is_integral(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.removeprefix("-").isdecimal() and len(value) <= 20
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
