"""Requests to a server that cannot take them at the moment, in front of one that a test plays."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from vortex_prefect.engine import busy_server
from vortex_prefect.engine.busy_server import RightOfWay, retry_quickly


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What Prefect's client would have waited between its tries."""
    noted: list[float] = []

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr("prefect.client.base.anyio.sleep", sleep)
    return noted


def client_of(*responses: httpx.Response) -> PrefectClient:
    """A client of a server that gives these answers, one after the other."""
    left = list(responses)
    transport = httpx.MockTransport(lambda _: left.pop(0))
    client = PrefectClient("http://prefect.test/api", httpx_settings={"transport": transport})
    retry_quickly(client)
    return client


async def test_a_server_that_is_busy_for_a_moment_is_asked_again_within_one(waits: list[float]) -> None:
    client = client_of(*(httpx.Response(503) for _ in range(4)), httpx.Response(200))
    response = await client.request("GET", "/hello")
    assert response.status_code == httpx.codes.OK
    firsts = [busy_server._FIRST_S * busy_server._GROWTH**tries for tries in range(4)]
    # Prefect's client adds up to a fifth, so that many clients do not come back together.
    assert all(first <= wait <= 1.3 * first for first, wait in zip(firsts, waits, strict=True))


async def test_a_server_that_says_when_to_come_back_is_obeyed(waits: list[float]) -> None:
    client = client_of(httpx.Response(503, headers={"Retry-After": "7"}), httpx.Response(200))
    await client.request("GET", "/hello")
    assert waits[0] >= 7


async def test_each_request_begins_with_the_short_wait(waits: list[float]) -> None:
    client = client_of(*(httpx.Response(status) for status in (503, 503, 200, 503, 200)))
    await client.request("GET", "/hello")
    waits.clear()
    await client.request("GET", "/hello")
    assert max(waits) <= 1.3 * busy_server._FIRST_S


async def test_what_goes_first_goes_one_after_the_other() -> None:
    way, inside, most = RightOfWay(), 0, 0

    async def go() -> None:
        nonlocal inside, most
        async with way.first():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(go() for _ in range(5)))
    assert most == 1


async def test_the_rest_goes_when_nothing_goes_first_any_more() -> None:
    way = RightOfWay()
    async with way.first():
        rest = asyncio.create_task(way.give(60))
        assert await asyncio.wait([rest], timeout=0.05) == (set(), {rest})
    await asyncio.wait_for(rest, 10)


async def test_the_rest_waits_for_nobody_where_nothing_goes_first() -> None:
    await asyncio.wait_for(RightOfWay().give(60), 10)


async def test_the_rest_does_not_wait_for_ever() -> None:
    way = RightOfWay()
    async with way.first():
        await way.give(0.001)


async def test_one_that_fails_leaves_the_way_free() -> None:
    way = RightOfWay()
    with pytest.raises(ConnectionError):
        async with way.first():
            raise ConnectionError
    await asyncio.wait_for(way.give(60), 10)
