"""Lists as a whole: their parts, their order, and one value of many."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import statistics
import typing
from collections.abc import Callable, Sequence
from typing import Annotated

import torch

from vortex_worker.packs.core.expression import evaluate
from vortex_worker.packs.core.numbers import finite
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.sdk import Any, Choices, Doc, Json, Many, Range, Tensor, Widget, node

_REDUCE: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum, "product": math.prod, "minimum": min, "maximum": max, "mean": statistics.fmean,
    "median": statistics.median, "deviation": statistics.pstdev, "range": lambda items: max(items) - min(items),
}  # fmt: skip
#: Those that even no numbers have.
_OF_NONE = {"sum": 0.0, "product": 1.0}
_INDEX = Range(-(2**31), 2**31)


@node("core.reduce", category="lists", title="Reduce numbers", outputs=("value",))
def reduce(
    items: list[float], operation: Annotated[str, Choices(*_REDUCE), Doc("Deviation: of all, not of a sample.")] = "sum"
) -> float:
    """One number of a list of numbers."""
    if not items:
        if operation in _OF_NONE:
            return _OF_NONE[operation]
        raise ValueError(f"the list is empty, and has no {operation}")
    return finite(float(_REDUCE[operation](items)))


@node("core.fold", category="lists", title="Fold by a formula", outputs=("value",))
def fold(
    items: list[float],
    expression: Annotated[str, Widget("text"), Doc("Of a, what came so far, and b, the next item.")] = "a + b",
    start: Annotated[float, Range(-1e300, 1e300)] = 0.0,
) -> float:
    """Go through a list of numbers, and make one value by a formula."""
    return functools.reduce(lambda a, b: evaluate(expression, {"a": a, "b": b}), items, start)


@node("core.reduce_tensors", category="lists", title="Reduce tensors", outputs=("tensor",))
def reduce_tensors(
    items: list[Tensor], operation: Annotated[str, Choices("mean", "sum", "product", "minimum", "maximum")] = "mean"
) -> Tensor:
    """One tensor of a list of such of one shape, element by element."""
    if not items:
        raise ValueError(f"the list is empty, and has no {operation}")
    if len({item.shape for item in items}) > 1:
        raise ValueError("shapes differ: " + ", ".join(sorted({str(tuple(item.shape)) for item in items})))
    functions: dict[str, Callable[..., torch.Tensor]] = {
        "product": torch.mul, "minimum": torch.minimum, "maximum": torch.maximum,
    }  # fmt: skip
    total = functools.reduce(functions.get(operation, torch.add), items)
    return total / len(items) if operation == "mean" else total


@node("core.item_at", category="lists", title="Item of a list", outputs=("out",))
def item_at(items: list[Any], index: Annotated[int, _INDEX, Doc("Counted from 0; below 0 from the end.")] = 0) -> Any:
    """One item of a list."""
    if not -len(items) <= index < len(items):
        raise ValueError(f"there is no item {index} among {len(items)}")
    return items[index]


@node("core.slice_list", category="lists", title="Part of a list", outputs=("out",))
def slice_list(
    items: list[Any],
    start: Annotated[int, _INDEX] = 0,
    stop: Annotated[int | None, _INDEX, Doc("The first that is not taken; none goes to the end.")] = None,
    step: Annotated[int, Range(1, 2**31)] = 1,
) -> list[Any]:
    """Some items of a list, by Python's rules."""
    return items[start:stop:step]


@node("core.join_lists", category="lists", title="Join lists", outputs=("out",))
def join_lists(first: list[Any], second: list[Any]) -> list[Any]:
    """The items of one list, then those of another."""
    return [*first, *second]


@node("core.gather", category="lists", title="List of values", outputs=("out",))
def gather(values: Annotated[Many[Any], Doc("In the order of the edges.")]) -> list[Any]:
    """A list of all that is connected: what takes such a value runs once for each."""
    return list(values)


@node("core.repeat", category="lists", title="Repeat a value", outputs=("out",))
def repeat(value: Any, count: Annotated[int, Range(0, 100_000)] = 2) -> list[Any]:
    """A list in which a value stands several times."""
    return [value] * count


@node("core.reverse_list", category="lists", title="Reverse a list", outputs=("out",))
def reverse_list(items: list[Any]) -> list[Any]:
    """The items in reverse order."""
    return items[::-1]


@node("core.sort_list", category="lists", title="Sort a list", outputs=("out",))
def sort_list(items: list[Any], descending: bool = False) -> list[Any]:
    """Numbers, or texts, in order; equal ones keep theirs."""
    kinds = {str if isinstance(item, str) else float if isinstance(item, int | float) else type(item) for item in items}
    if len(kinds) > 1 or not kinds <= {str, float}:
        raise ValueError("only numbers, or only texts, have an order")
    return sorted(items, reverse=descending)


@node("core.shuffle_list", category="lists", title="Shuffle a list", outputs=("out",))
def shuffle_list(items: list[Any], seed: Seed = 0) -> list[Any]:
    """The items in random order."""
    return [items[place] for place in torch.randperm(len(items), generator=generator(seed)).tolist()]


@node("core.filter_list", category="lists", title="Filter a list", outputs=("out",))
def filter_list(items: list[Any], keep: Annotated[list[bool], Doc("One for each item.")]) -> list[Any]:
    """The items for which a condition holds."""
    if len(items) != len(keep):
        raise ValueError(f"{len(keep)} conditions for {len(items)} items")
    return list(itertools.compress(items, keep))


@node("core.pairs", category="lists", title="Pair two lists", outputs=("out",))
def pairs(
    first: list[float],
    second: list[float],
    operation: Annotated[str, Choices("add", "subtract", "multiply", "minimum", "maximum")] = "add",
) -> list[float]:
    """Number by number of two lists of one length."""
    if len(first) != len(second):
        raise ValueError(f"lists of {len(first)} and {len(second)} numbers have no pairs")
    functions: dict[str, Callable[[float, float], float]] = {
        "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "minimum": min, "maximum": max,
    }  # fmt: skip
    return [finite(functions[operation](a, b)) for a, b in zip(first, second, strict=True)]


@node("core.set_key", category="data", title="Put into JSON", outputs=("value",))
def set_key(value: Json, key: str = "key", json: Annotated[Json, Doc("An object; none begins one.")] = None) -> Json:
    """Put a value into an object under a name."""
    target: typing.Any = {} if json is None else json
    if not isinstance(target, dict):
        raise ValueError(f"json is a {type(target).__name__}, not an object")
    return {**target, key: value}


@node("core.merge_json", category="data", title="Merge objects", outputs=("value",))
def merge_json(first: Json, second: Json) -> Json:
    """Two objects in one; where both have a name the second one's value counts, objects within are merged too."""
    return _merged(first, second)


def _merged(first: typing.Any, second: typing.Any, depth: int = 0) -> typing.Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        if depth == 0:
            raise ValueError("only objects can be merged")
        return second
    if depth > 100:
        raise ValueError("the objects nest more than 100 deep")
    both = {name: _merged(first[name], second[name], depth + 1) for name in first.keys() & second.keys()}
    return {**first, **second, **both}
