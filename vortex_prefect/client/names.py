"""Names of ports, parameters and node types as Python spells them."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.graph.suggest import Suggestions

#: What a call of a node type takes beside the node's own inputs and parameters.
CALL_WORDS = frozenset({"id", "title", "at"})


class UnknownName(GraphError, AttributeError):
    """A name that the catalogue lacks; an `AttributeError` too, so that `hasattr` and notebooks get along with it."""


def python_name(name: str, taken: Collection[str] = ()) -> str:
    """`name` as an attribute or argument: one that Python or the API has taken gets an underscore behind it."""
    return f"{name}_" if keyword.iskeyword(name) or name in taken else name


def short_name(node_type: str) -> str:
    """What ids are made of: `blur` of `image.blur`, `soft_glow` of the published graph `graph.soft_glow@2`."""
    return node_type.rpartition(".")[2].partition("@")[0]


def declared_name(python: str, declared: Iterable[str], taken: Collection[str] = ()) -> str | None:
    """The declared name that Python spells so, or that is just so; null if there is none."""
    names = list(declared)
    spelled = next((name for name in names if python_name(name, taken) == python), None)
    return spelled or (python if python in names else None)


def unknown(code: str, name: str, what: str, candidates: Iterable[str], node_id: str | None = None) -> UnknownName:
    """The error for a name that is not among `candidates`; `what` names these: `outputs of image.blur`, say."""
    hint = Suggestions().hint(name, candidates, what)
    message = f"{name} is not among the {what}"
    return UnknownName(code, message, hint, (Problem(code, message, node_id, name, hint=hint),), node_id)
