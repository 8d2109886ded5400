"""Dask's dashboard, found only by those who were told its path."""

from __future__ import annotations

import hmac
from typing import Any

from distributed.http.routing import RoutingApplication
from tornado.httputil import HTTPServerRequest
from tornado.web import ErrorHandler


def hide_all_but(prefix: str) -> None:
    """Let the HTTP server of this process's scheduler answer 404 to every path that is not under `prefix`.

    Dask's own `--dashboard-prefix` moves the pages, but `/` redirects to them and `/sitemap.json` lists them.
    It is done before the server exists: one that answers for a moment without it has told the prefix.
    """
    find_handler = RoutingApplication.find_handler

    def find_hidden(self: RoutingApplication, request: HTTPServerRequest, **kwargs: Any) -> Any:
        first = request.path.lstrip("/").partition("/")[0]
        if hmac.compare_digest(first.encode(), prefix.encode()):
            return find_handler(self, request, **kwargs)
        return self.get_handler_delegate(request, ErrorHandler, {"status_code": 404})

    RoutingApplication.find_handler = find_hidden
