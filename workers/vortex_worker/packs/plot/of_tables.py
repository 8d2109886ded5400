"""Drawings of the columns of a table."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vortex_worker.packs.plot.figure import Bare, Title, Width, drawing, require_few
from vortex_worker.packs.table.convert import plain
from vortex_worker.packs.table.frames import column, names_of, require_type
from vortex_worker.sdk import Choices, Context, Doc, Image, Json, Range, Table, node

X = Annotated[str, Doc("Column to the right; empty counts the rows.")]
Y = Annotated[Json, Doc("Columns upwards, a colour each.")]

#: More make no chart that anybody reads.
_MOST_BARS, _MOST_SERIES = 1000, 100


@node("plot.line", category="plot", title="Lines")
def line(
    table: Table, ctx: Context, x: X = "", y: Y = (), title: Title = "", width: Width = 800, height: Width = 600,
    markers: bool = False, bare: Bare = False,
) -> Image:  # fmt: skip
    """Draw columns of a table as lines; gaps are gaps."""
    names = _series(y)
    require_few(table.num_rows * len(names))
    across = _across(table, x)
    with drawing(width, height, title, bare, (x, names[0] if len(names) == 1 else "")) as page:
        for name in names:
            page.axes.plot(across, _numbers(table, name), marker="o" if markers else None, label=_label(name))
        _legend(page.axes, names, bare)
    return page.image.to(ctx.device)


@node("plot.scatter", category="plot", title="Points")
def scatter(
    table: Table,
    ctx: Context,
    x: Annotated[str, Doc("Column to the right.")],
    y: Annotated[str, Doc("Column upwards.")],
    color: Annotated[str, Doc("Column of numbers that colours the points; empty for one colour.")] = "",
    size: Annotated[float, Range(0.1, 1000.0)] = 20.0,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw a point for each row of a table."""
    require_few(table.num_rows)
    with drawing(width, height, title, bare, (x, y)) as page:
        shades = _numbers(table, color) if color else None
        points = page.axes.scatter(_numbers(table, x), _numbers(table, y), size, shades)
        if color and not bare:
            page.axes.figure.colorbar(points, label=_label(color))
    return page.image.to(ctx.device)


@node("plot.bar", category="plot", title="Bars")
def bar(
    table: Table,
    ctx: Context,
    label: Annotated[str, Doc("Column of what stands below the bars.")],
    y: Y = (),
    stacked: bool = False,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw bars for each row of a table, beside or upon each other."""
    names = _series(y)
    if table.num_rows * len(names) > _MOST_BARS:
        raise ValueError(f"{table.num_rows * len(names)} bars are more than {_MOST_BARS}")
    texts = [str(value) for value in column(table, label).to_pylist()]
    places, thick = np.arange(len(texts)), 0.8 if stacked else 0.8 / len(names)
    with drawing(width, height, title, bare, (label, "")) as page:
        ground = np.zeros(len(texts))
        for index, name in enumerate(names):
            values = np.nan_to_num(_numbers(table, name))
            shift = 0.0 if stacked else (index - (len(names) - 1) / 2) * thick
            page.axes.bar(places + shift, values, thick, ground if stacked else 0, label=_label(name))
            ground = ground + values
        page.axes.set_xticks(places, [_label(text) for text in texts], rotation=45 if len(texts) > 8 else 0)
        _legend(page.axes, names, bare)
    return page.image.to(ctx.device)


@node("plot.box", category="plot", title="Boxes")
def box(
    table: Table,
    ctx: Context,
    y: Y = (),
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    bare: Bare = False,
) -> Image:
    """Draw median, quartiles and ends of columns; what is farther than 1.5 boxes away is a point of its own."""
    names = _series(y)
    require_few(table.num_rows * len(names))
    values = [found[np.isfinite(found)] for found in (_numbers(table, name) for name in names)]
    with drawing(width, height, title, bare) as page:
        page.axes.boxplot(values, tick_labels=[_label(name) for name in names])
    return page.image.to(ctx.device)


@node("plot.pie", category="plot", title="Shares")
def pie(
    table: Table,
    ctx: Context,
    label: Annotated[str, Doc("Column of the names of the parts.")],
    y: Annotated[str, Doc("Column of their sizes.")],
    hole: Annotated[float, Range(0.0, 0.9), Doc("Of a ring; 0 for none.")] = 0.0,
    title: Title = "",
    width: Width = 800,
    height: Width = 600,
    labels: Annotated[str, Choices("name", "share", "none")] = "name",
) -> Image:
    """Draw the shares of a whole as parts of a disk."""
    sizes = _numbers(table, y)
    if not len(sizes) or len(sizes) > _MOST_SERIES:
        raise ValueError(f"{len(sizes)} parts are not between 1 and {_MOST_SERIES}")
    if not np.isfinite(sizes).all() or (sizes < 0).any() or sizes.sum() <= 0:
        raise ValueError(f"column {y!r} holds what is no share: gaps, or numbers below 0, or nothing but 0")
    texts = [_label(str(value)) for value in column(table, label).to_pylist()]
    with drawing(width, height, title, bare=False) as page:
        page.axes.pie(
            sizes,
            labels=texts if labels == "name" else None,
            autopct="%.1f%%" if labels == "share" else None,
            wedgeprops={"width": 1 - hole},
            startangle=90,
            counterclock=False,
        )
    return page.image.to(ctx.device)


def _series(y: Any) -> list[str]:
    names = names_of(y, "y")
    if not 1 <= len(names) <= _MOST_SERIES:
        raise ValueError(f"y names {len(names)} columns, not 1 to {_MOST_SERIES}")
    return names


def _across(table: pa.Table, name: str) -> Any:
    """What stands to the right: numbers, dates, or texts one after the other."""
    if not name:
        return np.arange(table.num_rows)
    values = column(table, name)
    if pa.types.is_temporal(values.type):
        return values.cast(pa.timestamp("us")).to_numpy()
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return [_label(str(plain(value))) for value in values.to_pylist()]
    return _numbers(table, name)


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A column of numbers; NaN for gaps."""
    found: npt.NDArray[np.float64] = require_type(table, name).cast(pa.float64()).to_numpy()
    return found


def _label(name: str) -> str:
    # An underscore at the start would hide it from the legend.
    return (name.replace("$", r"\$") or " ") if not name.startswith("_") else f" {name}"


def _legend(axes: Any, names: list[str], bare: bool) -> None:
    if len(names) > 1 and not bare:
        axes.legend()
