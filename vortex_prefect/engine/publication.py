"""What a deployment or a flow run carries of its graph: job variables, so that a run needs nothing but Prefect.

A graph travels as deflated JSON in base64: it is part of every answer that
lists flow runs, and 500 nodes are 75 kB of JSON but 8 kB of this.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.ids import is_id

#: More than any graph within the limits has; keeps a forged one from filling memory.
_MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Publication:
    """A frozen graph and how it is to be run."""

    #: GraphDSL document.
    graph: dict[str, Any]
    graph_hash: str
    #: Names of graph outputs; null for everything.
    targets: tuple[str, ...] | None = None
    force: bool = False
    priority: int = 0
    #: The execution that the flow run records; null where the flow run begins one of its own.
    execution_id: str | None = None
    #: What was drawn, where that is another graph; null: `graph`.
    drawn: dict[str, Any] | None = None

    def to_job_variables(self) -> dict[str, Any]:
        """The form in which Prefect keeps it."""
        return {
            "graph": pack(self.graph),
            "graph_hash": self.graph_hash,
            "targets": None if self.targets is None else list(self.targets),
            "force": self.force,
            "priority": self.priority,
            "execution_id": self.execution_id,
            **({} if self.drawn is None else {"drawn": pack(self.drawn)}),
        }

    @classmethod
    def from_job_variables(cls, variables: Mapping[str, Any]) -> Publication:
        """Rebuild from `to_job_variables`.

        Raises:
            GraphError: VE-001, these carry no graph, or are not what `to_job_variables` gives.
        """
        names = ("graph", "targets", "execution_id", "drawn")
        graph, targets, execution_id, drawn = (variables.get(name) for name in names)
        # Anybody may set them in Prefect; the id becomes the name of a file.
        if execution_id is not None and not (isinstance(execution_id, str) and is_id(execution_id)):
            raise GraphError("VE-001", f"execution_id is {execution_id!r}, which is no id")
        if targets is not None and not (isinstance(targets, list) and all(isinstance(name, str) for name in targets)):
            raise GraphError("VE-001", f"targets is {targets!r}, not a list of names")
        priority = variables.get("priority") or 0
        if not isinstance(priority, int):
            raise GraphError("VE-001", f"priority is {priority!r}, not a whole number")
        return cls(
            graph=unpack(graph),
            graph_hash=str(variables.get("graph_hash") or ""),
            targets=None if targets is None else tuple(targets),
            force=bool(variables.get("force")),
            priority=priority,
            execution_id=execution_id,
            drawn=None if drawn is None else unpack(drawn),
        )


def pack(graph: dict[str, Any]) -> str:
    """A document as text without line breaks."""
    text = json.dumps(graph, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(text, 6)).decode("ascii")


def unpack(text: Any) -> dict[str, Any]:
    """Rebuild from `pack`.

    Raises:
        GraphError: VE-001, it is not that.
    """
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(base64.b64decode(text, validate=True), _MAX_BYTES)
        if not inflate.eof:
            raise ValueError("it is cut short, or larger than any graph")
        graph = json.loads(data)
        if not isinstance(graph, dict):
            raise ValueError("it is no object")
    except (TypeError, ValueError, zlib.error) as error:
        message = f"the flow run carries no graph: {error}"
        raise GraphError("VE-001", message, "Deploy the graph again with `vortex deploy`.") from error
    return graph
