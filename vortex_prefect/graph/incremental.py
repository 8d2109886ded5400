"""Plans made from the last plan of the same graph: only what depends on a change is computed anew."""

from __future__ import annotations

import heapq
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.graph.canonical import content_key
from vortex_prefect.graph.keys import FINGERPRINT, ContentKeys, FileIdentity, Fingerprint, ask_fingerprint
from vortex_prefect.graph.model import Graph, Node
from vortex_prefect.graph.plan import Plan, Step, compile_plan
from vortex_prefect.graph.wiring import Inputs, own_value

#: All of a node that can reach a plan: everything but where it stands.
_matter = attrgetter(*(name for name in Node.model_fields if name != "position"))
#: What a step takes over from its node as it is.
_COPIED = tuple(name for name in Step._fields if name in Node.model_fields and name not in ("params", "title"))

Facts = dict[str, tuple[Any, str]]
Edges = list[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class _Last:
    """A plan, and what it was made of."""

    graph: Graph
    catalogue: str
    facts: Facts
    edges: Edges
    #: Every node runs, so no value decides what is wired to what.
    whole: bool
    plan: Plan
    #: step that reads files → parameter → identity.
    files: dict[str, dict[str, str]]
    rank: dict[str, int]


class _RememberedKeys(ContentKeys):
    """Content keys, taken from the last plan where all that decides them is as it was."""

    def __init__(self, file_identity: FileIdentity, fingerprint: Fingerprint | None, last: _Last | None) -> None:
        super().__init__(file_identity, fingerprint)
        self._last = last

    def _key(self, node_id: str, spec: NodeSpec, params: Mapping[str, Any], inputs: Inputs) -> str | None:
        if self._last is not None and self._is_as_it_was(self._last, node_id, spec, params, inputs):
            return self._last.plan.steps[node_id].key
        return super()._key(node_id, spec, params, inputs)

    def _is_as_it_was(
        self, last: _Last, node_id: str, spec: NodeSpec, params: Mapping[str, Any], inputs: Inputs
    ) -> bool:
        step = last.plan.steps.get(node_id)
        return (
            step is not None
            and not step.unfit
            and step.node_type == spec.type
            and step.inputs == inputs
            # Not ==, for which True is 1.
            and ascii(step.params) == ascii(params)
            and last.files.get(node_id) == self.files.get(node_id)
            and all(
                self._keys[source.node] == last.plan.steps[source.node].key
                for sources in inputs.values()
                for source in sources
            )
        )


class IncrementalCompiler:
    """`compile_plan` that remembers the last plans; what it returns equals a fresh plan. Use it from any thread.

    A change of values, titles, policy, layout or files touches the steps that
    depend on it; any other finds the structure anew and keeps the content
    keys. Files are looked at anew each time.
    """

    def __init__(self, capacity: int = 16) -> None:
        """`capacity`: how many plans are remembered; each graph and choice of targets has one."""
        self._capacity = capacity
        self._lock = threading.Lock()
        self._memory: OrderedDict[tuple[str | None, tuple[str, ...] | None], _Last] = OrderedDict()

    def __len__(self) -> int:
        return len(self._memory)

    def compile(
        self,
        graph: Graph,
        catalogue: Catalogue,
        *,
        targets: tuple[str, ...] | None,
        force: bool,
        file_identity: FileIdentity,
        fingerprint: Fingerprint | None = None,
    ) -> Plan:
        """See `compile_plan`, for arguments and errors alike."""
        place = (graph.id, targets)
        with self._lock:
            last = self._memory.get(place)
        if last is not None and last.catalogue != catalogue.digest:
            last = None
        found = last and _changed(last, graph, catalogue, file_identity, fingerprint)
        if found is None:
            found = _fresh(last, graph, catalogue, targets, file_identity, fingerprint)
        with self._lock:
            self._memory[place] = found
            self._memory.move_to_end(place)
            while len(self._memory) > self._capacity:
                self._memory.popitem(last=False)
        return found.plan if found.plan.force == force else replace(found.plan, force=force)


def _fresh(
    last: _Last | None,
    graph: Graph,
    catalogue: Catalogue,
    targets: tuple[str, ...] | None,
    file_identity: FileIdentity,
    fingerprint: Fingerprint | None,
) -> _Last:
    keys = _RememberedKeys(file_identity, fingerprint, last)
    plan = compile_plan(graph, catalogue, targets=targets, force=False, file_identity=file_identity, keys=keys)
    whole = all(node.mode == "active" for node in graph.nodes.values())
    rank = {node_id: place for place, node_id in enumerate(plan.order)}
    return _Last(graph, catalogue.digest, _facts(graph), _edges(graph), whole, plan, keys.files, rank)


def _changed(
    last: _Last, graph: Graph, catalogue: Catalogue, file_identity: FileIdentity, fingerprint: Fingerprint | None
) -> _Last | None:
    """The last plan with the steps that a change reaches made anew; null where the structure may have changed."""
    if any(last.plan.steps[node_id].unfit for node_id in last.files):
        return None  # whether they are volatile still is for a fresh compile to say
    facts = last.facts
    touched: list[str] = []
    if graph is not last.graph:
        facts = _facts(graph)
        if not _same_structure(last, graph, facts):
            return None
        touched = [node_id for node_id, fact in facts.items() if fact != last.facts[node_id]]
        if not all(_is_of_no_structure(last, graph, catalogue, node_id) for node_id in touched):
            return None
    touched = [node_id for node_id in touched if node_id in last.plan.steps]
    steps = dict(last.plan.steps)
    for node_id in touched:
        steps[node_id] = _with_values(steps[node_id], graph.nodes[node_id], catalogue)
    files = _identities(steps, last.files, file_identity, fingerprint)
    if files is None:
        return None
    for node_id, found in files.items():
        if found != last.files[node_id]:
            touched.append(node_id)
            steps[node_id] = steps[node_id]._replace(files=found)
    _spread(touched, steps, files, last.rank)
    plan = replace(last.plan, steps=steps, graph=graph)
    return replace(last, graph=graph, facts=facts, plan=plan, files=files)


def _facts(graph: Graph) -> Facts:
    # The text tells apart what == does not: True and 1.
    return {node_id: (_matter(node), ascii(node.params)) for node_id, node in graph.nodes.items()}


def _edges(graph: Graph) -> Edges:
    return [(edge.source.node, edge.source.port, edge.target.node, edge.target.port) for edge in graph.edges]


def _same_structure(last: _Last, graph: Graph, facts: Facts) -> bool:
    return (
        facts.keys() == last.facts.keys()
        and graph.outputs == last.graph.outputs
        and (graph.edges is last.graph.edges or _edges(graph) == last.edges)
    )


def _is_of_no_structure(last: _Last, graph: Graph, catalogue: Catalogue, node_id: str) -> bool:
    """Whether what changed about a node decides neither what runs nor what feeds what."""
    old, new = last.graph.nodes[node_id], graph.nodes[node_id]
    if (old.type, old.mode) != (new.type, new.mode):
        return False
    # A value counts where a driver is missing, and where it decides which input is asked for.
    spec = catalogue.get(new.type)
    return last.whole and spec is not None and not any(getattr(port, "when", None) for port in spec.inputs)


def _with_values(step: Step, node: Node, catalogue: Catalogue) -> Step:
    spec = _spec(step, catalogue)
    params = {param.name: own_value(param, node) for param in spec.params if param.name not in step.inputs}
    copied = {name: getattr(node, name) for name in _COPIED}
    return step._replace(title=node.title or spec.title, params=params, **copied)


def _identities(
    steps: Mapping[str, Step],
    readers: Iterable[str],
    file_identity: FileIdentity,
    fingerprint: Fingerprint | None,
) -> dict[str, dict[str, str]] | None:
    """What the files of the steps hold now, and their fingerprints; null if one is not to be had.

    A fresh compile then says what that means.
    """
    found: dict[str, dict[str, str]] = {}
    known: dict[str, str] = {}
    told: dict[tuple[str, str], str] = {}
    for node_id in readers:
        step = steps[node_id]
        found[node_id] = {}
        try:
            for name in step.spec.files:
                if (path := step.params.get(name)) is not None:
                    known[path] = found[node_id][name] = known.get(path) or file_identity(path)
            if step.spec.fingerprint:
                place = (step.node_type, ascii(sorted(step.params.items())))
                told[place] = told.get(place) or ask_fingerprint(fingerprint, step.node_type, step.params)
                found[node_id][FINGERPRINT] = told[place]
        except (OSError, VortexError):
            return None
    return found


def _spread(
    touched: Iterable[str],
    steps: dict[str, Step],
    files: Mapping[str, Mapping[str, str]],
    rank: Mapping[str, int],
) -> None:
    """Find the keys of the touched steps anew, and of those below as far as keys change."""
    waiting = {node_id: rank[node_id] for node_id in touched}
    queue = [(place, node_id) for node_id, place in waiting.items()]
    heapq.heapify(queue)
    while queue:
        step = steps[heapq.heappop(queue)[1]]
        if step.volatile or any(name in step.inputs for name in step.spec.files):
            continue  # it has no key that a plan could know
        keys = {source.node: steps[source.node].key for sources in step.inputs.values() for source in sources}
        version = step.spec.edition
        key = content_key(step.node_type, version, step.params, step.inputs, keys, files.get(step.node_id, {}))
        if key == step.key:
            continue
        steps[step.node_id] = step._replace(key=key)
        for consumer in step.consumers:
            if consumer not in waiting:
                waiting[consumer] = rank[consumer]
                heapq.heappush(queue, (rank[consumer], consumer))


def _spec(step: Step, catalogue: Catalogue) -> NodeSpec:
    spec = catalogue.get(step.node_type)
    if spec is None:
        raise LookupError(step.node_type)
    return spec
