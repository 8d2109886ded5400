"""The clients say what the bridge's OpenAPI document says: every operation, parameter and field."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from tests.fakes.bridge import bridge
from vortex_prefect.client import AsyncBridge, Bridge
from vortex_prefect.client.bridge.exchange import Call, Route
from vortex_prefect.client.bridge.methods import AsyncMethod, AsyncPages, Method, Pages
from vortex_prefect.client.bridge.requests import Listing
from vortex_prefect.core.errors import Problem

#: The same with the graph's id in the body.
_TWICE = {"POST /api/graph/execute"}
#: What only browsers have: others show a token with each request.
_FOR_BROWSERS = {"POST /api/session", "DELETE /api/session"}
#: Methods of the client's own making.
_SEVERAL_CALLS = {"store_graph", "wait", "get_content", "save_content"}
#: What methods have in place of the bridge's cursors.
_CURSORS = {"before"}


def calls() -> dict[str, tuple[Call[Any], set[str]]]:
    """Route → the call that a method makes of it, and the names of the method's arguments."""
    found: dict[str, tuple[Call[Any], set[str]]] = {}
    for name, method in vars(Bridge).items():
        if isinstance(method, Method | Pages) and name not in _SEVERAL_CALLS:
            signature = inspect.signature(method.build)
            required = [one for one in signature.parameters.values() if one.default is inspect.Parameter.empty]
            given = [_example(one) for one in required]
            made = method.build(*given)
            call = made.page(None) if isinstance(made, Listing) else made
            assert isinstance(call, Call)
            route: Route = call.request.route
            known = found.get(f"{route.method} {route.template}")
            names = set(signature.parameters) | (known[1] if known else set())
            found[f"{route.method} {route.template}"] = (known[0] if known else call, names)
    return found


def _example(parameter: inspect.Parameter) -> Any:
    if parameter.name in ("document", "graph"):
        return {}
    return b"" if parameter.name in ("source", "content") else 1 if "version" in parameter.name else "x"


@pytest.fixture
async def openapi(tmp_path: Path) -> dict[str, Any]:
    async with bridge(tmp_path) as made:
        document: dict[str, Any] = (await made.http.get("/openapi.json")).json()
    return document


def operations(openapi: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_has_a_method(openapi: dict[str, Any]) -> None:
    missing = set(operations(openapi)) - set(calls()) - _TWICE - _FOR_BROWSERS
    assert not missing


def test_every_parameter_has_an_argument(openapi: dict[str, Any]) -> None:
    ours = calls()
    for route, operation in operations(openapi).items():
        named = {one["name"] for one in operation.get("parameters", ()) if one["in"] in ("query", "path")}
        if route in ours:
            assert named - _CURSORS <= ours[route][1], route


def test_every_field_of_every_answer_is_there(openapi: dict[str, Any]) -> None:
    ours, compared = calls(), 0
    for route, operation in operations(openapi).items():
        for status, answer in operation["responses"].items():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if status.startswith("2") and "$ref" in schema and route in ours:
                model = ours[route][0].model
                if model is None:  # bytes, of which JSON is one form
                    assert "outputs" in route
                    continue
                compare(schema, model, openapi, route)
                compared += 1
    assert compared >= 20


def compare(schema: dict[str, Any], model: type, openapi: dict[str, Any], place: str) -> None:
    """Every property of the schema is a field of the model, down to the leaves."""
    if model is dict or not (found := refs(schema)):
        return
    declared = openapi["components"]["schemas"][found[0]]
    if not issubclass(model, BaseModel):
        assert model is Problem, place
        assert set(declared["properties"]) <= set(Problem.__slots__), place
        return
    for name, part in declared.get("properties", {}).items():
        assert name in model.model_fields, f"{place}: {model.__name__} lacks {name}"
        if refs(part) and (inner := models(model.model_fields[name].annotation)):
            compare(part, inner[0], openapi, f"{place}.{name}")


def refs(schema: Any) -> list[str]:
    """Names of the schemas that one mentions first."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return [schema["$ref"].rpartition("/")[2]]
        return [name for part in schema.values() for name in refs(part)]
    return [name for part in schema for name in refs(part)] if isinstance(schema, list) else []


def models(annotation: Any) -> list[type]:
    """Classes of ours in an annotation."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or annotation is Problem):
        return [annotation]
    return [found for part in get_args(annotation) for found in models(part)]


def test_both_clients_can_do_the_same() -> None:
    ours = {name: method.build for name, method in vars(Bridge).items() if isinstance(method, Method | Pages)}
    theirs = {
        name: method.build for name, method in vars(AsyncBridge).items() if isinstance(method, AsyncMethod | AsyncPages)
    }
    assert ours == theirs
    assert len(ours) > 35
    for name in ours:
        listed = name.startswith("list_") and name not in ("list_node_types", "list_workers", "list_tokens")
        assert isinstance(vars(Bridge)[name], Pages) == listed
        assert isinstance(vars(AsyncBridge)[name], AsyncPages) == listed
        assert vars(Bridge)[name].__doc__


def test_a_method_looks_like_its_operation() -> None:
    with Bridge("http://127.0.0.1:1") as client:
        assert list(inspect.signature(client.put_graph).parameters) == ["graph_id", "document", "version"]
        assert (client.wait.__doc__ or "").startswith("The execution once it has ended")
