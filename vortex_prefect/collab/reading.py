"""What one entry of the document says. Anything at all may stand there; what no graph can hold is left out and told.

Nothing here raises: a peer that sends nonsense harms its own entry only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import pycrdt
from pycrdt import Map
from pydantic import TypeAdapter, ValidationError

from vortex_prefect.collab.numbers import read_integer, read_param, travelled
from vortex_prefect.collab.ordering import Place, read_order
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.document import Path, json_problems, json_size, problem_at, schema_problems
from vortex_prefect.graph.model import (
    SCHEMA,
    Edge,
    ExposedInput,
    ExposedOutput,
    Group,
    Name,
    Node,
    NodeId,
    Note,
    Part,
    Text,
)

P = TypeVar("P")
M = TypeVar("M", bound=Part)

_SHARED = (
    pycrdt.Array, pycrdt.Doc, pycrdt.Map, pycrdt.Text, pycrdt.XmlElement, pycrdt.XmlFragment, pycrdt.XmlText
)  # fmt: skip

#: A node's fields that are stored under their own names.
NODE_FIELDS = tuple(name for name in Node.model_fields if name not in ("position", "params"))


@dataclass(frozen=True, slots=True)
class Entry(Generic[P]):
    """One key of a root, as far as it can be read."""

    key: str
    #: Null where the entry is no part of a graph.
    value: P | None
    order: float = math.inf
    problems: tuple[Problem, ...] = ()
    #: What `json_problems` will count for it in the graph's document.
    size: int = 0

    @property
    def place(self) -> Place:
        """What entries of one root are sorted by."""
        return self.order, self.key


def same(first: Entry[P] | None, second: Entry[P] | None) -> bool:
    """Whether two readings are equal, where true is not 1 nor 1 the same as 1.0."""
    return first == second and repr(first) == repr(second)


def read_meta(key: str, value: Any) -> Entry[str]:
    """`schema` and `name`."""
    if key == "schema":
        wrong = None if value == SCHEMA and isinstance(value, str) else f"must be '{SCHEMA}'"
        return Entry(key, None, problems=(problem_at((key,), wrong),) if wrong else ())
    if key != "name":
        return Entry(key, None, problems=(problem_at(("meta", key), "is not a known field"),))
    if problems := _scalar_problems(Text, _field(value), (key,)):
        return Entry(key, None, problems=problems)
    return Entry(key, value, size=len(value))


def read_node(key: str, value: Any, catalogue: Catalogue | None, limits: Limits) -> Entry[Node]:
    """A Y.Map as a node. Fields that are wrong have their defaults; without a type it is no node."""
    at: Path = ("nodes", key)
    if problems := _scalar_problems(NodeId, key, at):
        return Entry(key, None, problems=problems)
    if not isinstance(value, Map):
        return Entry(key, None, problems=(problem_at(at, f"must be a Y.Map, not {_kind(value)}"),))
    raw = _fields(contents(value))
    raw.pop("params", None)
    raw |= {name: read_integer(raw[name]) for name in ("retries", "max_parallel") if name in raw}
    foreign = _foreign(raw, ("position",), at)
    found, problems = _validated(Node, _positioned(raw), at)
    problems += foreign
    if found is None:
        return Entry(key, None, problems=problems)
    if "params" in value:
        read, wrong = _params(value.get("params"), at, found.type, catalogue, limits)
        found, problems = found.model_copy(update={"params": read}), problems + wrong
    return Entry(key, found, problems=problems, size=len(key) + json_size(found.model_dump(mode="json")))


def read_edge(key: str, value: Any) -> Entry[Edge]:
    """Plain JSON as an edge, whatever its key; whether its nodes exist is not asked here."""

    def data(raw: dict[str, Any]) -> dict[str, Any]:
        ends = {"source": ("source", "sourcePort"), "target": ("target", "targetPort")}
        read = {end: {"node": raw.pop(node, None), "port": raw.pop(port, None)} for end, (node, port) in ends.items()}
        return raw | read

    return _read_json(Edge, key, value, ("edges", key), data)


def read_input(key: str, value: Any) -> Entry[ExposedInput]:
    """Plain JSON as an exposed input; the key is its name."""
    return _read_json(ExposedInput, key, value, ("inputs", key), lambda raw: raw | {"name": key})


def read_output(key: str, value: Any) -> Entry[ExposedOutput]:
    """Plain JSON as an exposed output; the key is its name."""
    return _read_json(ExposedOutput, key, value, ("outputs", key), lambda raw: raw | {"name": key})


def read_group(key: str, value: Any) -> Entry[Group]:
    """A Y.Map as a group; the key is its id."""
    return _read_frame(Group, key, value, ("groups", key))


def read_note(key: str, value: Any) -> Entry[Note]:
    """A Y.Map as a note; the key is its id."""
    return _read_frame(Note, key, value, ("notes", key))


def contents(value: Map[Any]) -> dict[str, Any]:
    """The entries of a Y.Map by key, sorted, nested types as they are."""
    # A malicious update can leave a key that the map lists but does not have.
    return {key: value.get(key) for key in sorted(value.keys()) if key in value}


def _read_json(
    model: type[M], key: str, value: Any, at: Path, data: Callable[[dict[str, Any]], dict[str, Any]]
) -> Entry[M]:
    if not isinstance(value, dict):
        return Entry(key, None, problems=(problem_at(at, f"must be an object, not {_kind(value)}"),))
    raw = _fields(value)
    order = read_order(raw.pop("order", None))
    foreign = _foreign(raw, ("name",), at)
    found, problems = _validated(model, data(raw), at, salvage=("extra_forbidden",))
    return _sized(key, found, order, problems + foreign)


def _read_frame(model: type[M], key: str, value: Any, at: Path) -> Entry[M]:
    if not isinstance(value, Map):
        return Entry(key, None, problems=(problem_at(at, f"must be a Y.Map, not {_kind(value)}"),))
    raw = _fields(contents(value))
    order = read_order(raw.pop("order", None))
    foreign = _foreign(raw, ("id", "position", "size"), at)
    size = {name: raw.pop(name) for name in ("width", "height") if name in raw}
    if problems := _scalar_problems(NodeId, key, at):
        return Entry(key, None, problems=problems)
    found, problems = _validated(model, _positioned(raw) | {"id": key, "size": size}, at)
    return _sized(key, found, order, problems + foreign)


def _sized(key: str, found: M | None, order: float, problems: tuple[Problem, ...]) -> Entry[M]:
    return Entry(key, found, order, problems, 0 if found is None else json_size(found.model_dump(mode="json")))


def _foreign(raw: dict[str, Any], names: Iterable[str], at: Path) -> tuple[Problem, ...]:
    """Remove fields that the graph's form has and the document's has not."""
    found = [name for name in names if name in raw]
    for name in found:
        del raw[name]
    return tuple(problem_at((*at, name), "is not a known field") for name in found)


def _positioned(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: item for name, item in raw.items() if name not in ("x", "y")},
        "position": {name: raw[name] for name in ("x", "y") if name in raw},
    }


def _validated(
    model: type[M], data: dict[str, Any], at: Path, salvage: tuple[str, ...] | None = None
) -> tuple[M | None, tuple[Problem, ...]]:
    """The model without what is wrong, or null where that leaves none.

    Args:
        salvage: kinds of findings that can be left out; null for all.
    """
    try:
        return model.model_validate(data), ()
    except ValidationError as error:
        problems = tuple(_bounded(schema_problems(error, at=at)))
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
    for item in wrong:
        if salvage is not None and item["type"] not in salvage:
            return None, problems
        _leave_out(data, item["loc"])
    try:
        return model.model_validate(data), problems
    except ValidationError:
        return None, problems


def _leave_out(data: dict[str, Any], where: tuple[int | str, ...]) -> None:
    """Remove the field that a finding names: `title`, or `x` of `position`."""
    first, *deeper = where
    inner = data.get(str(first))
    if deeper and isinstance(inner, dict):
        inner.pop(str(deeper[0]), None)
    else:
        data.pop(str(first), None)


def _params(
    params: Any, at: Path, node_type: str, catalogue: Catalogue | None, limits: Limits
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    at = (*at, "params")
    if not isinstance(params, Map):
        return {}, (problem_at(at, f"must be a Y.Map, not {_kind(params)}"),)
    specs = param_specs(node_type, catalogue)
    read: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in contents(params).items():
        wrong = _scalar_problems(Name, name, (*at, name)) or json_problems(value, limits, above=0, at=(*at, name))
        if wrong:
            problems += wrong
        else:
            read[name] = read_param(specs.get(name), value)
    return read, tuple(_bounded(problems))


def param_specs(node_type: str, catalogue: Catalogue | None) -> Mapping[str, Any]:
    """The parameters of a node type by name; none where it is not known."""
    spec = catalogue.get(node_type) if catalogue is not None else None
    return {param.name: param for param in spec.params} if spec is not None else {}


#: A hostile value can be wrong in a million places.
_TOLD = 20


def _bounded(problems: list[Problem]) -> list[Problem]:
    return problems[:_TOLD]


def _scalar_problems(kind: Any, value: Any, at: Path) -> tuple[Problem, ...]:
    try:
        _adapter(kind).validate_python(value)
    except ValidationError as error:
        return tuple(schema_problems(error, at=at))
    return ()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    # Which of them it is depends on the way that the number came.
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


class _Foreign:
    """Stands for a shared type where a value has to be, so that problems do not tell its address in memory."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __repr__(self) -> str:
        return f"a {self._kind}"


def _field(value: Any) -> Any:
    return _Foreign(type(value).__name__) if isinstance(value, _SHARED) else travelled(value)


def _fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _field(value) for name, value in raw.items()}
