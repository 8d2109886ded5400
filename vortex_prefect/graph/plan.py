"""From a valid graph to what the engine runs: steps in order, with content keys and what may be reused."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.keys import ContentKeys, FileIdentity
from vortex_prefect.graph.model import Endpoint, Graph, Node
from vortex_prefect.graph.order import (
    ancestors,
    chains,
    depths,
    levels,
    longest_path,
    reversed_edges,
    topological_order,
)
from vortex_prefect.graph.suggest import Suggestions
from vortex_prefect.graph.wiring import Incoming, Source, Wiring, own_value, wire


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a plan, with everything that its job needs but the values themselves."""

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


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs, in which order, and what stands in the way of the rest."""

    graph_hash: str
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

    def dirty(self, known: Container[str]) -> dict[str, str]:
        """Steps that must run → why, for a person, in the order of the plan.

        A step runs if its result is not among the content keys `known` and
        somebody needs it: it gives a graph output, nothing consumes it, or a
        dirty step does. So a result that was evicted is not computed again
        while all that was made of it is still there; such a step is neither
        dirty nor known, and nobody will ask for it. Volatile steps always run:
        neither they nor anything below them has a key.
        """
        goals = {source.node for source in self.outputs.values()}
        found: set[str] = set()
        for node_id in reversed(self.order):
            step = self.steps[node_id]
            needed = node_id in goals or not step.consumers or not found.isdisjoint(step.consumers)
            if self.force or (needed and not _is_known(step, known)):
                found.add(node_id)
        return {node_id: self._why(self.steps[node_id], known) for node_id in self.order if node_id in found}

    def explain(self, known: Container[str]) -> list[str]:
        """One line a node: what happens to it, and why."""
        dirty = self.dirty(known)
        lines = []
        for node_id in self.order:
            if node_id in dirty:
                lines.append(f"{node_id} runs: {dirty[node_id]}")
            elif _is_known(self.steps[node_id], known):
                lines.append(f"{node_id} is taken from the cache")
            else:
                lines.append(f"{node_id} does not run: all that was made of it is in the cache")
        return lines + [f"{node_id} is skipped: {reason}" for node_id, reason in self.skipped.items()]

    def _why(self, step: Step, known: Container[str]) -> str:
        if self.force:
            return "forced"
        if step.volatile:
            return "runs every time"
        for port, sources in step.inputs.items():
            for source in sources:
                if (key := self.steps[source.node].key) is None:
                    return f"its input {port} from {source.node} is new every time"
                if key not in known:
                    return f"its input {port} from {source.node} changed"
        return "not in the cache"


def compile_plan(
    graph: Graph,
    catalogue: Catalogue,
    *,
    targets: tuple[str, ...] | None,
    force: bool,
    file_identity: FileIdentity,
) -> Plan:
    """Plan a graph in which `validate` found nothing; linear in its size.

    Args:
        targets: names of graph outputs; only what these need is planned. Null:
            every active node.
        force: run everything, whatever the cache holds.
        file_identity: asked once for each file that a planned step reads.

    Raises:
        GraphError: VE-004 for targets that are no graph output; VE-010 for
            every file that cannot be read; VE-002 or VE-003 if the graph was
            not valid.
    """
    incoming = _incoming(graph)
    parents = {node: {end.node for ends in ports.values() for end in ends} for node, ports in incoming.items()}
    wanted = _wanted(graph, targets)
    scope = set(graph.nodes) if targets is None else ancestors({end.node for end in wanted.values()}, parents)
    specs = _specs(graph, catalogue, scope)
    wiring = wire(graph, specs, _ordered(scope, parents), incoming)
    outputs = {name: source for name, end in wanted.items() if (source := wiring.origin(end.node, end.port))}
    resolved = {node: _parents(inputs) for node, inputs in wiring.inputs.items()}
    if targets is not None:
        needed = ancestors({source.node for source in outputs.values()}, resolved)
        resolved = {node: above for node, above in resolved.items() if node in needed}
    return _assemble(graph, specs, wiring, resolved, outputs, force=force, file_identity=file_identity)


def _assemble(
    graph: Graph,
    specs: Mapping[str, NodeSpec],
    wiring: Wiring,
    parents: dict[str, list[str]],
    outputs: dict[str, Source],
    *,
    force: bool,
    file_identity: FileIdentity,
) -> Plan:
    # The wiring's nodes stand in topological order already, and `parents` kept it.
    consumers = reversed_edges(parents, parents)
    segments = chains(parents, parents, consumers)
    order = tuple(chain.from_iterable(segments))
    rank = {node_id: place for place, node_id in enumerate(order)}
    depth = depths(order, parents)
    keys = ContentKeys(file_identity)
    steps: dict[str, Step] = {}
    for node_id in order:
        node, inputs = graph.nodes[node_id], wiring.inputs[node_id]
        spec = specs[node.type]
        params = {param.name: own_value(param, node) for param in spec.params if param.name not in inputs}
        key = keys.add(node_id, spec, params, inputs)
        after = tuple(sorted(consumers.get(node_id, ()), key=rank.__getitem__))
        steps[node_id] = _step(node_id, node, spec, params, inputs, key, after, depth[node_id])
    keys.check()
    return Plan(
        graph_hash=graph_hash(graph),
        order=order,
        steps=steps,
        skipped=wiring.skipped,
        levels=levels(depth),
        critical_path=longest_path(depth, parents),
        segments=segments,
        outputs=outputs,
        force=force,
    )


def _step(
    node_id: str,
    node: Node,
    spec: NodeSpec,
    params: dict[str, Any],
    inputs: dict[str, tuple[Source, ...]],
    key: str | None,
    consumers: tuple[str, ...],
    depth: int,
) -> Step:
    return Step(
        node_id=node_id,
        node_type=node.type,
        title=node.title or spec.title,
        params=params,
        inputs=inputs,
        key=key,
        volatile=spec.volatile,
        retries=node.retries,
        retry_delay_s=node.retry_delay_s,
        retry_jitter_factor=node.retry_jitter_factor,
        timeout_s=node.timeout_s,
        tags=node.tags,
        max_parallel=node.max_parallel,
        consumers=consumers,
        depth=depth,
    )


def _is_known(step: Step, known: Container[str]) -> bool:
    return step.key is not None and step.key in known


def _incoming(graph: Graph) -> Incoming:
    found: dict[str, dict[str, list[Endpoint]]] = {}
    for edge in graph.edges:
        target = edge.target
        found.setdefault(target.node, {}).setdefault(target.port, []).append(edge.source)
    return found


def _parents(inputs: Mapping[str, tuple[Source, ...]]) -> list[str]:
    return list({source.node: None for sources in inputs.values() for source in sources})


def _wanted(graph: Graph, targets: tuple[str, ...] | None) -> dict[str, Endpoint]:
    outputs = {item.name: Endpoint.model_construct(node=item.node, port=item.port) for item in graph.outputs}
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
    for node_id in scope:
        node_type = graph.nodes[node_id].type
        if node_type not in found and (spec := catalogue.get(node_type)) is not None:
            found[node_type] = spec
        elif node_type not in found:
            raise GraphError("VE-003", f"{node_id} has the type {node_type}, which is not installed", node_id=node_id)
    return found


def _ordered(scope: set[str], parents: Mapping[str, set[str]]) -> list[str]:
    try:
        return topological_order(scope, parents)
    except ValueError as error:
        raise GraphError("VE-002", str(error)) from None
