"""A graph's exposed inputs as a form: the JSON schema of their values, and the values that they have now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vortex_prefect.core.nodespec import Catalogue, ParamSpec, check_param, coerce_param
from vortex_prefect.graph.model import ExposedInput, Graph

_JSON_TYPES = {"FLOAT": "number", "INT": "integer", "BOOL": "boolean", "STRING": "string", "PATH": "string"}


def parameter_schema(graph: Graph, catalogue: Catalogue) -> dict[str, Any]:
    """A JSON schema (an object) whose properties are the exposed inputs, with bounds, defaults and texts.

    `position` orders the fields, as Prefect's forms want it. The default is what the graph says now; an input
    without a usable value is required. Inputs whose node or parameter is unknown are left out.
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    for position, (item, spec, value) in enumerate(_exposed(graph, catalogue)):
        properties[item.name] = {**_field(item, spec), "position": position}
        if _is_usable(spec, value):
            properties[item.name]["default"] = coerce_param(spec, value)
        else:
            required.append(item.name)
    return {"title": "Parameters", "type": "object", "properties": properties, "required": required}


def exposed_values(graph: Graph, catalogue: Catalogue) -> dict[str, Any]:
    """The values that the exposed inputs have in this graph, by name; without those that have none."""
    return {
        item.name: coerce_param(spec, value)
        for item, spec, value in _exposed(graph, catalogue)
        if _is_usable(spec, value)
    }


def _exposed(graph: Graph, catalogue: Catalogue) -> Iterator[tuple[ExposedInput, ParamSpec, Any]]:
    for item in graph.inputs:
        node = graph.nodes.get(item.node)
        spec = catalogue.get(node.type) if node else None
        param = spec.param(item.param) if spec else None
        if node is not None and param is not None:
            yield item, param, node.params.get(param.name, param.default)


def _is_usable(spec: ParamSpec, value: Any) -> bool:
    return check_param(spec, value) is None


def _field(item: ExposedInput, spec: ParamSpec) -> dict[str, Any]:
    field: dict[str, Any] = {"title": item.name, **_type(spec)}
    if text := " ".join(filter(None, (spec.doc, f"In {spec.unit}." if spec.unit else ""))):
        field["description"] = text
    if spec.choices is not None:
        field["enum"] = [*spec.choices, *([None] if _is_nullable(spec) else [])]
    if spec.bounds is not None:
        limits = {"minimum": spec.bounds.min, "maximum": spec.bounds.max}
        field |= {name: _plain(limit) for name, limit in limits.items() if limit is not None}
    return field


def _type(spec: ParamSpec) -> dict[str, Any]:
    if spec.type == "JSON":
        return {}
    kind = _JSON_TYPES[spec.type]
    return {"anyOf": [{"type": kind}, {"type": "null"}]} if _is_nullable(spec) else {"type": kind}


def _is_nullable(spec: ParamSpec) -> bool:
    return spec.default is None and not spec.required


def _plain(limit: float) -> float | int:
    return int(limit) if limit.is_integer() else limit
