"""`python -m benchmarks.api_bare BYTES`: what `api` is compared with, in a process of its own.

A FastAPI application with one route that reads the body and answers so many bytes of JSON, under the bridge's own
uvicorn settings, until standard input ends. It prints its port.
"""

from __future__ import annotations

import asyncio
import sys

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from vortex_prefect.bridge.server import listen, make_server
from vortex_prefect.core.settings import Limits

_METHODS = ["GET", "POST", "PUT"]


def main() -> None:
    """Serve until standard input ends."""
    asyncio.run(_serve(bare_app(int(sys.argv[1]))))


def bare_app(size: int) -> FastAPI:
    """The application; `size` is about how many bytes an answer has."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    content = {"text": "x" * size}

    async def answer(request: Request) -> Response:
        await request.body()
        return JSONResponse(content)

    app.add_api_route("/{path:path}", answer, methods=_METHODS)
    return app


async def _serve(app: FastAPI) -> None:
    listener = listen("127.0.0.1", 0)
    server = make_server(app, Limits())
    serving = asyncio.create_task(server.serve([listener]))
    print(listener.getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving
    listener.close()


if __name__ == "__main__":
    main()
