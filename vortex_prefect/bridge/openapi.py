"""The OpenAPI document: FastAPI's, and what it cannot know.

Added are the bodies that routes read by themselves, examples, the answers of
every error code, and what authentication and rate limits answer on all routes.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from vortex_prefect.bridge import examples
from vortex_prefect.bridge.description import CODES_MEMBER, header
from vortex_prefect.bridge.published import PublishGraphRequest
from vortex_prefect.bridge.requests import REQUESTS
from vortex_prefect.core.errors import CODES, Problem, VortexError
from vortex_prefect.graph.model import Graph

TITLE = "VORTEX"

_DESCRIPTION = """\
Graphs of tensor nodes, their executions as Prefect flows, and what they give.

Every answer with a status of 400 or more is `{"error": {code, message, hint, problems, …}}`; codes are stable. Lists
come in pages: `next` of one is `before` (or `after`) of the one that follows. What happens while an execution runs is
told on the WebSocket `/ws?graph_id=…`."""

_TAGS = {
    "graphs": "Documents `vortex.graph/1`, their versions and events.",
    "executions": "Running graphs, the queue, and the outputs.",
    "files": "Inputs that a browser uploads.",
    "access": "Who is asking, sessions of browsers, tokens, and who did what.",
    "operations": "Node types, workers, health and metrics.",
}

#: Any request may meet these: an address or a body that is malformed, a foreign page, a full disk, a defect.
_EVERYWHERE = ("RQ-001", "RQ-008", "SY-006", "SY-007")
#: What authentication and rate limits answer, on everything under `/api`.
_GUARDED = ("RQ-009", "RQ-010", "RQ-011")
_HEADERS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}

_COOKIE = "Of the editor's own pages; the port is the server's. Changes need the header `X-CSRF-Token` beside."
_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "`vortex token create` makes one."},
    "session": {"type": "apiKey", "in": "cookie", "name": "vortex-session-8420", "description": _COOKIE},
}
#: The empty one: without any token made, the server listens on loopback only, and asks for none.
_SECURITY: list[dict[str, list[str]]] = [{}, {"token": []}, {"session": []}]

_METHODS = ("get", "put", "post", "delete", "patch")


def document(app: FastAPI) -> dict[str, Any]:
    """The app's description, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _document(app)
    return app.openapi_schema


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _document(app: FastAPI) -> dict[str, Any]:
    with warnings.catch_warnings():
        # HEAD has the same id as its GET, and is taken out below.
        warnings.filterwarnings("ignore", "Duplicate Operation ID")
        found = _of_fastapi(app)
    components = found.setdefault("components", {})
    components.setdefault("schemas", {}).update(_request_schemas((*REQUESTS, PublishGraphRequest, Graph)))
    components["securitySchemes"] = _SECURITY_SCHEMES
    for item in found["paths"].values():
        # Answered wherever GET is, as HTTP asks (RFC 9110 §9.1): no operations of their own.
        item.pop("head", None)
    for path, _, operation in operations(found):
        _complete(operation, guarded=path.startswith("/api/"))
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    return found


def _of_fastapi(app: FastAPI) -> dict[str, Any]:
    return get_openapi(
        title=TITLE,
        version="1",
        summary="Tensor graphs as Prefect flows.",
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )


def _complete(operation: dict[str, Any], *, guarded: bool) -> None:
    responses = operation["responses"]
    # FastAPI promises its own 422 for every route with parameters; `problems` answers 400.
    responses.pop("422", None)
    responses.pop("default", None)
    _show_success(operation)
    own = operation.pop(CODES_MEMBER, ())
    codes = (*_EVERYWHERE, *_GUARDED, *own) if guarded else (*_EVERYWHERE, *own)
    if guarded:
        operation["security"] = _SECURITY
    for status, group in _by_status(codes):
        responses[status] = _failure(status, group)


def _show_success(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            for media_type, content in response.get("content", {}).items():
                if (example := examples.answer(name, media_type)) is not None:
                    content["example"] = example
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if name in examples.REQUESTS and not media_type.startswith("image/"):
            content["example"] = examples.REQUESTS[name]


def _by_status(codes: Iterable[str]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for code in sorted(set(codes)):
        found[str(CODES[code].http_status)].append(code)
    return sorted(found.items())


def _failure(status: str, codes: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": "; ".join(f"{code} {CODES[code].title}" for code in codes),
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/ErrorAnswer"},
                "examples": {code: {"summary": CODES[code].title, "value": failure(code)} for code in codes},
            }
        },
    }
    if names := _HEADERS.get(status):
        told["headers"] = {name: header(name) for name in names}
    return told


def failure(code: str) -> dict[str, Any]:
    """An answer with that code, made as all are."""
    row = CODES[code]
    in_graph = code.startswith("VE-")
    problems: tuple[Problem, ...] = ()
    if in_graph or code == "RQ-001":
        path = "/nodes/blur/params/radius" if in_graph else "/options/priority"
        problems = (Problem(code, row.title, "blur" if in_graph else None, "radius" if in_graph else None, path),)
    return {"error": VortexError(code, row.title, problems=problems).to_dict()}


def _request_schemas(models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = definitions["$defs"]
    return found


def answer_head(routes: Iterable[BaseRoute]) -> None:
    """Let every route that answers GET answer HEAD: the server leaves out the content."""
    for route in routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")
