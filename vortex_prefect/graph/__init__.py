"""The graph as a pure domain: document, validation, hashes, plan and edits. No I/O."""

from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import Change, Mutation, apply, apply_inputs, diff, parse_mutations, replay
from vortex_prefect.graph.model import Edge, Endpoint, ExposedInput, ExposedOutput, Graph, Node, parse_graph
from vortex_prefect.graph.plan import Plan, Step, compile_plan
from vortex_prefect.graph.validate import validate
from vortex_prefect.graph.wiring import Source

__all__ = [
    "Change",
    "Edge",
    "Endpoint",
    "ExposedInput",
    "ExposedOutput",
    "Graph",
    "Mutation",
    "Node",
    "Plan",
    "Source",
    "Step",
    "apply",
    "apply_inputs",
    "compile_plan",
    "diff",
    "graph_hash",
    "parse_graph",
    "parse_mutations",
    "replay",
    "validate",
]
