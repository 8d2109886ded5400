"""The GraphDSL document `vortex.graph/1` as frozen values.

A `Graph` may be one that cannot run: people work on drafts. It is only known
to have the document's shape; `validate` says what else is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StrictStr, StringConstraints, ValidationError

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.document import by_path, json_problems, pointer, problem_at, schema_problems

SCHEMA: Literal["vortex.graph/1"] = "vortex.graph/1"

Mode = Literal["active", "muted", "bypassed"]
Text = Annotated[StrictStr, StringConstraints(max_length=100_000)]
Name = Annotated[StrictStr, StringConstraints(min_length=1, max_length=200)]
#: Node ids stand in addresses (`outputs/{node}/{port}`), so a slash would make them ambiguous.
NodeId = Annotated[StrictStr, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\x00-\x1f\x7f]+$")]
Number = Annotated[float, Strict()]
Retries = Annotated[int, Strict(), Field(ge=0, le=100)]
NonNegative = Annotated[float, Strict(), Field(ge=0)]
Tags = Annotated[tuple[Name, ...], Field(max_length=50)]
MaxParallel = Annotated[int, Strict(), Field(ge=1, le=10_000)]
Positive = Annotated[float, Strict(), Field(gt=0)]

T = TypeVar("T")


class Part(BaseModel):
    """Base of the document's parts: frozen, no unknown fields, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Position(Part):
    """Upper left corner on the canvas, in CSS pixels at zoom 1."""

    x: Number = 0.0
    y: Number = 0.0


class Size(Part):
    """Extent on the canvas, in CSS pixels at zoom 1."""

    width: NonNegative = 0.0
    height: NonNegative = 0.0


class Node(Part):
    """One node. A parameter that `params` lacks has its declared default."""

    type: Name
    params: dict[Name, Any] = Field(default_factory=dict)
    position: Position = Field(default_factory=Position)
    #: Null: the title of the node type.
    title: Text | None = None
    #: muted: not run, nor what needs it; bypassed: hands its inputs on.
    mode: Mode = "active"
    #: Attempts after the first.
    retries: Retries = 0
    #: Null: the engine's own choice.
    retry_delay_s: NonNegative | None = None
    #: Spreads the delay up to so much more of it (0.5: half as long again); null: not at all.
    retry_jitter_factor: NonNegative | None = None
    #: Null: no limit.
    timeout_s: Positive | None = None
    #: For people, and for limits on how many nodes with one tag run at once. No part of the graph's hash.
    tags: Tags = ()
    #: Items of a mapped node that run at once, at most; null: the engine's own choice.
    max_parallel: MaxParallel | None = None


class Endpoint(Part):
    """One end of an edge; as a target, `port` names an input or a parameter."""

    node: NodeId
    port: Name

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


class Edge(Part):
    """A value's way from an output to an input or a parameter."""

    source: Endpoint
    target: Endpoint

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class ExposedInput(Part):
    """A parameter that callers of the graph may set under `name`, or an input that they may connect.

    The latter is possible where the graph stands in another one, as a node.
    """

    name: Name
    node: NodeId
    param: Name


class ExposedOutput(Part):
    """An output port that callers of the graph receive under `name`."""

    name: Name
    node: NodeId
    port: Name


class Group(Part):
    """A titled frame on the canvas; the nodes that lie inside belong to it."""

    id: NodeId
    title: Text = ""
    position: Position = Field(default_factory=Position)
    size: Size = Field(default_factory=Size)
    #: CSS colour; null for the editor's own.
    color: Text | None = None


class Note(Part):
    """Text on the canvas, for people (Markdown)."""

    id: NodeId
    text: Text = ""
    position: Position = Field(default_factory=Position)
    size: Size = Field(default_factory=Size)
    color: Text | None = None


def _unique(field: str) -> Callable[[tuple[T, ...]], tuple[T, ...]]:
    def check(items: tuple[T, ...]) -> tuple[T, ...]:
        seen: set[str] = set()
        for item in items:
            value: str = getattr(item, field)
            if value in seen:
                raise ValueError(f"has the {field} '{value}' twice")
            seen.add(value)
        return items

    return check


ExposedInputs = Annotated[tuple[ExposedInput, ...], AfterValidator(_unique("name"))]
ExposedOutputs = Annotated[tuple[ExposedOutput, ...], AfterValidator(_unique("name"))]
Groups = Annotated[tuple[Group, ...], AfterValidator(_unique("id"))]
Notes = Annotated[tuple[Note, ...], AfterValidator(_unique("id"))]


class Graph(Part):
    """A graph. The order of edges matters only among those into one list port.

    Parameters are shared with the document that was parsed, not copied: treat
    both as values.
    """

    schema_name: Literal["vortex.graph/1"] = Field(default=SCHEMA, alias="schema")
    #: UUID; null until the service has given one.
    id: Name | None = None
    name: Text = ""
    nodes: dict[NodeId, Node] = Field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    inputs: ExposedInputs = ()
    outputs: ExposedOutputs = ()
    groups: Groups = ()
    notes: Notes = ()

    def to_document(self) -> dict[str, Any]:
        """JSON form with every field present; `parse_graph` gives an equal graph back."""
        return self.model_dump(mode="json", by_alias=True)


def parse_graph(data: Any, limits: Limits) -> Graph:
    """Read a GraphDSL document.

    Raises:
        GraphError: VE-001 with everything that is not a graph, VE-012 where a
            limit is exceeded; nothing else, whatever `data` is.
    """
    if not isinstance(data, dict):
        raise GraphError.of([problem_at((), f"must be an object, not {type(data).__name__}")])
    if problems := _limit_problems(data, limits):
        raise GraphError.of(problems)
    problems = json_problems(data, limits, above=4)
    if "schema" not in data:
        problems.append(problem_at(("schema",), f"is missing; it must be '{SCHEMA}'"))
    try:
        graph = Graph.model_validate(data)
    except ValidationError as error:
        problems += schema_problems(error)
    if problems:
        raise GraphError.of(by_path(problems))
    return graph


def _limit_problems(data: dict[str, Any], limits: Limits) -> list[Problem]:
    """VE-012 for every part of a document that has more entries than the limits allow."""
    allowed = {"nodes": limits.nodes, "edges": limits.edges}
    allowed |= dict.fromkeys(("inputs", "outputs", "groups", "notes"), limits.nodes)
    return [
        Problem("VE-012", f"{len(data[part])} {part}, but the limit is {most}", path=pointer(part))
        for part, most in allowed.items()
        if isinstance(data.get(part), dict | list | tuple) and len(data[part]) > most
    ]
