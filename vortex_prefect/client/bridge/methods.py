"""Operations as methods of a client: the signature is the operation's own, the means are the client's."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Generic, ParamSpec, Self, TypeVar, overload

from vortex_prefect.client.bridge.exchange import Call, Steps
from vortex_prefect.client.bridge.requests import Listing

if TYPE_CHECKING:
    from vortex_prefect.client.bridge.clients import AsyncBridge, Bridge

P = ParamSpec("P")
T = TypeVar("T")


class Method(Generic[P, T]):
    """A method of `Bridge` that carries out an operation."""

    def __init__(self, build: Callable[P, Call[T]] | Callable[P, Steps[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Bridge, owner: type) -> Callable[P, T]: ...
    def __get__(self, client: Bridge | None, owner: type) -> Self | Callable[P, T]:
        if client is None:
            return self

        @functools.wraps(self.build)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return client.run(self.build(*args, **kwargs))

        return call


class AsyncMethod(Generic[P, T]):
    """A method of `AsyncBridge` that carries out an operation."""

    def __init__(self, build: Callable[P, Call[T]] | Callable[P, Steps[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: AsyncBridge, owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, client: AsyncBridge | None, owner: type) -> Self | Callable[P, Awaitable[T]]:
        if client is None:
            return self

        @functools.wraps(self.build)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return await client.run(self.build(*args, **kwargs))

        return call


class Pages(Generic[P, T]):
    """A method of `Bridge` that goes through a list, a page at a time."""

    def __init__(self, build: Callable[P, Listing[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Bridge, owner: type) -> Callable[P, Iterator[T]]: ...
    def __get__(self, client: Bridge | None, owner: type) -> Self | Callable[P, Iterator[T]]:
        if client is None:
            return self

        @functools.wraps(self.build)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            listing, cursor = self.build(*args, **kwargs), None
            while True:
                page = client.run(listing.page(cursor))
                yield from listing.items(page)
                if (cursor := listing.following(page, cursor)) is None:
                    return

        return iterate


class AsyncPages(Generic[P, T]):
    """A method of `AsyncBridge` that goes through a list, a page at a time."""

    def __init__(self, build: Callable[P, Listing[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: AsyncBridge, owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, client: AsyncBridge | None, owner: type) -> Self | Callable[P, AsyncIterator[T]]:
        if client is None:
            return self

        @functools.wraps(self.build)
        async def iterate(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
            listing, cursor = self.build(*args, **kwargs), None
            while True:
                page = await client.run(listing.page(cursor))
                for item in listing.items(page):
                    yield item
                if (cursor := listing.following(page, cursor)) is None:
                    return

        return iterate
