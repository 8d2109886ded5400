"""Rooms through the whole application: what HTTP and `/ws` tell of edits, and whom `/collab` lets in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.fakes.bridge import Bridge, bridge, served
from tests.fakes.graphs import picture_graph
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.collab import protocol
from vortex_prefect.core.access import scopes_of
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.settings import Limits


class Client:
    """A Yjs client without a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.doc: Doc[Any] = Doc()

    async def next(self) -> protocol.Message:
        """The next message, taken in."""
        async with asyncio.timeout(PATIENCE_S):
            frame = await self.connection.recv()
        assert isinstance(frame, bytes)
        message = protocol.parse(frame)
        if isinstance(message, protocol.Edits):
            self.doc.apply_update(message.update)
        return message

    async def synced(self) -> Client:
        """Itself, once it has the document."""
        await self.connection.send(protocol.asks(self.doc.get_state()))
        while not (isinstance(message := await self.next(), protocol.Edits) and message.answer):
            pass
        return self

    def map(self, *path: str) -> Map[Any]:
        found: Map[Any] = self.doc.get(path[0], type=Map)
        for name in path[1:]:
            found = found[name]
        return found

    async def update(self, *path: str, **values: Any) -> None:
        """Change what stands in a map."""
        before = self.doc.get_state()
        self.map(*path).update(values)
        await self.connection.send(protocol.tells(self.doc.get_update(before)))

    async def close_code(self) -> int | None:
        """The code with which the server ends the connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.wait_closed()
        return self.connection.close_code


@contextlib.asynccontextmanager
async def client(made: Bridge, graph_id: str, **headers: str) -> AsyncIterator[Client]:
    url = f"ws://127.0.0.1:{made.port}/collab/{graph_id}"
    async with connect(url, additional_headers=headers) as connection:
        yield Client(connection)


@contextlib.asynccontextmanager
async def pair(made: Bridge, graph_id: str) -> AsyncIterator[tuple[Client, Client]]:
    """Two that have the document."""
    async with client(made, graph_id) as ann, client(made, graph_id) as bob:
        yield await ann.synced(), await bob.synced()


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made, served(made):
        yield made


# -- what is told of edits ----------------------------------------------------------------------------


async def test_a_graph_that_is_read_has_what_was_just_edited(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob):
        await ann.update("nodes", "blur", x=5, y=6)
        await bob.next()
        answer = await made.http.get(f"/api/graph/{graph_id}")
        graph = answer.json()["graph"] if "graph" in answer.json() else answer.json()
        assert graph["nodes"]["blur"]["position"] == {"x": 5, "y": 6}
        assert answer.headers["etag"] == '"2"'


async def test_an_execution_runs_what_the_document_said_when_it_was_asked_for(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob):
        await ann.update("nodes", "blur", "params", radius=7.0)
        await bob.next()
        execution_id = await made.execution(graph_id)
        await ann.update("nodes", "blur", "params", radius=3.0)
        await ann.update("meta", name="Later")
        await bob.next()
        (request,) = made.engine.requests
        assert request.graph["nodes"]["blur"]["params"] == {"radius": 7.0}
        stored = await made.store.read(lambda uow: uow.execution(execution_id))
        assert stored is not None
        assert stored.document == request.graph
        assert stored.graph_hash == request.graph_hash
        made.engine.started(execution_id)
        made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
        assert (await made.ended(execution_id))["graph_hash"] == request.graph_hash


async def test_validation_tells_what_the_document_says_and_a_graph_cannot(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob):
        dangling = {"source": "gone", "sourcePort": "image", "target": "blur", "targetPort": "image"}
        await ann.update("edges", **{"blur:image:gone:image": dangling})
        await bob.next()
        await ann.update("nodes", "blur", x="far")
        await bob.next()
        answer = (await made.http.post(f"/api/graph/{graph_id}/validate")).json()
        told = {problem["code"]: problem for problem in answer["problems"]}
        assert told["VE-005"]["node_id"] == "blur"
        assert told["VE-001"]["node_id"] == "blur"


async def test_ws_clients_are_told_of_every_version(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer, pair(made, graph_id) as (ann, _):
        await peer.next("graph.sync")
        await ann.update("meta", name="Theirs")
        told = (await peer.next("graph.sync"))["payload"]
        assert (told["version"], told["graph"]["name"]) == (2, "Theirs")
        await peer.send("graph.update", mutations=[{"op": "graph.rename", "name": "Ours"}], request_id="r1")
        told = (await peer.next("graph.sync"))["payload"]
        assert (told["version"], told["graph"]["name"], told["request_id"]) == (3, "Ours", "r1")
        while ann.map("meta")["name"] != "Ours":
            await ann.next()


async def test_a_put_with_a_version_that_an_edit_made_old_is_refused(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob):
        await ann.update("nodes", "blur", x=5)
        await bob.next()
        document = picture_graph(id=graph_id, name="Put")
        url = f"/api/graph/{graph_id}"
        assert (await made.http.put(url, json=document, headers={"If-Match": '"1"'})).status_code == 409
        assert (await made.http.put(url, json=document, headers={"If-Match": '"2"'})).status_code == 200
        await bob.next()
        assert bob.map("meta")["name"] == "Put"


async def test_a_deleted_graph_sends_everybody_away(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob):
        assert (await made.http.delete(f"/api/graph/{graph_id}")).status_code == 204
        assert [await ann.close_code(), await bob.close_code()] == [4404, 4404]


async def test_rooms_are_counted(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob):
        await ann.update("meta", name="New")
        await bob.next()
        text = (await made.http.get("/metrics")).text
        for line in ("vortex_rooms 1.0", "vortex_room_members 2.0", "vortex_room_edits_total 1.0"):
            assert line in text.splitlines()


# -- who is let in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("graph_id", [new_id(), "nobody", "%00"])
async def test_a_room_of_no_graph_is_refused(made: Bridge, graph_id: str) -> None:
    async with client(made, graph_id) as eve:
        assert await eve.close_code() == 4404
    assert len(made.context.control.rooms) == 0


async def test_pages_of_others_are_not_let_in(made: Bridge) -> None:
    graph_id = await made.graph()
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://127.0.0.1:{made.port}/collab/{graph_id}", additional_headers={"Origin": origin})
        assert caught.value.response.status_code == 403
    async with client(made, graph_id, Origin=f"http://127.0.0.1:{made.port}") as own:
        await own.synced()


async def test_without_a_token_nobody_is_let_in(made: Bridge) -> None:
    graph_id = await made.graph()
    secrets = {name: made.gate.tokens.create(name, scopes_of([name]))[1] for name in ("read", "edit")}
    async with client(made, graph_id) as nobody:
        assert await nobody.close_code() == 4401
    async with (
        client(made, graph_id, Authorization=f"Bearer {secrets['read']}") as eve,
        client(made, graph_id, Authorization=f"Bearer {secrets['edit']}") as ann,
    ):
        await eve.synced()
        await ann.synced()
        await ann.update("meta", name="Hers")
        await eve.next()
        assert eve.map("meta")["name"] == "Hers"
        await eve.update("meta", name="Mine")
        async with asyncio.timeout(PATIENCE_S):
            assert (await eve.connection.recv())[:2] == b"\x02\x00"
        record = await made.context.control.graphs.get(graph_id)
        assert record.name == "Hers"
    events = await made.context.control.graphs.events(graph_id, 0, 10)
    assert [event.metadata["user"] for event in events][1:] == ["edit"]


async def test_no_more_clients_than_there_may_be(tmp_path: Path) -> None:
    async with bridge(tmp_path, limits=Limits(clients=2)) as made, served(made):
        graph_id = await made.graph()
        async with made.socket(f"graph_id={graph_id}") as peer, client(made, graph_id) as ann:
            await peer.next("graph.sync")
            await ann.synced()
            async with client(made, graph_id) as late:
                assert await late.close_code() == 1013
        async with client(made, graph_id) as next_one:
            await next_one.synced()


async def test_a_text_ends_the_connection_of_who_sent_it(made: Bridge) -> None:
    graph_id = await made.graph()
    async with pair(made, graph_id) as (ann, bob), client(made, graph_id) as eve:
        await eve.connection.send("hello")
        assert await eve.close_code() == 1003
        await ann.update("meta", name="New")
        await bob.next()
        assert bob.map("meta")["name"] == "New"
