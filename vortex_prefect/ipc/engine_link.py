"""The link between bridge and engine: an `EnginePort` served over a Unix socket, and its client.

Frames are an 8-byte little-endian length and a msgpack map. A call is
`{id, op, args}`, its answer `{id, result}` or `{id, error}`; reports come as
`{report}` after `{id, op: "reports"}`. What a connection holds (`hold`) is
released when it closes, so that a killed client leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgpack

from vortex_prefect.core.contracts import DeployRequest, EnginePort, ExecutionRequest, LocalEnginePort
from vortex_prefect.core.errors import SystemFault, VortexError, WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import ExecutionStatus, Report, report_from_dict

logger = logging.getLogger(__name__)

LENGTH = struct.Struct("<Q")
#: A tensor that is read through the link is one frame.
_MAX_FRAME_BYTES = 4 << 30


async def serve_engine(engine: LocalEnginePort, path: Path) -> asyncio.Server:
    """Serve `engine` at a socket in a directory that only this user may enter."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(_Connection.accepted(engine), str(path))
    os.chmod(path, 0o600)
    return server


class _Connection:
    """One bridge or client at the engine's door."""

    def __init__(self, engine: LocalEnginePort, writer: asyncio.StreamWriter) -> None:
        self._engine = engine
        self._writer = writer
        self._tasks: set[asyncio.Task[None]] = set()
        #: Calls that hold something; they are never cut short, for what they hold has to be known.
        self._holds: set[asyncio.Task[None]] = set()
        self._holder = f"client-{new_id()}"
        self._holding = False

    @staticmethod
    def accepted(engine: LocalEnginePort) -> Any:
        """The callback that asyncio's server wants."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _Connection(engine, writer).serve(reader)

        return serve

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Answer calls until the peer goes."""
        try:
            while (message := await _read(reader)) is not None:
                tasks = self._holds if message.get("op") == "hold" else self._tasks
                task = asyncio.create_task(self._answer(message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except WorkerError as error:
            logger.warning("a bridge was sent away: %s", error)
        finally:
            for task in self._tasks:
                task.cancel()
            self._writer.close()
            await self._release()

    async def _release(self) -> None:
        """The peer is gone: what it held may go."""
        await asyncio.gather(*self._holds, return_exceptions=True)
        if self._holding:
            try:
                await self._engine.release(self._holder)
            except VortexError as error:
                logger.warning("what %s held is not released: %s", self._holder, error)

    async def _answer(self, message: dict[str, Any]) -> None:
        try:
            if message["op"] == "reports":
                async for report in self._engine.reports():
                    await self._send({"report": report.to_dict()})
            result = await self._call(message["op"], message["args"])
            await self._send({"id": message["id"], "result": result})
        except VortexError as error:
            await self._send({"id": message["id"], "error": error.to_dict()})
        except Exception as error:
            logger.exception("the call %s failed", message.get("op"))
            failure = SystemFault("SY-007", f"{type(error).__name__}: {error}")
            await self._send({"id": message["id"], "error": failure.to_dict()})

    async def _call(self, operation: str, arguments: list[Any]) -> Any:
        if operation == "hold":
            return await self._hold(*arguments)
        if (carry_out := _OPERATIONS.get(operation)) is None:
            raise WorkerError("WK-010", f"the engine knows no call {operation!r}")
        return await carry_out(self._engine, *arguments)

    async def _hold(self, execution_id: str, node: str, port: str) -> list[Any]:
        self._holding = True
        value, arena_path = await self._engine.hold(execution_id, node, port, self._holder)
        return [value.to_dict(), arena_path]

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(pack(message))
            await self._writer.drain()


async def _catalogue(engine: EnginePort) -> list[dict[str, Any]]:
    return (await engine.catalogue()).to_list()


async def _renew(engine: EnginePort) -> list[dict[str, Any]]:
    return (await engine.renew()).to_list()


#: What a bridge may ask, with arguments and results as msgpack carries them.
_OPERATIONS: dict[str, Callable[..., Awaitable[Any]]] = {
    "execute": lambda engine, request: engine.execute(ExecutionRequest.from_dict(request)),
    "cancel": lambda engine, execution_id: engine.cancel(execution_id),
    "knows": lambda engine, execution_id: engine.knows(execution_id),
    "explain": lambda engine, request: engine.explain(ExecutionRequest.from_dict(request)),
    "deploy": lambda engine, request: engine.deploy(DeployRequest.from_dict(request)),
    "run_flow_run": lambda engine, flow_run_id: engine.run_flow_run(flow_run_id),
    "flow_outcome": lambda engine, flow_run_id: engine.flow_outcome(flow_run_id),
    "catalogue": _catalogue,
    "renew": _renew,
    "status": lambda engine: engine.status(),
    "read_value": lambda engine, value, form: engine.read_value(Value.from_dict(value), form),
    "pin": lambda engine, value, keep: engine.pin(Value.from_dict(value), keep),
    "debug_count": lambda engine, tag: engine.debug_count(tag),
}


class EngineLink:
    """An `EnginePort` whose engine is another process. Connects on first use, and again after a break."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._receiver: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Disconnect; calls under way fail with SY-004."""
        if self._receiver is not None:
            self._receiver.cancel()
            await asyncio.gather(self._receiver, return_exceptions=True)

    async def execute(self, request: ExecutionRequest) -> None:
        """See `EnginePort.execute`."""
        await self._call("execute", request.to_dict())

    async def cancel(self, execution_id: str) -> bool:
        """See `EnginePort.cancel`."""
        return bool(await self._call("cancel", execution_id))

    async def knows(self, execution_id: str) -> bool:
        """See `EnginePort.knows`."""
        return bool(await self._call("knows", execution_id))

    async def explain(self, request: ExecutionRequest) -> dict[str, Any]:
        """See `EnginePort.explain`."""
        answer: dict[str, Any] = await self._call("explain", request.to_dict())
        return answer

    async def deploy(self, request: DeployRequest) -> dict[str, Any]:
        """See `EnginePort.deploy`."""
        answer: dict[str, Any] = await self._call("deploy", request.to_dict())
        return answer

    async def run_flow_run(self, flow_run_id: str) -> None:
        """See `EnginePort.run_flow_run`."""
        await self._call("run_flow_run", flow_run_id)

    async def flow_outcome(self, flow_run_id: str) -> tuple[ExecutionStatus, str]:
        """See `EnginePort.flow_outcome`."""
        status, message = await self._call("flow_outcome", flow_run_id)
        return ExecutionStatus(status), message

    async def catalogue(self) -> Catalogue:
        """See `EnginePort.catalogue`."""
        return Catalogue.from_list(await self._call("catalogue"))

    async def renew(self) -> Catalogue:
        """See `EnginePort.renew`."""
        return Catalogue.from_list(await self._call("renew"))

    async def status(self) -> dict[str, Any]:
        """See `EnginePort.status`."""
        answer: dict[str, Any] = await self._call("status")
        return answer

    async def read_value(self, value: Value, format: str) -> tuple[bytes, str]:
        """See `EnginePort.read_value`."""
        data, media_type = await self._call("read_value", value.to_dict(), format)
        return data, media_type

    async def pin(self, value: Value, keep: bool) -> bool:
        """See `EnginePort.pin`."""
        return bool(await self._call("pin", value.to_dict(), keep))

    async def debug_count(self, tag: str) -> int:
        """See `EnginePort.debug_count`."""
        return int(await self._call("debug_count", tag))

    async def reports(self) -> AsyncIterator[Report]:
        """See `EnginePort.reports`; a connection of its own.

        Raises:
            SystemFault: SY-004, the engine went away.
        """
        reader, writer = await self._open()
        try:
            writer.write(pack({"id": 0, "op": "reports", "args": []}))
            while (message := await _read(reader)) is not None:
                yield report_from_dict(message["report"])
        finally:
            writer.close()
        raise SystemFault("SY-004", "the engine closed the link")

    async def _call(self, operation: str, *arguments: Any) -> Any:
        writer = await self._connected()
        call_id = next(self._ids)
        future = self._pending[call_id] = asyncio.get_running_loop().create_future()
        try:
            writer.write(pack({"id": call_id, "op": operation, "args": arguments}))
            await writer.drain()
            return await future
        except ConnectionError as error:
            raise SystemFault("SY-004", f"the link to the engine broke: {error}") from error
        finally:
            self._pending.pop(call_id, None)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                reader, self._writer = await self._open()
                self._receiver = asyncio.create_task(self._receive(reader, self._writer))
            return self._writer

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(str(self._path))
        except OSError as error:
            raise SystemFault("SY-004", f"nothing answers at {self._path}: {error.strerror}") from error

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (message := await _read(reader)) is not None:
                future = self._pending.get(message["id"])
                if future is None or future.done():
                    continue
                if "error" in message:
                    future.set_exception(VortexError.from_dict(message["error"]))
                else:
                    future.set_result(message["result"])
        finally:
            writer.close()
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(SystemFault("SY-004", "the engine closed the link"))


def pack(message: dict[str, Any]) -> bytes:
    """A frame."""
    body: bytes = msgpack.packb(message)
    return LENGTH.pack(len(body)) + body


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; null when the peer has gone."""
    try:
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if length > _MAX_FRAME_BYTES:
            raise WorkerError("WK-010", f"a frame announces {length} bytes")
        message: dict[str, Any] = msgpack.unpackb(await reader.readexactly(length))
        return message
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
