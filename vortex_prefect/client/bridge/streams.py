"""Messages of a graph, with and without an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection as SyncConnection
from websockets.sync.client import connect as connect_sync

from vortex_prefect.client.bridge.course import Course
from vortex_prefect.client.bridge.messages import GraphSync, Message
from vortex_prefect.client.bridge.site import Site
from vortex_prefect.core.errors import SystemFault

_LOST = (WebSocketException, OSError, TimeoutError)


class MessageStream:
    """All messages of a graph, over as many connections as it takes; iterate it. Of threads, any may use it.

    Where a connection was lost, the next one goes on after the last message. If not all that was missed is held any
    more, a `Gap` comes, and after it the graph and the state of its running executions.
    """

    def __init__(self, site: Site, course: Course) -> None:
        self._site = site
        self._course = course
        self._connection: SyncConnection | None = None
        self._closed = threading.Event()
        # One thread reads, for all who wait: each looks whether what came is what it waits for.
        self._turn = threading.Condition()
        self._reading = False

    def __enter__(self) -> Self:
        """Connect, so that nothing which is done after this is missed."""
        self._until(lambda: self._connection is not None or None, None, connect_only=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        inbox = self._course.inbox
        message: Message | None = self._until(lambda: inbox.popleft() if inbox else None, None)
        if message is None:
            raise StopIteration
        return message

    @property
    def gaps(self) -> int:
        """How often messages may have been lost."""
        return self._course.gaps

    def update(
        self, mutations: Sequence[Mapping[str, Any]], *, base_version: int | None = None, timeout_s: float = 30.0
    ) -> GraphSync:
        """Change the graph, all of it or nothing; the graph as it is then.

        Raises:
            VortexError: what the bridge refuses, RQ-003 where the graph is not at `base_version` any more; SY-004,
                there was no answer: the change may have been made.
        """
        deadline = time.monotonic() + timeout_s
        self._until(lambda: self._connection is not None or None, deadline, connect_only=True)
        request_id, text = self._course.update(mutations, base_version)
        try:
            connection = self._connection
            if connection is not None:
                with contextlib.suppress(*_LOST):  # whoever reads finds out, and settles it
                    connection.send(text)
            answer: GraphSync | None = self._until(lambda: self._course.answer(request_id), deadline)
        finally:
            self._course.forget(request_id)
        if answer is None:
            raise SystemFault("SY-004", "the stream was closed before the change was answered")
        return answer

    def close(self) -> None:
        """Leave; whoever iterates comes to the end."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            connection.close()

    def _until(self, look: Callable[[], Any], deadline: float | None, *, connect_only: bool = False) -> Any:
        """What `look` finds, as soon as it is something; null if the stream is closed first."""
        with self._turn:
            while (found := look()) is None and not self._closed.is_set():
                if self._reading:
                    if not self._turn.wait(_rest(deadline)):
                        raise _late()
                    continue
                self._reading = True
                self._turn.release()
                try:
                    self._advance(deadline, connect_only)
                finally:
                    self._turn.acquire()
                    self._reading = False
                    self._turn.notify_all()
            return found

    def _advance(self, deadline: float | None, connect_only: bool) -> None:
        """Take one message, or make a connection where there is none."""
        try:
            if self._connection is None:
                self._connection = connect_sync(self._course.address(), **self._site.socket_options())
                self._course.opened()
                if self._closed.is_set():
                    self._connection.close()
                return
            if not connect_only:
                text = self._connection.recv(timeout=_rest(deadline))
                self._course.take(text)
        except _LOST as error:
            if isinstance(error, TimeoutError) and self._connection is not None:
                raise _late() from error
            self._drop()
            if not self._closed.is_set():
                self._closed.wait(self._course.lost(error))
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class AsyncMessageStream:
    """All messages of a graph, over as many connections as it takes; iterate it. Of tasks, any may use it.

    Where a connection was lost, the next one goes on after the last message. If not all that was missed is held any
    more, a `Gap` comes, and after it the graph and the state of its running executions.
    """

    def __init__(self, site: Site, course: Course) -> None:
        self._site = site
        self._course = course
        self._connection: ClientConnection | None = None
        self._closed = asyncio.Event()
        self._turn = asyncio.Condition()
        self._reading = False

    async def __aenter__(self) -> Self:
        """Connect, so that nothing which is done after this is missed."""
        await self._until(lambda: self._connection is not None or None, connect_only=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        inbox = self._course.inbox
        message: Message | None = await self._until(lambda: inbox.popleft() if inbox else None)
        if message is None:
            raise StopAsyncIteration
        return message

    @property
    def gaps(self) -> int:
        """How often messages may have been lost."""
        return self._course.gaps

    async def update(
        self, mutations: Sequence[Mapping[str, Any]], *, base_version: int | None = None, timeout_s: float = 30.0
    ) -> GraphSync:
        """Change the graph, all of it or nothing; the graph as it is then.

        Raises:
            VortexError: what the bridge refuses, RQ-003 where the graph is not at `base_version` any more; SY-004,
                there was no answer: the change may have been made.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._update(mutations, base_version)
        except TimeoutError as error:
            raise _late() from error

    async def close(self) -> None:
        """Leave; whoever iterates comes to the end."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            await connection.close()

    async def _update(self, mutations: Sequence[Mapping[str, Any]], base_version: int | None) -> GraphSync:
        await self._until(lambda: self._connection is not None or None, connect_only=True)
        request_id, text = self._course.update(mutations, base_version)
        try:
            connection = self._connection
            if connection is not None:
                with contextlib.suppress(*_LOST):  # whoever reads finds out, and settles it
                    await connection.send(text)
            answer: GraphSync | None = await self._until(lambda: self._course.answer(request_id))
        finally:
            self._course.forget(request_id)
        if answer is None:
            raise SystemFault("SY-004", "the stream was closed before the change was answered")
        return answer

    async def _until(self, look: Callable[[], Any], *, connect_only: bool = False) -> Any:
        """What `look` finds, as soon as it is something; null if the stream is closed first."""
        async with self._turn:
            while (found := look()) is None and not self._closed.is_set():
                if self._reading:
                    await self._turn.wait()
                    continue
                self._reading = True
                self._turn.release()
                try:
                    await self._advance(connect_only)
                finally:
                    # Nobody holds it for longer than a look, so that a task which is cancelled is not held up here.
                    await self._turn.acquire()
                    self._reading = False
                    self._turn.notify_all()
            return found

    async def _advance(self, connect_only: bool) -> None:
        """Take one message, or make a connection where there is none."""
        try:
            if self._connection is None:
                self._connection = await connect(self._course.address(), **self._site.socket_options())
                self._course.opened()
                if self._closed.is_set():
                    await self._connection.close()
                return
            if not connect_only:
                self._course.take(await self._connection.recv())
        except _LOST as error:
            await self._drop()
            if not self._closed.is_set():
                await self._rest(self._course.lost(error))
        except asyncio.CancelledError:
            raise
        except BaseException:
            await self._drop()
            raise

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _rest(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _late() -> SystemFault:
    return SystemFault("SY-004", "the change was not answered in time", "It may have been made: read the graph.")
