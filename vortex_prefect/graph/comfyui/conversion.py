"""A workflow of ComfyUI as a graph, and a report of what was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.comfyui.editor_form import from_editor
from vortex_prefect.graph.comfyui.placement import columns
from vortex_prefect.graph.comfyui.reading import read_workflow
from vortex_prefect.graph.comfyui.storable import cut, id_of, name_of
from vortex_prefect.graph.comfyui.table import NOTES, PRIMITIVE, ROWS, Row, Same, Through, primitive_row
from vortex_prefect.graph.comfyui.translation import Placeholder, Taken, Translated, taken, values_of
from vortex_prefect.graph.comfyui.workflow import Foreign, Origin, Workflow, from_prompt
from vortex_prefect.graph.model import SCHEMA, Graph, parse_graph

_NOTE_SIZE = (240.0, 140.0)


@dataclass(frozen=True, slots=True)
class Converted:
    """A graph, and what of the workflow is not in it."""

    graph: Graph
    #: Nodes that became nodes of ours, and those that are only held a place for.
    taken: int
    placeholders: int
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "graph": self.graph.to_document(),
            "taken": self.taken,
            "placeholders": self.placeholders,
            "problems": [problem.to_dict() for problem in self.problems],
        }


def convert(content: bytes, catalogue: Catalogue, limits: Limits, name: str = "") -> Converted:
    """The workflow of a JSON or PNG file as a graph.

    Nodes without counterpart, or with one that is not installed, become nodes of the type `comfyui.…`, which nobody
    has: their values and edges are kept, and `validate` names them (VE-003).

    Args:
        name: of the graph; files carry none.

    Raises:
        GraphError: VE-001 for what holds no workflow, VE-012 for what is too much; nothing else, whatever it is.
    """
    form, data = read_workflow(content, limits)
    workflow = (from_editor if form == "editor" else from_prompt)(data, limits.nodes)
    return _Conversion(workflow, catalogue, limits).graph(name)


class _Conversion:
    def __init__(self, workflow: Workflow, catalogue: Catalogue, limits: Limits) -> None:
        self._workflow, self._catalogue, self._limits = workflow, catalogue, limits
        self._problems = list(workflow.problems)
        self._nodes: dict[str, dict[str, Any]] = {}
        self._notes: list[dict[str, Any]] = []
        self._edges: list[dict[str, Any]] = []
        self._outputs: list[dict[str, Any]] = []
        #: Their id → what became of the node.
        self._became: dict[str, tuple[str, Translated]] = {}
        self._foreign = {node.id: node for node in workflow.nodes}
        #: (their id, slot) → the node of ours through which that output goes.
        self._through: dict[Origin, str] = {}

    def graph(self, name: str) -> Converted:
        for node in self._workflow.nodes:
            if node.type in NOTES:
                self._note(node)
            else:
                self._node(node)
        for node in self._workflow.nodes:
            if node.id in self._became:
                self._connect(node)
        if all(node.place is None for node in self._workflow.nodes):
            columns(self._nodes, self._edges)
        document = {
            "schema": SCHEMA,
            "name": cut(name),
            "nodes": self._nodes,
            "edges": self._edges,
            "outputs": self._outputs,
            "groups": self._groups(),
            "notes": self._notes,
        }
        placeholders = sum(isinstance(translated, Placeholder) for _, translated in self._became.values())
        graph = parse_graph(document, self._limits)
        return Converted(graph, len(self._became) - placeholders, placeholders, tuple(self._problems))

    def _node(self, node: Foreign) -> None:
        if node.id in self._became:
            self._tell("VE-001", f"the id {cut(node.id, 60)} is there twice; the second one was left out", None)
            return
        own = id_of(node.id, self._nodes)
        translated, problems = taken(node, self._row(node), self._catalogue, own, self._limits.depth)
        self._problems += problems
        self._became[node.id] = (own, translated)
        x, y = node.place or (0.0, 0.0)
        self._nodes[own] = {
            "type": translated.type,
            "params": translated.params,
            "position": {"x": x, "y": y},
            "title": None if node.title is None or node.title == node.type else cut(node.title, 200),
            "mode": node.mode,
        }
        if isinstance(translated, Taken) and translated.row.result and node.mode == "active":
            port = translated.row.result
            name = name_of(node.title or f"{node.type} {own}", {item["name"] for item in self._outputs})
            self._outputs.append({"name": name, "node": own, "port": port})

    def _row(self, node: Foreign) -> Row | None:
        if node.type != PRIMITIVE:
            return ROWS.get(node.type)
        return primitive_row(node.widgets[0]) if node.widgets else None

    def _connect(self, node: Foreign) -> None:
        own, translated = self._became[node.id]
        for name, origin in node.inputs.items():
            port = translated.target(name)
            if port is None:
                self._tell("VE-004", f"the wire into {cut(name, 60)} has no counterpart and was left out", own)
                continue
            source = self._source(origin, own, name)
            if source is not None:
                self._edges.append({"source": source, "target": {"node": own, "port": port}})

    def _source(self, origin: Origin, own: str, name: str) -> dict[str, str] | None:
        """The output of ours that theirs is, with a node between where theirs means something else."""
        seen: set[Origin] = set()
        while True:
            origin = self._workflow.source(origin)
            found = self._became.get(origin.node)
            if found is None or origin in seen:
                self._tell("VE-005", f"the wire into {cut(name, 60)} comes from nowhere and was left out", own)
                return None
            seen.add(origin)
            there, translated = found
            output = translated.output(origin.slot)
            if isinstance(output, Same):
                following = self._foreign[origin.node].inputs.get(output.input)
                origin = following or Origin("", 0)
            elif isinstance(output, Through):
                return {"node": self._between(origin, there, output), "port": output.out}
            elif output is None:
                message = f"output {origin.slot} of {there} has no counterpart"
                self._tell("VE-004", f"{message}; its wire into {cut(name, 60)} was left out", own)
                return None
            else:
                return {"node": there, "port": output}

    def _between(self, origin: Origin, there: str, output: Through) -> str:
        if (known := self._through.get(origin)) is not None:
            return known
        made = id_of(f"{there}.{output.output}", self._nodes)
        position = self._nodes[there]["position"]
        place = {"x": position["x"] + 40.0, "y": position["y"] + 320.0}
        self._nodes[made] = {"type": output.type, "params": {}, "position": place}
        ends = {"source": {"node": there, "port": output.output}, "target": {"node": made, "port": output.into}}
        self._edges.append(ends)
        self._through[origin] = made
        return made

    def _note(self, node: Foreign) -> None:
        x, y = node.place or (0.0, 0.0)
        width, height = node.size or _NOTE_SIZE
        values = values_of(node, ("text",))
        written = values.get("text")
        self._notes.append({
            "id": id_of(f"note-{node.id}", {note["id"] for note in self._notes}),
            "text": cut(written) if isinstance(written, str) else "",
            "position": {"x": x, "y": y},
            "size": {"width": max(width, 0.0), "height": max(height, 0.0)},
        })  # fmt: skip

    def _groups(self) -> list[dict[str, Any]]:
        found = []
        for index, frame in enumerate(self._workflow.frames[: self._limits.nodes]):
            x, y, width, height = frame.box
            found.append({
                "id": f"group-{index + 1}",
                "title": cut(frame.title, 200),
                "position": {"x": x, "y": y},
                "size": {"width": width, "height": height},
                "color": frame.color and cut(frame.color, 100),
            })  # fmt: skip
        return found

    def _tell(self, code: str, message: str, node: str | None) -> None:
        self._problems.append(Problem(code, message, node_id=node))
