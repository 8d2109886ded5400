"""The FastAPI application: HTTP, WebSockets, and the editor's page."""

from __future__ import annotations

import socket

from fastapi import Depends, FastAPI

from vortex_prefect.bridge import collab, editor, openapi, problems, session
from vortex_prefect.bridge.access import Access, is_loopback, open_gate, permitted
from vortex_prefect.bridge.access_log import AccessLog
from vortex_prefect.bridge.answers import ErrorAnswer
from vortex_prefect.bridge.conditional import Conditional
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.guard import Guard
from vortex_prefect.bridge.metrics import MeasuredApp, Metrics
from vortex_prefect.bridge.routes import access, executions, files, graphs, operations, published, versions


def create_app(context: BridgeContext) -> FastAPI:
    """The application over running services.

    The caller enters `context.control` before it serves and leaves it after;
    the application starts nothing of its own.
    """
    # Without FastAPI's own pages for the API: they load scripts from other hosts.
    app = FastAPI(
        title=openapi.TITLE,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own spans tell of every look at the status, and of its insides; `routes.executions` has ours.
        telemetry={"tracing": False},
        # For its schema alone: `openapi` makes the answers of each route from its codes.
        responses={"default": {"model": ErrorAnswer}},
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.context = context
    app.state.gate = gate = context.gate or open_gate(context.settings)
    app.state.metrics = Metrics(context.hub, context.control)
    # `/api/graph/execute` has to be met before `/api/graph/{graph_id}`.
    routers = [part.router for part in (executions, graphs, versions, published, files, operations, access)]
    app.state.routes = [route for router in routers for route in router.routes]
    openapi.answer_head(app.state.routes)
    for router in routers:
        app.include_router(router, dependencies=[Depends(permitted)])
    app.include_router(session.router)
    app.include_router(collab.router)
    editor.mount(app)
    problems.install(app)
    app.add_middleware(Conditional)
    app.add_middleware(Access, gate=gate, audit=context.control.audit)
    app.add_middleware(Guard, hosts=_names(context), addresses=not is_loopback(context.settings.host))
    app.add_middleware(MeasuredApp, metrics=app.state.metrics)
    if context.settings.access_log:
        app.add_middleware(AccessLog)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    _build_routes(app)
    return app


def _build_routes(app: FastAPI) -> None:
    # FastAPI builds the routes of a router when it is first asked for one of them. Whoever comes first would wait for
    # all of them (30 ms), and everybody else with him.
    for route in app.routes:
        route.matches({"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []})


def _names(context: BridgeContext) -> frozenset[str]:
    """How clients may call this server, beside its loopback names."""
    settings = context.settings
    named = [name.strip() for name in settings.hosts.split(",") if name.strip()]
    own = [] if is_loopback(settings.host) else [socket.gethostname(), socket.getfqdn()]
    return frozenset((settings.host, *named, *own, *context.hosts))
