"""A request that is repeated with its key is carried out once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.ids import new_id
from vortex_prefect.service.executions import Options

OTHER = replace(ACTOR, user="grace")


async def test_a_graph_is_made_once_and_told_as_it_was_made(bench: Bench) -> None:
    first = await bench.control.graphs.create(picture_graph(), ACTOR, "k")
    await bench.control.graphs.put(first.id, picture_graph(name="Changed"), None, ACTOR)
    told = len(bench.sink.messages)
    assert await bench.control.graphs.create(picture_graph(), ACTOR, "k") == first
    await bench.control.graphs.delete(first.id, ACTOR)
    assert await bench.control.graphs.create(picture_graph(), ACTOR, "k") == first
    assert len(bench.sink.messages) == told + 1
    assert len((await bench.control.graphs.page(10))[0]) == 0


async def test_a_graph_that_names_its_id_is_made_once(bench: Bench) -> None:
    document = picture_graph(id=new_id())
    first = await bench.control.graphs.create(document, ACTOR, "k")
    assert await bench.control.graphs.create(document, ACTOR, "k") == first
    with pytest.raises(RequestError, match=r"RQ-007.*exists"):
        await bench.control.graphs.create(document, ACTOR, "other")


async def test_a_graph_is_copied_once(bench: Bench) -> None:
    source = await bench.control.graphs.create(picture_graph(), ACTOR)
    first = await bench.control.graphs.clone(source.id, ACTOR, "Copy", "k")
    await bench.control.graphs.delete(source.id, ACTOR)
    assert await bench.control.graphs.clone(source.id, ACTOR, "Copy", "k") == first
    for other in (
        bench.control.graphs.clone(source.id, ACTOR, "X", "k"),
        bench.control.graphs.clone(first.id, ACTOR, "Copy", "k"),
    ):
        with pytest.raises(RequestError, match=r"RQ-007.*another request"):
            await other


async def test_keys_are_of_one_user_and_one_use_case(bench: Bench) -> None:
    first = await bench.control.graphs.create(picture_graph(), ACTOR, "k")
    assert (await bench.control.graphs.create(picture_graph(), OTHER, "k")).id != first.id
    clone = await bench.control.graphs.clone(first.id, ACTOR, None, "k")
    options = Options(idempotency_key="k")
    mine = await bench.control.executions.execute(first.id, options, ACTOR)
    theirs = await bench.control.executions.execute(first.id, options, OTHER)
    assert len({first.id, clone.id, mine.id, theirs.id}) == 4


async def test_other_content_under_a_key_is_refused(bench: Bench) -> None:
    graph = await bench.control.graphs.create(picture_graph(), ACTOR, "k")
    with pytest.raises(RequestError, match=r"RQ-007.*another request"):
        await bench.control.graphs.create(picture_graph(name="Other"), ACTOR, "k")
    execute = bench.control.executions.execute
    asked = Options(idempotency_key="k", inputs={"radius": 3}, targets=("picture",))
    first = await execute(graph.id, asked, ACTOR)
    assert await execute(graph.id, asked, ACTOR) == first
    changes: tuple[dict[str, Any], ...]
    changes = ({"inputs": {"radius": 4}}, {"inputs": {}}, {"force": True}, {"targets": None}, {"priority": 2})
    for change in changes:
        with pytest.raises(RequestError, match=r"RQ-007.*another request"):
            await execute(graph.id, replace(asked, **change), ACTOR)


async def test_what_changed_since_is_no_other_content(bench: Bench) -> None:
    asked = Options(idempotency_key="k", priority=1)
    first = await bench.queued(asked)
    await bench.control.executions.reprioritise(first.id, 9, ACTOR)
    await bench.control.graphs.delete(first.graph_id, ACTOR)
    assert (await bench.control.executions.execute(first.graph_id, asked, ACTOR)).id == first.id


@pytest.mark.parametrize("use_case", ["create", "clone", "execute"])
async def test_two_at_the_same_time_are_one(bench: Bench, use_case: str) -> None:
    source = await bench.control.graphs.create(picture_graph(), ACTOR)
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "create": lambda: bench.control.graphs.create(picture_graph(), ACTOR, "k"),
        "clone": lambda: bench.control.graphs.clone(source.id, ACTOR, None, "k"),
        "execute": lambda: bench.control.executions.execute(source.id, Options(idempotency_key="k"), ACTOR),
    }
    made = await asyncio.gather(*(calls[use_case]() for _ in range(8)))
    assert len({record.id for record in made}) == 1


async def test_keys_outlive_a_restart(bench: Bench) -> None:
    graph = await bench.control.graphs.create(picture_graph(), ACTOR, "k")
    execution = await bench.queued(Options(idempotency_key="k"), graph.id)
    other = bench.restarted()
    assert await other.control.graphs.create(picture_graph(), ACTOR, "k") == graph
    assert (await other.queued(Options(idempotency_key="k"), graph.id)).id == execution.id
