"""From a valid graph to what the engine runs: steps in order, with content keys and what may be reused."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.nodespec import Catalogue, NodeSpec, item_type
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.collector import collector_paused
from vortex_prefect.graph.keys import NO_FILES, ContentKeys, FileIdentity, Fingerprint
from vortex_prefect.graph.lazy import LazyPort, lazy_ports, prune, unasked
from vortex_prefect.graph.mapping import Mapped, mapped_ports
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.order import (
    Neighbours,
    ancestors,
    chains,
    depths,
    levels,
    longest_path,
    reversed_edges,
    topological_order,
)
from vortex_prefect.graph.suggest import Suggestions
from vortex_prefect.graph.wiring import Inputs, Source, Wiring, drawn_inputs, own_value, wire


class Step(NamedTuple):
    """One node of a plan, with everything that its job needs but the values themselves.

    A tuple, because a frozen dataclass takes four times as long to make.
    """

    node_id: str
    node_type: str
    title: str
    #: Every declared parameter that no edge drives, defaults filled in, coerced.
    params: dict[str, Any]
    #: port or parameter → sources; several only where the port takes a list.
    inputs: dict[str, tuple[Source, ...]]
    #: Content key of the outputs (64 hexadecimal digits); null if they are not to be reused.
    key: str | None
    volatile: bool
    #: Attempts after the first.
    retries: int
    #: Null: the engine's own choice.
    retry_delay_s: float | None
    #: The delay is spread up to so much more of it; 0 or null: not at all.
    retry_jitter_factor: float | None
    #: Null: no limit.
    timeout_s: float | None
    #: For people, and for limits on how many steps with one tag run at once.
    tags: tuple[str, ...]
    #: Items that run at once if the step is mapped; null: the engine's own choice.
    max_parallel: int | None
    #: Steps that take an output of this one, each once, in the order of the plan.
    consumers: tuple[str, ...]
    #: Edges on the longest way from a step without inputs.
    depth: int
    spec: NodeSpec
    #: Inputs that are taken only if a value asks for them that is not known yet.
    lazy: tuple[LazyPort, ...]
    #: Ports and parameters over whose lists the step maps; empty: it runs once.
    mapped: tuple[str, ...]
    #: Identities of the files that its own parameters name, and its `FINGERPRINT`.
    files: Mapping[str, str]
    #: Why it is volatile though it has a fingerprint; null otherwise.
    unfit: str | None


@dataclass(frozen=True)
class Plan:
    """What runs, in which order, and what stands in the way of the rest."""

    #: Topological; the segments laid end to end.
    order: tuple[str, ...]
    steps: dict[str, Step]
    #: node → why it does not run, for a person; without what the targets do not ask for.
    skipped: dict[str, str]
    #: Steps of equal depth together.
    levels: tuple[tuple[str, ...], ...]
    #: The longest chain of steps, by count.
    critical_path: tuple[str, ...]
    #: Maximal chains that no branch separates; each step is in one.
    segments: tuple[tuple[str, ...], ...]
    #: Name of a graph output → the output that gives it; without those that are skipped.
    outputs: dict[str, Source]
    #: Run everything, whatever the cache holds.
    force: bool
    #: What was planned.
    graph: Graph = field(repr=False, compare=False)

    @cached_property
    def graph_hash(self) -> str:
        """See `canonical.graph_hash`."""
        return graph_hash(self.graph)

    def dirty(self, known: Container[str]) -> dict[str, str]:
        """Steps that must run → why, for a person, in the order of the plan.

        A step runs if its result is not among the content keys `known` and
        somebody needs it: it gives a graph output, nothing consumes it, or a
        dirty step does. So a result that was evicted is not computed again
        while all that was made of it is still there; such a step is neither
        dirty nor known, and nobody will ask for it. Volatile steps always run:
        neither they nor anything below them has a key. What only lazy inputs
        take is not dirty before it is asked for.
        """
        found = self._needed(known)[0]
        return {node_id: self.why(node_id, known) for node_id in self.order if node_id in found}

    def deferred(self, known: Container[str]) -> dict[str, str]:
        """Steps that run only if a dirty step asks for them → that step, in the order of the plan."""
        dirty, needed = self._needed(known)
        asker: dict[str, str] = {}
        if self._lazily:
            for node_id in reversed(self.order):
                if node_id in needed:
                    continue
                lazily = self._lazily.get(node_id, ())
                for consumer in self.steps[node_id].consumers:
                    if consumer in dirty and consumer in lazily:
                        asker[node_id] = consumer
                    elif consumer in asker and (self.force or not self.is_known(consumer, known)):
                        asker[node_id] = asker[consumer]
        return {node_id: asker[node_id] for node_id in self.order if node_id in asker}

    def is_known(self, node_id: str, known: Container[str]) -> bool:
        """Whether the step's result is among those content keys."""
        key = self.steps[node_id].key
        return key is not None and key in known

    def _needed(self, known: Container[str]) -> tuple[set[str], set[str]]:
        """Steps that must run, and all whose results somebody needs for certain."""
        goals = {source.node for source in self.outputs.values()}
        dirty: set[str] = set()
        needed: set[str] = set()
        lazily = self._lazily
        for node_id in reversed(self.order):
            step = self.steps[node_id]
            takers: Iterable[str] = step.consumers
            if node_id in lazily:
                takers = [consumer for consumer in takers if consumer not in lazily[node_id]]
            if node_id in goals or not step.consumers or not dirty.isdisjoint(takers):
                needed.add(node_id)
                if self.force or step.key is None or step.key not in known:
                    dirty.add(node_id)
        return dirty, needed

    @cached_property
    def _lazily(self) -> dict[str, set[str]]:
        """Node → consumers that take it through lazy inputs only."""
        found: dict[str, set[str]] = {}
        for node_id, step in self.steps.items():
            if step.lazy:
                ports = {lazy.port for lazy in step.lazy}
                sure = {source.node for port, sources in step.inputs.items() if port not in ports for source in sources}
                for port in ports & step.inputs.keys():
                    for source in step.inputs[port]:
                        if source.node not in sure:
                            found.setdefault(source.node, set()).add(node_id)
        return found

    def explain(self, known: Container[str]) -> list[str]:
        """One line a node: what happens to it, and why."""
        dirty, deferred = self.dirty(known), self.deferred(known)
        lines = []
        for node_id in self.order:
            if node_id in dirty:
                lines.append(f"{node_id} runs: {dirty[node_id]}")
            elif node_id in deferred:
                lines.append(f"{node_id} runs only if {deferred[node_id]} asks for it")
            elif self.is_known(node_id, known):
                lines.append(f"{node_id} is taken from the cache")
            else:
                lines.append(f"{node_id} does not run: all that was made of it is in the cache")
        return lines + [f"{node_id} is skipped: {reason}" for node_id, reason in self.skipped.items()]

    def why(self, node_id: str, known: Container[str]) -> str:
        """Why a step runs, for a person."""
        step = self.steps[node_id]
        if self.force:
            return "forced"
        if step.volatile:
            return "runs every time" if step.unfit is None else f"runs every time: {step.unfit}"
        for port, sources in step.inputs.items():
            for source in sources:
                if (key := self.steps[source.node].key) is None:
                    return f"its input {port} from {source.node} is new every time"
                if key not in known:
                    return f"its input {port} from {source.node} changed"
        return "not in the cache"


@collector_paused()
def compile_plan(
    graph: Graph,
    catalogue: Catalogue,
    *,
    targets: tuple[str, ...] | None,
    force: bool,
    file_identity: FileIdentity,
    keys: ContentKeys | None = None,
    fingerprint: Fingerprint | None = None,
) -> Plan:
    """Plan a graph in which `validate` found nothing; linear in its size.

    Args:
        targets: names of graph outputs; only what these need is planned. Null:
            every active node.
        force: run everything, whatever the cache holds.
        file_identity: asked once for each file that a planned step reads.
        keys: finds the content keys in place of one that starts from nothing;
            `file_identity` and `fingerprint` are then not used.
        fingerprint: asked once for each node with a fingerprint; where it
            raises, or is null, that node is volatile.

    Raises:
        GraphError: VE-004 for targets that are no graph output; VE-010 for
            every file that cannot be read; VE-002, VE-003 or VE-005 if the
            graph was not valid.
    """
    drawn = _drawn(graph)
    parents = {node_id: _parents(inputs) if inputs else () for node_id, inputs in drawn.items()}
    wanted = _wanted(graph, targets)
    scope = graph.nodes.keys() if targets is None else ancestors({end.node for end in wanted.values()}, parents)
    specs = _specs(graph, catalogue, scope)
    successors = reversed_edges(scope, parents)
    wiring = wire(graph, specs, _ordered(scope, parents, successors), drawn)
    pruned = prune(graph, specs, wiring)
    outputs = {name: source for name, end in wanted.items() if (source := wiring.origin(end))}
    resolved = {
        node_id: parents[node_id] if inputs is drawn[node_id] else _parents(inputs)
        for node_id, inputs in wiring.inputs.items()
    }
    if targets is not None or pruned:
        goals = {source.node for source in outputs.values()}
        needed = ancestors(goals if targets is not None else goals | _ends(resolved, pruned), resolved)
        wiring.skipped.update(unasked(pruned, wiring.inputs, needed))
        resolved = {node_id: above for node_id, above in resolved.items() if node_id in needed}
    consumers = successors if len(resolved) == len(scope) and not pruned else reversed_edges(resolved, resolved)
    return _assemble(
        graph, specs, wiring, resolved, consumers, outputs, force, keys or ContentKeys(file_identity, fingerprint)
    )


def _assemble(
    graph: Graph,
    specs: Mapping[str, NodeSpec],
    wiring: Wiring,
    parents: Neighbours,
    consumers: Neighbours,
    outputs: dict[str, Source],
    force: bool,
    keys: ContentKeys,
) -> Plan:
    # The wiring's nodes stand in topological order already, and `parents` kept it.
    segments = chains(parents, parents, consumers)
    order = tuple(chain.from_iterable(segments))
    rank = {node_id: place for place, node_id in enumerate(order)}.__getitem__
    depth = depths(order, parents)
    mapped = _mapped(graph, specs, order, wiring)
    nodes, every_input = graph.nodes, wiring.inputs
    conditional = {name for name, spec in specs.items() if any(port.when is not None for port in spec.inputs)}
    steps: dict[str, Step] = {}
    for node_id in order:
        node, inputs = nodes[node_id], every_input[node_id]
        spec = specs[node.type]
        params = {}
        for param in spec.params:
            if (name := param.name) not in inputs:
                params[name] = own_value(param, node)
        below, over = consumers.get(node_id, ()), mapped.get(node_id, ())
        # By position: names would cost as much again as the tuple does.
        steps[node_id] = Step(
            node_id,
            node.type,
            node.title or spec.title,
            params,
            inputs,
            keys.add(node_id, spec, params, inputs),
            spec.volatile or node_id in keys.unfit,
            node.retries,
            node.retry_delay_s,
            node.retry_jitter_factor,
            node.timeout_s,
            node.tags,
            node.max_parallel,
            tuple(sorted(below, key=rank)) if len(below) > 1 else tuple(below),
            depth[node_id],
            spec,
            # What maps over its condition asks for another port at each item.
            lazy_ports(spec, inputs.keys() - set(over)) if node.type in conditional else (),
            over,
            keys.files.get(node_id, NO_FILES),
            keys.unfit.get(node_id),
        )
    keys.check()
    return Plan(
        order=order,
        steps=steps,
        skipped=wiring.skipped,
        levels=levels(depth),
        critical_path=longest_path(depth, parents),
        segments=segments,
        outputs=outputs,
        force=force,
        graph=graph,
    )


def _ends(resolved: Mapping[str, Collection[str]], pruned: Mapping[str, Inputs]) -> set[str]:
    """Nodes of which no other is made, whether or not it asks for them."""
    taken = {parent for above in resolved.values() for parent in above}
    taken |= {source.node for ports in pruned.values() for sources in ports.values() for source in sources}
    return resolved.keys() - taken


def _mapped(graph: Graph, specs: Mapping[str, NodeSpec], order: Iterable[str], wiring: Wiring) -> Mapped:
    # Without a list at the beginning there is none anywhere.
    if not any(item_type(output.type) for spec in specs.values() for output in spec.outputs):
        return {}
    spec_of = {node_id: specs[graph.nodes[node_id].type] for node_id in order}
    return mapped_ports(order, wiring.inputs, spec_of)


def _drawn(graph: Graph) -> dict[str, Inputs]:
    try:
        return drawn_inputs(graph)
    except KeyError as error:
        raise GraphError("VE-005", f"an edge names the node {error.args[0]}, which does not exist") from None


def _parents(inputs: Inputs) -> Collection[str]:
    """The nodes that feed one, each once, in the order of the inputs."""
    names = [source.node for sources in inputs.values() for source in sources]
    if len(names) < 2 or (len(names) == 2 and names[0] != names[1]):
        return names
    return tuple(dict.fromkeys(names))


def _wanted(graph: Graph, targets: tuple[str, ...] | None) -> dict[str, Source]:
    outputs = {item.name: Source(item.node, item.port) for item in graph.outputs}
    if targets is None:
        return outputs
    suggestions = Suggestions()
    if problems := [
        Problem(
            "VE-004", f"the graph has no output {name}", hint=suggestions.hint(name, outputs, "outputs of the graph")
        )
        for name in targets
        if name not in outputs
    ]:
        raise GraphError.of(problems)
    return {name: outputs[name] for name in targets}


def _specs(graph: Graph, catalogue: Catalogue, scope: Iterable[str]) -> dict[str, NodeSpec]:
    found: dict[str, NodeSpec] = {}
    nodes = graph.nodes
    for node_type in {nodes[node_id].type for node_id in scope}:
        if (spec := catalogue.get(node_type)) is None:
            node_id = min(node_id for node_id in scope if nodes[node_id].type == node_type)
            raise GraphError("VE-003", f"{node_id} has the type {node_type}, which is not installed", node_id=node_id)
        found[node_type] = spec
    return found


def _ordered(scope: Collection[str], parents: Neighbours, successors: Neighbours) -> list[str]:
    try:
        return topological_order(scope, parents, successors)
    except ValueError as error:
        raise GraphError("VE-002", str(error)) from None
