"""Lists: a node that takes one thing runs once for each item of a list of such."""

from __future__ import annotations

import hashlib
import itertools
import statistics
from pathlib import Path
from typing import Annotated

from vortex_prefect.core.errors import WorkerError
from vortex_worker.packs.core.numbers import Number
from vortex_worker.sdk import Any, Doc, Json, Partial, Range, check_input, node

#: More items make no graph that anybody looks at.
_MAX_ITEMS = 100_000


@node("core.range", category="lists", title="Range of numbers", outputs=("out",))
def number_range(
    start: Number = 0.0,
    step: Number = 1.0,
    count: Annotated[int, Range(0, _MAX_ITEMS), Doc("How many numbers.")] = 10,
) -> list[float]:
    """Numbers at equal distances; what takes a number runs once for each."""
    return [start + step * place for place in range(count)]


@node("core.items", category="lists", title="Items of a list", outputs=("out",))
def items(value: Annotated[Json, Doc("A JSON list.")] = ()) -> list[Any]:
    """Give the items of a JSON list one by one: what takes such an item runs once for each."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"value is a {type(value).__name__}, not a list")
    return list(value)


def _names(folder: Path, pattern: str) -> str:
    """Changes when a file comes or goes; what is in a file counts where it is read."""
    return hashlib.sha256("\0".join(map(str, _fitting(folder, pattern))).encode("utf-8", "surrogateescape")).hexdigest()


@node("core.files", category="lists", title="Files of a folder", fingerprint=_names, outputs=("out",))
def files(
    folder: Annotated[Path, Doc("The folder; what is below its subfolders is found with **.")],
    pattern: Annotated[str, Doc("Such as *.png; * stands for any characters, **/ for any folders.")] = "*",
) -> list[Path]:
    """The files of a folder whose names fit, sorted; what takes a path runs once for each."""
    return _fitting(folder, pattern)


def _fitting(folder: Path, pattern: str) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    if ".." in Path(pattern).parts:
        raise ValueError(f"{pattern} leads out of the folder")
    fitting = (path for path in folder.glob(pattern) if _is_readable(path))
    found = list(itertools.islice(fitting, _MAX_ITEMS + 1))
    if len(found) > _MAX_ITEMS:
        raise ValueError(
            f"{folder} has more than {_MAX_ITEMS} files that fit {pattern}, which is too many for one list"
        )
    return sorted(found)


def _is_readable(path: Path) -> bool:
    """A file, and not by a link that leads to where nodes may not read."""
    try:
        return check_input(path).is_file()
    except WorkerError:
        return False


@node("core.collect", category="lists", title="Collect", outputs=("out",))
def collect(items: Annotated[list[Any], Doc("A list of values.")]) -> Json:
    """A list of values as one JSON value."""
    return list(items)


@node("core.item_count", category="lists", title="Number of items", outputs=("out",))
def item_count(items: list[Any]) -> int:
    """How many items a list has."""
    return len(items)


@node("core.mean", category="lists", title="Mean", outputs=("out",))
def mean(items: list[float]) -> float:
    """The arithmetic mean of a list of numbers."""
    if not items:
        raise ValueError("the list is empty, and has no mean")
    return statistics.fmean(items)


@node("core.survivors", category="lists", title="Survivors", outputs=("out",))
def survivors(items: Annotated[list[Any], Partial(), Doc("A list of which items may have failed.")]) -> list[Any]:
    """The items that did not fail; without this node, one that failed keeps from running what takes the whole list."""
    return list(items)
