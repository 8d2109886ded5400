"""`kill -9` at random instants: what was acknowledged is there, in order, and once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from tests.contract.postgres_server import PostgresServer
from vortex_prefect.store import open_store

_ROOT = Path(__file__).parents[2]
_APPENDS = 10_000

# Sixteen who append without end; every answer is one line, said after the answer.
_APPEND_FOR_EVER = """
import asyncio, os, sys
from tests.unit.store.records import an_event
from vortex_prefect.store import open_store

async def main(url):
    store = open_store(url)
    async def one():
        while True:
            event = await store.write(lambda unit: unit.append(an_event()))
            os.write(1, f"{event.sequence_number} {event.event_id}\\n".encode())
    await asyncio.gather(*(one() for _ in range(16)))

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture(params=["file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield f"sqlite:///{tmp_path}/vortex.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.schema() as url:
        yield url


def _acknowledged(url: str, at_least: int, chance: random.Random) -> list[str]:
    """What one process was told before it was killed, at a random instant after the last that it had to be told."""
    process = subprocess.Popen(
        [sys.executable, "-c", _APPEND_FOR_EVER, url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert process.stdout is not None
    timer = Timer(chance.uniform(0, 0.05), process.kill)
    try:
        lines = [process.stdout.readline() for _ in range(at_least)]
        timer.start()
        lines += process.stdout.readlines()
    finally:
        timer.join() if timer.is_alive() else process.kill()
        process.wait()
        process.stdout.close()
    assert len(lines) >= at_least
    return [line for line in lines if line.endswith("\n")]


async def test_ten_thousand_acknowledged_appends_survive_kills(url: str) -> None:
    chance = random.Random(8)
    acknowledged: dict[int, str] = {}
    lives = 0
    while len(acknowledged) < _APPENDS:
        told = [line.split() for line in _acknowledged(url, chance.randrange(500, 3_000), chance)]
        # A number that was given out is never given again.
        assert not {int(number) for number, _ in told} & acknowledged.keys()
        acknowledged |= {int(number): event_id for number, event_id in told}
        lives += 1
    store = open_store(url)
    events = await store.read(lambda unit: unit.events(limit=1_000_000))
    await store.close()
    stored = {event.sequence_number: event.event_id for event in events}
    assert lives > 2
    assert acknowledged.items() <= stored.items()
    assert [event.sequence_number for event in events] == list(range(1, len(events) + 1))
    assert len({event.event_id for event in events}) == len(events)
