"""Editing a graph: mutations are wishes, and become changes, which are facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.changes import CHANGES, Change, Draft, diff, replay
from vortex_prefect.graph.document import by_path, json_problems, pointer, problem_at, schema_problems
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.mutations import Mutation
from vortex_prefect.graph.suggest import Suggestions

__all__ = ["CHANGES", "Change", "Mutation", "apply", "apply_inputs", "diff", "parse_mutations", "replay"]

_AT = "mutations"


def parse_mutations(data: Any, limits: Limits | None = None) -> list[Mutation]:
    """Read the list `mutations` of a `graph.update`.

    Args:
        limits: null for the ordinary ones.

    Raises:
        GraphError: VE-001 with everything that is malformed, VE-012 where a
            value is too deep or too large; paths begin with `/mutations`.
    """
    if not isinstance(data, list):
        raise GraphError.of([problem_at((_AT,), f"must be a list, not {type(data).__name__}")])
    most = (limits or Limits()).mutations
    if len(data) > most:
        raise GraphError.of([Problem("VE-012", f"{len(data)} mutations; the limit is {most}", path=f"/{_AT}")])
    problems: list[Problem] = []
    for index, item in enumerate(data):
        problems += json_problems(item, limits or Limits(), above=_levels_above_values(item), at=(_AT, index))
    try:
        mutations = _adapter().validate_python(data)
    except ValidationError as error:
        problems += schema_problems(error, at=(_AT,), tagged=True)
    if problems:
        raise GraphError.of(by_path(problems))
    return mutations


def apply(graph: Graph, mutations: Sequence[Mutation], limits: Limits | None = None) -> tuple[Graph, list[Change]]:
    """Carry out all mutations, in order, or none.

    Returns:
        The new graph, and the changes that `replay` makes it of the old one with.

    Raises:
        GraphError: VE-001 or VE-005 for the first mutation that does not fit,
            its index in the path; VE-012 if the graph became too large.
    """
    draft = Draft(graph)
    changes: list[Change] = []
    for index, mutation in enumerate(mutations):
        try:
            found = mutation.changes(draft)
        except GraphError as error:
            problems = [replace(problem, path=pointer(_AT, index)) for problem in error.problems]
            raise GraphError.of(problems) from None
        for change in found:
            draft.record(change)
        changes += found
    _check_size(draft, limits or Limits())
    return draft.graph(), changes


def apply_inputs(graph: Graph, inputs: dict[str, Any], limits: Limits | None = None) -> Graph:
    """The graph with values given to exposed inputs; whether they fit, `validate` says.

    Raises:
        GraphError: VE-004 for names that are no input of the graph, VE-005
            where the input's node is gone, VE-001 and VE-012 for values that are
            not JSON; paths begin with `/inputs`.
    """
    exposed = {item.name: item for item in graph.inputs}
    problems = json_problems(inputs, limits or Limits(), above=1, at=("inputs",))
    suggestions = Suggestions()
    draft = Draft(graph)
    for name, value in inputs.items():
        if (item := exposed.get(name)) is None:
            hint = suggestions.hint(name, exposed, "inputs of the graph")
            problems.append(
                Problem("VE-004", f"the graph has no input {name}", path=pointer("inputs", name), hint=hint)
            )
        elif item.node not in draft.nodes:
            message = f"the graph's input {name} names the node {item.node}, which does not exist"
            problems.append(Problem("VE-005", message, item.node, item.param, pointer("inputs", name)))
        else:
            draft.set_node(item.node, params={**draft.nodes[item.node].params, item.param: value})
    if problems:
        raise GraphError.of(by_path(problems))
    return draft.graph()


def _levels_above_values(mutation: Any) -> int:
    """`{value}` in node.param, `{node: {params: {name: …}}}` in node.create: one limit for both."""
    return 1 if isinstance(mutation, dict) and mutation.get("op") == "node.param" else 3


def _check_size(draft: Draft, limits: Limits) -> None:
    sizes: Iterable[tuple[str, int, int]] = (
        ("nodes", len(draft.nodes), limits.nodes),
        ("edges", len(draft.edges), limits.edges),
        ("groups", len(draft.rest.groups), limits.nodes),
        ("notes", len(draft.rest.notes), limits.nodes),
    )
    if problems := [
        Problem("VE-012", f"the graph would have {size} {part}, but the limit is {most}", path=pointer(_AT))
        for part, size, most in sizes
        if size > most
    ]:
        raise GraphError.of(problems)


@cache
def _adapter() -> TypeAdapter[list[Mutation]]:
    return TypeAdapter(list[Mutation])
