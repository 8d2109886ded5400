"""Both clients under one name each: what a test asks of one it asks of the other, from an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from vortex_prefect.client import AsyncBridge, AsyncMessageStream, Bridge, MessageStream


class Caller:
    """Calls either client by the name of a method; the one without an event loop in threads."""

    def __init__(self, client: Bridge | AsyncBridge) -> None:
        self.client = client

    async def __call__(self, method: str, *args: Any, **options: Any) -> Any:
        call = getattr(self.client, method)
        if isinstance(self.client, Bridge):
            return await asyncio.to_thread(call, *args, **options)
        return await call(*args, **options)

    async def all(self, method: str, *args: Any, **options: Any) -> list[Any]:
        """All of a list."""
        found = getattr(self.client, method)(*args, **options)
        if isinstance(self.client, Bridge):
            return await asyncio.to_thread(list, found)
        return [item async for item in found]

    @contextlib.asynccontextmanager
    async def messages(self, graph_id: str, **options: Any) -> AsyncIterator[Messages]:
        """An open stream."""
        stream = self.client.messages(graph_id, **options)
        if isinstance(stream, AsyncMessageStream):
            async with stream:
                yield Messages(stream)
        else:
            await asyncio.to_thread(stream.__enter__)
            try:
                yield Messages(stream)
            finally:
                await asyncio.to_thread(stream.close)


class Messages:
    """Either stream."""

    def __init__(self, stream: MessageStream | AsyncMessageStream) -> None:
        self.stream = stream

    async def next(self) -> Any:
        """The next message; null at the end."""
        if isinstance(self.stream, AsyncMessageStream):
            return await anext(self.stream, None)
        return await asyncio.to_thread(next, self.stream, None)

    async def until(self, kind: type) -> Any:
        """The next message of a class; others are passed by."""
        while not isinstance(message := await self.next(), kind):
            assert message is not None
        return message

    async def update(self, *mutations: dict[str, Any], **options: Any) -> Any:
        """Change the graph."""
        if isinstance(self.stream, AsyncMessageStream):
            return await self.stream.update(mutations, **options)
        return await asyncio.to_thread(self.stream.update, mutations, **options)


@contextlib.asynccontextmanager
async def caller(kind: str, url: str, home: Path, **options: Any) -> AsyncIterator[Caller]:
    """A client of either kind: `sync` or `async`."""
    if kind == "async":
        async with AsyncBridge(url, home=home, **options) as client:
            yield Caller(client)
        return
    with Bridge(url, home=home, **options) as plain:
        yield Caller(plain)
