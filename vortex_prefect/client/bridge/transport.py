"""Carries out requests, with and without an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import IO, Any, TypeVar, cast

import httpx

from vortex_prefect.client.bridge.exchange import Answer, Exchanges, Pause, Request, Unreached
from vortex_prefect.client.bridge.site import Site
from vortex_prefect.client.bridge.transfer import Upload

T = TypeVar("T")

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: Bytes of a file that are read at once, each in a hop to a thread where there is an event loop.
_CHUNK_BYTES = 1 << 20


class Transport:
    """For code without an event loop, from any thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._http = httpx.Client(**site.http_options())

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def run(self, exchanges: Exchanges[T]) -> T:
        """Carry out all of it; raises what it raises."""
        resume: Callable[[], Request | Pause] = partial(next, exchanges)
        while True:
            try:
                effect = resume()
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                answer = self._exchange(effect) if isinstance(effect, Request) else _slept(effect)
            except Unreached as error:
                resume = partial(exchanges.throw, error)
            else:
                resume = partial(exchanges.send, answer)

    def _exchange(self, request: Request) -> Answer:
        with _translated(), _body(self._http, request) as built:
            response = self._http.send(built, stream=True)
            with contextlib.closing(response):
                return self._receive(request, response)

    def _receive(self, request: Request, response: httpx.Response) -> Answer:
        if request.sink is not None and response.is_success:
            sink = request.sink
            try:
                sink.begin(_length(response))
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    sink.write(chunk)
                sink.finish()
            finally:
                sink.close()
            return _answer(response, b"")
        deadline = None if request.unbounded else time.monotonic() + self._site.timeout_s
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if deadline is not None and time.monotonic() > deadline:
                raise httpx.ReadTimeout("the answer did not end in time")
        return _answer(response, bytes(content))


class AsyncTransport:
    """For code on an event loop; files are read and written beside it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._http = httpx.AsyncClient(**site.http_options())

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def run(self, exchanges: Exchanges[T]) -> T:
        """Carry out all of it; raises what it raises."""
        resume: Callable[[], Request | Pause] = partial(next, exchanges)
        while True:
            try:
                effect = resume()
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                answer = await (asyncio.sleep(effect.seconds) if isinstance(effect, Pause) else self._exchange(effect))
            except Unreached as error:
                resume = partial(exchanges.throw, error)
            else:
                resume = partial(exchanges.send, answer)

    async def _exchange(self, request: Request) -> Answer:
        with _translated(), _body(self._http, request) as built:
            if isinstance(request.body, Upload):
                built.stream = _Beside(built.stream)
            async with asyncio.timeout(None if request.unbounded else self._site.timeout_s):
                response = await self._http.send(built, stream=True)
                try:
                    return await self._receive(request, response)
                finally:
                    await response.aclose()

    async def _receive(self, request: Request, response: httpx.Response) -> Answer:
        if request.sink is None or not response.is_success:
            return _answer(response, await response.aread())
        sink = request.sink
        try:
            await asyncio.to_thread(sink.begin, _length(response))
            async for chunk in response.aiter_bytes(_CHUNK_BYTES):
                await asyncio.to_thread(sink.write, chunk)
            await asyncio.to_thread(sink.finish)
        finally:
            sink.close()
        return _answer(response, b"")


class _Beside(httpx.AsyncByteStream):
    """A body whose parts are read in threads: a slow disk holds up nobody else."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: Iterator[bytes] = iter(self._stream)
        while part := await asyncio.to_thread(next, parts, b""):
            yield part


@contextlib.contextmanager
def _body(http: httpx.Client | httpx.AsyncClient, request: Request) -> Iterator[httpx.Request]:
    """httpx's own form of a request, while the file that it sends is open."""
    build = partial(
        http.build_request, request.route.method, request.path, params=request.query, headers=dict(request.headers)
    )
    if not isinstance(request.body, Upload):
        yield build(content=request.body)
        return
    with request.body.opened() as file:
        yield build(files={"file": (request.body.name, cast(IO[bytes], file))})


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _NOT_SENT as error:
        raise Unreached(_reason(error), sent=False) from error
    except (httpx.RequestError, TimeoutError) as error:
        raise Unreached(_reason(error), sent=True) from error


def _slept(pause: Pause) -> Answer | None:
    time.sleep(pause.seconds)
    return None


def _reason(error: Exception) -> str:
    return str(error) or {"ReadTimeout": "it took too long", "TimeoutError": "it took too long"}.get(
        type(error).__name__, type(error).__name__
    )


def _length(response: httpx.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and "content-encoding" not in response.headers else None


def _answer(response: httpx.Response, content: bytes) -> Answer:
    return Answer(response.status_code, dict(response.headers), content)
