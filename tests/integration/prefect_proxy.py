"""A proxy before a real Prefect server, on loopback: what becomes of each request, a test decides."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from enum import Enum
from types import TracebackType
from typing import Any

_CHUNK = 1 << 16
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Fate(Enum):
    """What becomes of a request."""

    PASS = "passed on"
    #: Answered with 503, and the server has not heard of it.
    BUSY = "503"
    #: The server does it, and its answer is lost.
    UNANSWERED = "answer lost"


#: From a request's method and path to its fate.
Rule = Callable[[str, str], Fate]


def pass_all(method: str, path: str) -> Fate:
    """A server that is well."""
    return Fate.PASS


class PrefectProxy:
    """Listens on a port of its own; one request to a connection, WebSockets as they come.

    Attributes:
        rule: the fate of each request.
        delay_s: how long the server lets each request wait.
        fates: how many requests had which fate.
        told_bytes: what WebSockets have brought to clients.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.rule: Rule = pass_all
        self.delay_s = 0.0
        self.fates: Counter[Fate] = Counter()
        self.told_bytes = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="prefect-proxy", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._listening: socket.socket | None = None
        self._telling = asyncio.Event()
        self._telling.set()
        # Bound and not listening, it keeps the port ours while everybody is refused.
        self._port_holder = _bound(0)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._port_holder.getsockname()[1])

    def __enter__(self) -> PrefectProxy:
        self._thread.start()
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._port_holder.close()

    def open(self) -> None:
        """Let everybody in."""
        self._do(self._open())

    def refuse(self) -> None:
        """Let nobody in, and break off what is under way, as a server does that dies."""
        self._do(self._refuse())

    @contextlib.contextmanager
    def silenced(self) -> Iterator[None]:
        """Let nothing come out of WebSockets, while nobody notices that."""
        self._loop.call_soon_threadsafe(self._telling.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._telling.set)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # Not by asyncio's own server: one that closes while it accepts leaves connections open.

    async def _open(self) -> None:
        self._listening = listening = _bound(self.port)
        listening.listen(1024)
        listening.setblocking(False)
        self._loop.add_reader(listening, self._accept, listening)

    async def _refuse(self) -> None:
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        await asyncio.sleep(0)  # until all of them have begun: who has not would not let go of his socket
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets in the loop's next round

    def _accept(self, listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        accepted.setblocking(False)
        connection = asyncio.create_task(self._serve(accepted))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, accepted: socket.socket) -> None:
        reader, writer = await _streams(accepted)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            try:
                await self._exchange(reader, writer)
            finally:
                writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        request, *lines = head[:-4].split(b"\r\n")
        method, path, _ = request.decode().split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        body = await reader.readexactly(int(headers.get(b"content-length", 0)))
        fate = self.rule(method, path.partition("?")[0])
        self.fates[fate] += 1
        await asyncio.sleep(self.delay_s)
        if fate is Fate.BUSY:
            writer.write(_BUSY)
            await writer.drain()
            return
        upgrade = b"upgrade" in headers
        if not upgrade:
            lines = [b"Connection: close", *(line for line in lines if not line.lower().startswith(b"connection:"))]
        answer, question = await self._ask_server(hardly_buffered=upgrade)
        try:
            question.write(b"\r\n".join([request, *lines, b"", b""]) + body)
            if fate is Fate.UNANSWERED:
                await answer.read(1)
            elif upgrade:
                await self._converse(reader, writer, answer, question)
            else:
                while chunk := await answer.read(_CHUNK):
                    writer.write(chunk)
                    await writer.drain()
        finally:
            question.close()

    async def _ask_server(self, *, hardly_buffered: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        upstream = socket.socket()
        try:
            upstream.setblocking(False)
            if hardly_buffered:
                # What nobody reads is to wait in the server, which drops it, and not in the kernel.
                upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
            await self._loop.sock_connect(upstream, ("127.0.0.1", self._server_port))
        except BaseException:
            upstream.close()
            raise
        return await _streams(upstream)

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: asyncio.StreamReader,
        question: asyncio.StreamWriter,
    ) -> None:
        async def ask() -> None:
            while chunk := await reader.read(_CHUNK):
                question.write(chunk)
                await question.drain()

        async def tell() -> None:
            while chunk := await answer.read(1 << 12):
                await self._telling.wait()
                self.told_bytes += len(chunk)
                writer.write(chunk)
                await writer.drain()

        both = [asyncio.create_task(ask()), asyncio.create_task(tell())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)


async def _streams(connected: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    opening = asyncio.create_task(asyncio.open_connection(sock=connected, limit=_CHUNK))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:  # it takes no time
        (await opening)[1].close()
        raise


def _bound(port: int) -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    return found
