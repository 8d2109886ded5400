"""Servers that do not keep to HTTP, or keep to it with ill will."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FaultyServer:
    """Answers each request with the next handler of a script; the last one stays."""

    script: list[Handler]
    port: int = 0
    #: Heads of the requests that came, in lower case.
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                text = head.decode().lower()
                length = next((int(line[15:]) for line in text.split("\r\n") if line.startswith("content-length:")), 0)
                await reader.readexactly(length)
                self.heads.append(text)
                await self.script[min(len(self.heads), len(self.script)) - 1](head, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        writer.close()


@contextlib.asynccontextmanager
async def faulty(*script: Handler) -> AsyncIterator[FaultyServer]:
    """A server with that script on a free port."""
    made = FaultyServer(list(script))
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await made.serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> Handler:
    """An answer; `length` is what it claims to be its length."""

    async def handle(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body) if length is None else length}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        if length is not None:
            await writer.drain()
            writer.close()

    return handle


async def dies(_: bytes, writer: asyncio.StreamWriter) -> None:
    """The connection ends without an answer."""
    writer.close()


async def hangs(_: bytes, __: asyncio.StreamWriter) -> None:
    """Nothing comes."""
    await asyncio.Event().wait()


async def drips(_: bytes, writer: asyncio.StreamWriter) -> None:
    """An answer that never ends, each part in time."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)
