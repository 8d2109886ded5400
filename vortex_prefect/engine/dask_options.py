"""What Dask shall know of a task beside its call: Prefect's `submit` and `map` have no words for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class DaskOptions:
    """How tasks are placed; null: as the runner says, and else as Dask likes."""

    resources: Mapping[str, float] | None = None
    priority: int | None = None
    workers: tuple[str | int, ...] | None = None

    def over(self, defaults: DaskOptions) -> DaskOptions:
        """These, and the defaults where these say nothing."""
        given = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return replace(defaults, **given)

    def to_submit(self) -> dict[str, Any]:
        """Arguments of Dask's `Client.submit`."""
        return {
            "resources": dict(self.resources) if self.resources else None,
            "priority": self.priority or 0,
            "workers": list(self.workers) if self.workers else None,
        }


_current: ContextVar[DaskOptions | None] = ContextVar("vortex_dask_options", default=None)


@contextmanager
def dask_options(
    *,
    resources: Mapping[str, float] | None = None,
    priority: int | None = None,
    workers: str | int | Sequence[str | int] | None = None,
) -> Iterator[None]:
    """Say how the tasks that are submitted or mapped in this block are placed; inner blocks add to outer ones.

    Args:
        resources: Dask resources that each of the tasks holds while it runs, `{"GPU": 1}`.
        priority: of two tasks that wait, the one with the higher number runs first.
        workers: names or addresses of the only Dask workers that may run them; a `LocalCluster` names its
            workers 0, 1, … Tasks wait until there is such a worker, as they wait for resources.
    """
    chosen = (workers,) if isinstance(workers, str | int) else tuple(workers) if workers is not None else None
    options = DaskOptions(resources, priority, chosen)
    token = _current.set(options.over(current_dask_options()))
    try:
        yield
    finally:
        _current.reset(token)


def current_dask_options() -> DaskOptions:
    """Those of the blocks that this code runs in."""
    return _current.get() or DaskOptions()
