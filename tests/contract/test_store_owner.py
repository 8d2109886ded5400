"""Who owns a store can be read by whoever waits for it, and who waits has it once the owner lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.contract.postgres_server import PostgresServer
from tests.unit.store.records import an_event
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.owner import Owner, Waiting
from vortex_prefect.store.sql_store import open_store

PATIENCE_S = 30.0


@pytest.fixture(params=["file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield f"sqlite:///{tmp_path}/vortex.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.schema() as url:
        yield url


class Watch:
    """A wait for the lock, and the owner that it saw last."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.owners: asyncio.Queue[Owner | None] = asyncio.Queue()
        self.waiting = Waiting(self._see)

    def _see(self, owner: Owner | None) -> None:
        self._loop.call_soon_threadsafe(self.owners.put_nowait, owner)

    async def sees(self, wanted: str) -> Owner:
        """The owner that has this id."""
        async with asyncio.timeout(PATIENCE_S):
            while (owner := await self.owners.get()) is None or owner.id != wanted:
                pass
        return owner


async def test_who_waits_sees_the_owner_and_has_the_store_after_it(url: str) -> None:
    owner = Owner(url="http://10.0.0.1:8420", exposed=True)
    store = open_store(url, owner)
    written = await store.write(lambda unit: unit.append(an_event()))
    watch = Watch()
    successor = Owner(url="http://10.0.0.2:8420")
    with ThreadPoolExecutor(1) as pool:
        opening = asyncio.wrap_future(pool.submit(open_store, url, successor, watch.waiting))
        seen = await watch.sees(owner.id)
        assert (seen.url, seen.pid, seen.host, seen.key, seen.exposed) == (
            owner.url, owner.pid, owner.host, owner.key, True,
        )  # fmt: skip
        assert seen.since_ms >= owner.since_ms
        assert not opening.done()
        await store.close()
        async with asyncio.timeout(PATIENCE_S):
            second = await opening
    assert await second.read(lambda unit: unit.events()) == [written]
    watch = Watch()
    with ThreadPoolExecutor(1) as pool:
        opening = asyncio.wrap_future(pool.submit(open_store, url, Owner(), watch.waiting))
        await watch.sees(successor.id)
        watch.waiting.give_up()
        with pytest.raises(SystemFault, match="SY-005"):
            await opening
    await second.close()


@pytest.mark.parametrize("text", ["", "123\n", "{", "[]", '{"id": 1}', '{"id": "x", "later": 1}', '{"key": null}'])
def test_what_is_no_owner_is_nobody(text: str) -> None:
    assert Owner.from_text(text) is None


def test_an_owner_is_read_as_it_was_written() -> None:
    owner = Owner(url="http://x")
    assert Owner.from_text(owner.to_text()) == owner
    assert owner.key not in repr(owner)
