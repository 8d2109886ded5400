"""What a running node may ask of its surroundings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from vortex_prefect.files.output_folder import write_below
from vortex_worker.residents import Residents

T = TypeVar("T")


class Cancelled(Exception):
    """Raised inside a node at its next report of progress after a cancel."""


class Context:
    """Given to a node that has an argument annotated `Context`.

    Attributes:
        node_id: the node's id in the graph.
        execution_id: the execution that it belongs to.
        attempt: 1 on the first try, 2 on the first retry.
        device: where tensors are to be computed.
        output_dir: folder of this execution's files; made on first use.
        graph_json: the graph as it was drawn, a document `vortex.graph/1` as text; null unless the node is declared
            with `takes_graph`, and for a graph of many megabytes.
        state_dir: folder on the host that outlives every worker process.
    """

    def __init__(
        self,
        *,
        node_id: str,
        execution_id: str,
        attempt: int,
        device: torch.device,
        output_dir: Path,
        state_dir: Path,
        report: Callable[[float, str], None],
        residents: Residents | None = None,
        show: Callable[[torch.Tensor], None] | None = None,
        empty: Callable[[tuple[int, ...], torch.dtype], torch.Tensor] | None = None,
        graph_json: str | None = None,
    ) -> None:
        self.node_id = node_id
        self.execution_id = execution_id
        self.attempt = attempt
        self.device = device
        self.graph_json = graph_json
        self._output_dir = output_dir
        self._state_dir = state_dir
        self._report = report
        self._residents = Residents() if residents is None else residents
        self._show = show
        self._empty = empty

    @property
    def output_dir(self) -> Path:
        """Where files of this execution go."""
        self._output_dir.mkdir(parents=True, exist_ok=True)
        return self._output_dir

    def write_output(self, name: str, data: bytes, *, overwrite: bool = False) -> Path:
        """Write a file below `output_dir`, and give its path; folders in the name are made.

        A file of that name stays, and the new one gets a number; with `overwrite` it is replaced as a whole.

        Raises:
            ValueError: the name leads out of the folder, as text or by a link.
            OSError: it cannot be written; nothing is left of it.
        """
        return write_below(self._output_dir, name, data, overwrite=overwrite)

    @property
    def state_dir(self) -> Path:
        """Where things live that outlast the worker process."""
        self._state_dir.mkdir(parents=True, exist_ok=True)
        return self._state_dir

    def resident(
        self, name: str, make: Callable[[], T], nbytes: int | Callable[[T], int] = 0, stamp: object = None
    ) -> T:
        """Something that is costly to make and outlives the node, a model for instance: made once a worker.

        The worker lets go of it when memory runs out, so ask for it each time, and keep no reference of your own.

        Args:
            name: says all that it depends on, a file's hash and a dtype for instance.
            make: makes it, if the worker has none of that name.
            nbytes: how much memory it takes, or what tells that of the thing.
            stamp: if it is another than last time, the thing is made anew.
        """
        return self._residents.get(name, make, nbytes, stamp)

    def empty(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """A tensor in main memory, to be filled and returned: it lies where results lie, so that none is copied.

        What is returned belongs to those that read it from then on. Do not keep it, and write to it no more; what is
        not returned is lost when the node ends. Uninitialised, as `torch.empty`.

        Raises:
            WorkerError: WK-008, the arena has no room; WK-010, the dtype has no form there.
        """
        return torch.empty(shape, dtype=dtype) if self._empty is None else self._empty(shape, dtype)

    def progress(self, fraction: float, note: str = "") -> None:
        """Say how far the node is, 0 to 1, with a short note for people.

        Cheap enough for every step of a loop: the worker throttles. It is also
        where a cancel reaches the node. A note that is new is a line of the node's log too.

        Raises:
            Cancelled: somebody cancelled the execution; let it pass.
        """
        self._report(min(max(fraction, 0.0), 1.0), note)

    def preview(self, image: torch.Tensor) -> None:
        """Show what has been made so far, as a small picture at the node.

        Cheap enough for every step of a loop: four pictures a second are taken at most, of 256 pixels,
        and of those that come sooner nothing is read. It does not matter what becomes
        of the tensor afterwards. A picture that cannot be shown is passed over.

        Args:
            image: floating point in 0..1, (batch, height, width, channel) or (height, width, channel) with
                1, 3 or 4 channels, on any device; of a batch the first is shown.
        """
        if self._show is not None:
            self._show(image)
