"""`python -m benchmarks.fanout_server bridge|bare HOME`: what is measured by `ws`, in a process of its own.

It prints its port and the graph's id, publishes what each line `RATE SECONDS` on standard input asks for, and then
prints how many messages that were which must reach everybody. The bridge is the one that ships, over its SQLite
store, without an engine: messages are published into its hub. Bare is a Starlette endpoint under stock uvicorn
settings, that sends each text to each socket. Stamps are microseconds of the monotonic clock, which processes share.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.hub import Hub, envelope_text
from vortex_prefect.bridge.server import listen, make_server
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.ipc.engine_link import EngineLink
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.service.messages import Message
from vortex_prefect.store.sql_store import open_store

#: Nodes that make progress in turns; every so many messages one that may not be lost.
_NODES = 50
_CERTAIN_EVERY = 4

Publish = Callable[[Message], Awaitable[None]]


def now_us() -> int:
    """The clock of all processes of the machine."""
    return time.monotonic_ns() // 1000


def main() -> None:
    """Serve until standard input ends."""
    kind, home = sys.argv[1:]
    logging.disable()  # that there is no engine is known
    asyncio.run(_bridge(Path(home)) if kind == "bridge" else _bare())


async def _bridge(home: Path) -> None:
    settings, hub = Settings(home=home), Hub(clock=now_us)
    store = open_store(f"sqlite:///{home / 'vortex.db'}")
    link = EngineLink(home / "nobody.sock")

    async def publish(message: Message) -> None:
        hub.publish(message)

    async with ControlPlane(store, link, settings, hub.publish) as control:
        document = {"schema": "vortex.graph/1", "name": "fan-out", "nodes": {}, "edges": []}
        graph = await control.graphs.create(document, Actor())
        app = create_app(BridgeContext(settings, control, hub))
        await _serve(make_server(app, Limits()), graph.id, publish)
    await link.close()
    await store.close()


async def _bare() -> None:
    sockets: set[WebSocket] = set()
    seq = 0

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        sockets.add(socket)
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
        sockets.discard(socket)

    async def publish(message: Message) -> None:
        nonlocal seq
        seq += 1
        text = envelope_text(message.type, message.payload, seq, now_us()).decode()
        for socket in tuple(sockets):
            await socket.send_text(text)

    app = Starlette(routes=[WebSocketRoute("/ws", endpoint)])
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="websockets-sansio")
    config.ws_per_message_deflate = False
    await _serve(uvicorn.Server(config), "none", publish)


async def _serve(server: uvicorn.Server, graph_id: str, publish: Publish) -> None:
    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve([listener]))
    print(listener.getsockname()[1], graph_id, flush=True)
    async for rate, seconds in _orders():
        print(await _publish(graph_id, publish, rate, seconds), flush=True)
    server.should_exit = True
    await serving
    listener.close()


async def _orders() -> AsyncIterator[tuple[float, float]]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        rate, seconds = line.split()
        yield float(rate), float(seconds)


async def _publish(graph_id: str, publish: Publish, rate: float, seconds: float) -> str:
    """Publish at fixed times; what is late is not left out."""
    began, certain = time.monotonic(), 0
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        if number % _CERTAIN_EVERY:
            node, payload = f"n{number % _NODES}", {"execution_id": graph_id, "state": "running", "attempt": 1}
            payload |= {"node_id": node, "progress": 50.0, "worker_id": "host/0", "why": None}
            message = Message("execution.progress", graph_id, payload, key=("progress", node), droppable=True)
        else:
            certain += 1
            message = Message("execution.error", graph_id, {"execution_id": graph_id, "node_id": "n", "n": certain})
        await publish(message)
    return json.dumps({"published": int(rate * seconds), "certain": certain})


if __name__ == "__main__":
    main()
