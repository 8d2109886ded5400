"""The FastAPI application: HTTP, WebSocket, and the plain page that shows graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from vortex_prefect.bridge import problems, session
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.guard import Guard
from vortex_prefect.bridge.metrics import MeasuredApp, Metrics
from vortex_prefect.bridge.models import REQUESTS, ErrorAnswer
from vortex_prefect.bridge.routes import executions, files, graphs, operations
from vortex_prefect.graph.model import Graph

_PAGE = Path(__file__).parent / "page"

_TITLE = "VORTEX"


def create_app(context: BridgeContext) -> FastAPI:
    """The application over running services.

    The caller enters `context.control` before it serves and leaves it after;
    the application starts nothing of its own.
    """
    # Without FastAPI's own pages for the API: they load scripts from other hosts.
    app = FastAPI(
        title=_TITLE,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own spans tell of every look at the status, and of its insides; `routes.executions` has ours.
        telemetry={"tracing": False},
        responses={"4XX": {"model": ErrorAnswer}, "5XX": {"model": ErrorAnswer}},
    )
    app.state.context = context
    app.state.metrics = Metrics(context.hub, context.control)
    # `/api/graph/execute` has to be met before `/api/graph/{graph_id}`.
    for part in (executions, graphs, files, operations, session):
        app.include_router(part.router)
    app.mount("/", StaticFiles(directory=_PAGE, html=True), name="page")
    problems.install(app)
    app.add_middleware(Guard, hosts=frozenset((context.settings.host, *context.hosts)))
    app.add_middleware(MeasuredApp, metrics=app.state.metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, and the schemas of the bodies that routes read by themselves."""
    if app.openapi_schema is None:
        schema = get_openapi(title=_TITLE, version="1", routes=app.routes)
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(_request_schemas((*REQUESTS, Graph)))
        _leave_out_422(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _request_schemas(models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = definitions["$defs"]
    return found


def _leave_out_422(schema: dict[str, Any]) -> None:
    """FastAPI promises its own 422 for every route with parameters; `problems` answers 400."""
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
