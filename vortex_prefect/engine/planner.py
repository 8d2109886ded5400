"""From a request to a plan: read, compared with what was queued, checked, compiled; each only where it has to be."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.histogram import Histogram
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.files.identity import FileIdentities
from vortex_prefect.files.roots import FileRoots
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.incremental import IncrementalCompiler
from vortex_prefect.graph.keys import Fingerprint
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import Plan
from vortex_prefect.graph.validate import validate

#: Seconds; a hundred compiles a second is the specification's target.
_COMPILE = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A graph that can run with that catalogue, and the document that it was read from."""

    document: dict[str, Any]
    graph: Graph
    catalogue: str


class Planner:
    """Plans requests. Remembers the last graphs and plans, so that what did not change costs nothing.

    Use it from any thread.

    Attributes:
        files: identities of the files that nodes read.
        compiles: how long the requests took that gave a plan, with the wait for what nodes' fingerprints are.
    """

    def __init__(self, roots: FileRoots, capacity: int = 16, limits: Limits | None = None) -> None:
        """`roots`: what nodes may read. `capacity`: how many graphs and plans are remembered."""
        self._limits = limits or Limits()
        self._capacity = capacity
        self._lock = threading.Lock()
        self._checked: OrderedDict[str, _Checked] = OrderedDict()
        self._compiler = IncrementalCompiler(capacity)
        #: Of the files that graphs read.
        self.files = FileIdentities(roots)
        self.compiles = Histogram(_COMPILE)

    def plan(
        self, request: ExecutionRequest, catalogue: Catalogue, fingerprint: Fingerprint | None = None
    ) -> tuple[Graph, Plan]:
        """The graph of a request, and its plan; see `compile_plan` for `fingerprint`.

        Raises:
            GraphError: VE-011 where the graph is not the one that was queued; everything that `parse_graph`,
                `validate` and `compile_plan` find.
        """
        began = time.perf_counter()
        graph = self._read(request, catalogue)
        plan = self._compiler.compile(
            graph,
            catalogue,
            targets=request.targets,
            force=request.force,
            file_identity=self.files,
            fingerprint=fingerprint,
        )
        self.compiles.observe(time.perf_counter() - began)
        return graph, plan

    def _read(self, request: ExecutionRequest, catalogue: Catalogue) -> Graph:
        """By the hash that was queued: what was kept under it had that hash when it was read."""
        with self._lock:
            known = self._checked.get(request.graph_hash)
        same = known is not None and known.catalogue == catalogue.digest
        if known is not None and same and known.document == request.graph:
            return known.graph
        graph = parse_graph(request.graph, self._limits)
        if graph_hash(graph) != request.graph_hash:
            raise GraphError("VE-011", f"the graph of execution {request.execution_id} is not the one that was queued")
        # The hash has all that is checked: another of the same hash differs in its layout.
        if not same and (problems := validate(graph, catalogue)):
            raise GraphError.of(problems)
        with self._lock:
            self._checked[request.graph_hash] = _Checked(request.graph, graph, catalogue.digest)
            self._checked.move_to_end(request.graph_hash)
            while len(self._checked) > self._capacity:
                self._checked.popitem(last=False)
        return graph
