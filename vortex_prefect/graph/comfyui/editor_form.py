"""The form that their editor saves: nodes, links, groups, and definitions of subgraphs, which are unfolded here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.graph.comfyui.workflow import (
    Foreign,
    Frame,
    Origin,
    Workflow,
    dict_of,
    dicts_of,
    number_of,
    pair_of,
    text_of,
)
from vortex_prefect.graph.model import Mode

_MODES: dict[int, Mode] = {2: "muted", 4: "bypassed"}
#: Ids that stand for a subgraph's own inputs and outputs within it.
_ENTRY, _EXIT = -10, -20
#: Subgraphs within one another that are unfolded.
_DEEPEST = 16

Key = int | str


@dataclass(frozen=True, slots=True)
class _Level:
    """Where a part of the workflow is unfolded."""

    prefix: str = ""
    #: Subgraphs around it, from outside to inside.
    within: tuple[str, ...] = ()
    mode: Mode = "active"
    #: Added to places within.
    shift: tuple[float, float] = (0.0, 0.0)

    def id(self, key: Any) -> str:
        return f"{self.prefix}{key}"


@dataclass(frozen=True, slots=True)
class _Link:
    origin: Key
    slot: int
    target: Key
    target_slot: int


class _Part:
    """The workflow itself, or what a subgraph is defined as; read once, however often it is unfolded."""

    def __init__(self, data: dict[str, Any], found: Workflow) -> None:
        self.links = _links(data.get("links"))
        self.exits = [link for link in self.links.values() if link.target == _EXIT]
        self.inputs = [port.get("name") for port in dicts_of(data.get("inputs"))]
        self.nodes = [item for item in dicts_of(data.get("nodes")) if _is_node(item)]
        if len(self.nodes) < len(list(data["nodes"] if isinstance(data.get("nodes"), list) else ())):
            found.problems.append(Problem("VE-001", "nodes without id or type were left out"))
        places = [place for item in self.nodes if (place := pair_of(item.get("pos"))) is not None]
        self.corner = (min((x for x, _ in places), default=0.0), min((y for _, y in places), default=0.0))


def from_editor(data: dict[str, Any], most: int) -> Workflow:
    """Everything of a saved workflow; VE-012 beyond `most` nodes, unfolded subgraphs included."""
    found = Workflow()
    kinds = {
        key: _Part(item, found)
        for item in dicts_of(dict_of(data.get("definitions")).get("subgraphs"))
        if (key := text_of(item.get("id"))) is not None
    }
    _Unfolding(found, kinds, most).take(_Part(data, found), _Level())
    for item in dicts_of(data.get("groups")):
        box = item.get("bounding", item.get("bounds"))
        numbers = [number_of(side) for side in box[:4]] if isinstance(box, list) else []
        if len(numbers) == 4 and None not in numbers:
            x, y, width, height = (side or 0.0 for side in numbers)
            title, color = text_of(item.get("title")), text_of(item.get("color"))
            found.frames.append(Frame(title or "", (x, y, max(width, 0.0), max(height, 0.0)), color))
    return found


class _Unfolding:
    """Puts what subgraphs hold in the place of the nodes that stand for them."""

    def __init__(self, found: Workflow, kinds: dict[str, _Part], most: int) -> None:
        self._found, self._kinds, self._most = found, kinds, most
        self._unfolded = 0

    def take(self, part: _Part, level: _Level) -> None:
        for item in part.nodes:
            node = _node(item, level, part.links)
            inner = self._kinds.get(node.type)
            if inner is None or node.type in level.within or len(level.within) >= _DEEPEST:
                self._found.add(node, self._most)
            else:
                self._unfold(node, inner, level)
        for link in part.exits:
            if level.within:
                outside = Origin(level.prefix.removesuffix(":"), link.target_slot)
                self._found.aliases[outside] = Origin(level.id(link.origin), link.slot)

    def _unfold(self, node: Foreign, inner: _Part, level: _Level) -> None:
        self._unfolded += 1
        if self._unfolded > self._most:
            raise GraphError("VE-012", f"the workflow has more than {self._most} subgraphs")
        x, y = node.place or (0.0, 0.0)
        mode = node.mode if level.mode == "active" else level.mode
        shift = (x - inner.corner[0], y - inner.corner[1])
        below = _Level(f"{node.id}:", (*level.within, node.type), mode, shift)
        for slot, name in enumerate(inner.inputs):
            if isinstance(name, str) and (origin := node.inputs.get(name)) is not None:
                self._found.aliases[Origin(below.id(_ENTRY), slot)] = origin
        if node.widgets or node.values:
            message = "what was set on the node of the subgraph itself was not taken; its parts keep their own values"
            self._found.problems.append(Problem("VE-004", message, node_id=node.id[:200]))
        self.take(inner, below)


def _is_node(item: dict[str, Any]) -> bool:
    return _is_key(item.get("id")) and text_of(item.get("type")) is not None


def _node(item: dict[str, Any], level: _Level, links: dict[Key, _Link]) -> Foreign:
    widgets = item.get("widgets_values")
    node = Foreign(
        level.id(item["id"]),
        item["type"],
        title=text_of(item.get("title")),
        place=_shifted(pair_of(item.get("pos")), level.shift),
        size=pair_of(item.get("size")),
        mode=_MODES.get(mode, "active") if isinstance(mode := item.get("mode"), int) else "active",
        values=dict(widgets) if isinstance(widgets, dict) else {},
        widgets=list(widgets) if isinstance(widgets, list) else None,
        outputs=tuple(text_of(port.get("name")) or "" for port in dicts_of(item.get("outputs"))),
    )
    for place, port in enumerate(dicts_of(item.get("inputs"))):
        key = port.get("link")
        link = links.get(key) if isinstance(key, int | str) else None
        if link is not None:
            node.inputs[text_of(port.get("name")) or f"in_{place}"] = Origin(level.id(link.origin), link.slot)
    return node if level.mode == "active" else replace(node, mode=level.mode)


def _shifted(place: tuple[float, float] | None, by: tuple[float, float]) -> tuple[float, float] | None:
    return place and (place[0] + by[0], place[1] + by[1])


def _links(data: Any) -> dict[Key, _Link]:
    """Links by id: lists in the older files and on the outside, objects in the newer ones and in subgraphs."""
    found: dict[Key, _Link] = {}
    for item in data if isinstance(data, list) else ():
        if isinstance(item, list) and len(item) >= 5:
            key, *ends = item[:5]
        elif isinstance(item, dict):
            key = item.get("id")
            ends = [item.get(name) for name in ("origin_id", "origin_slot", "target_id", "target_slot")]
        else:
            continue
        origin, slot, target, target_slot = ends
        known = _is_key(key) and _is_key(origin) and _is_key(target)
        if known and _is_slot(slot) and _is_slot(target_slot):
            found[key] = _Link(origin, slot, target, target_slot)
    return found


def _is_key(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _is_slot(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1000
