"""HTTP through a bridge that does not own the state: before a real owner, and before owners that behave badly."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.graphs import picture_graph
from tests.fakes.owner import Handle, scripted, serving, standby_before
from tests.fakes.sink import PATIENCE_S
from tests.integration.http_failures import error_of
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.standby.door import Door
from vortex_prefect.bridge.standby.standby import Standby
from vortex_prefect.bridge.standby.trust import ThroughDoors
from vortex_prefect.core.access import scopes_of
from vortex_prefect.store.owner import Owner

#: Who moves no byte for so long waits for the other side.
STILL_S = 1.0


@dataclass
class Pair:
    """An owner, and a client of the standby before it."""

    made: Bridge
    http: httpx.AsyncClient
    standby: Standby
    key: str
    port: int


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with bridge(tmp_path) as made, serving(ThroughDoors(create_app(made.context), "the key")) as port:
        made.port = port
        async with standby_before(port, key="the key") as (standby, own), client_of(own) as http:
            yield Pair(made, http, standby, "the key", own)


def client_of(port: int, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, **options)


# -- before a real owner ------------------------------------------------------------------------------


async def test_what_is_uploaded_comes_back(pair: Pair) -> None:
    content = os.urandom(8 << 20)
    answer = await pair.http.post("/api/file", files={"file": ("noise.bin", content)})
    assert answer.status_code == 201, answer.text
    digest = hashlib.sha256(content).hexdigest()
    assert answer.headers["Location"] == f"/api/file/{digest}"
    found = await pair.http.get(f"/api/file/{digest}")
    assert found.content == content
    assert found.headers["Content-Length"] == str(len(content))
    assert found.headers.get_list("Date", split_commas=False) == [found.headers["Date"]]
    again = await pair.http.get(f"/api/file/{digest}", headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await pair.http.head("/api/graph")
    assert (head.status_code, head.content) == ((await pair.http.get("/api/graph")).status_code, b"")


async def test_versions_are_compared(pair: Pair) -> None:
    graph_id = await pair.made.graph()
    found = await pair.http.get(f"/api/graph/{graph_id}")
    document = found.json()["graph"]
    saved = await pair.http.put(
        f"/api/graph/{graph_id}", json={**document, "name": "New"}, headers={"If-Match": found.headers["ETag"]}
    )
    assert saved.status_code == 200, saved.text
    late = await pair.http.put(f"/api/graph/{graph_id}", json=document, headers={"If-Match": found.headers["ETag"]})
    error_of(late, "RQ-003", 409)


async def test_a_page_stays_logged_in_and_needs_its_csrf_token(pair: Pair) -> None:
    _, secret = pair.made.gate.tokens.create("ann", scopes_of(["edit"]))
    opened = await pair.http.post("/api/session", json={"token": secret})
    assert opened.status_code == 201
    assert "HttpOnly" in opened.headers["Set-Cookie"]
    assert (await pair.http.get("/api/graph")).status_code == 200
    error_of(await pair.http.post("/api/graph", json=picture_graph()), "RQ-008", 403)
    token = {"X-CSRF-Token": opened.json()["csrf_token"]}
    assert (await pair.http.post("/api/graph", json=picture_graph(), headers=token)).status_code == 201


async def test_the_owner_sees_the_client_and_believes_no_client(pair: Pair) -> None:
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.5")
    claims = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    async with client_of(pair.port, transport=transport, headers=claims) as client:
        assert (await client.post("/api/queue/pause")).status_code == 200
    async with client_of(pair.made.port, headers=claims) as direct:
        assert (await direct.post("/api/queue/resume")).status_code == 200
    events = (await pair.http.get("/api/audit")).json()["events"]
    assert [event["metadata"]["address"] for event in events] == ["127.0.0.5", "127.0.0.1"]


async def test_guards_judge_the_clients_own_host_and_origin(pair: Pair) -> None:
    error_of(await pair.http.get("/api/graph", headers={"Host": "evil.example"}), "RQ-008", 403)
    foreign = {"Origin": "http://evil.example"}
    error_of(await pair.http.post("/api/graph", json=picture_graph(), headers=foreign), "RQ-008", 403)
    hidden = {**foreign, "Connection": "Origin, Host"}
    error_of(await pair.http.post("/api/graph", json=picture_graph(), headers=hidden), "RQ-008", 403)
    own = {"Origin": f"http://127.0.0.1:{pair.port}"}
    assert (await pair.http.post("/api/graph", json=picture_graph(), headers=own)).status_code == 201


async def test_of_the_wrong_owner_nothing_is_done(pair: Pair) -> None:
    """Neither by an owner that another is taken for, nor by a standby that is taken for one."""
    for port in (pair.port, pair.made.port):
        async with client_of(port, headers={"X-Vortex-Door": "another"}) as client:
            error_of(await client.post("/api/graph", json=picture_graph()), "SY-010", 503)
    assert (await pair.http.get("/api/graph")).json()["graphs"] == []


async def test_health_is_its_own_and_readiness_the_owners(pair: Pair) -> None:
    health = (await pair.http.get("/healthz")).json()
    assert health == {"status": "ok", "role": "standby", "owner": f"http://127.0.0.1:{pair.made.port}"}
    assert (await pair.http.get("/readyz")).status_code == 200
    pair.standby.see(None)
    assert (await pair.http.get("/healthz")).json()["owner"] is None
    error_of(await pair.http.get("/readyz"), "SY-010", 503)
    error_of(await pair.http.get("/api/graph"), "SY-010", 503)


async def test_a_door_of_the_whole_network_does_not_open_an_owner_of_one_machine() -> None:
    standby = Standby(exposed=True)
    standby.see(Owner(url="http://127.0.0.1:1"))
    async with serving(standby) as port, client_of(port) as client:
        answer = await client.get("/api/graph")
        error_of(answer, "SY-010", 503)
        assert "VORTEX_HOST" in answer.text
    await standby.close()


async def test_who_comes_while_the_state_is_taken_over_waits(pair: Pair) -> None:
    door = Door()
    async with serving(door) as port, client_of(port) as client:
        asked = asyncio.create_task(client.get("/api/graph"))
        await asyncio.wait({asked}, timeout=0.1)
        assert not asked.done()
        door.open(create_app(pair.made.context))
        assert (await asked).status_code == 200


# -- before an owner that is scripted ---------------------------------------------------------------


async def head_of(reader: asyncio.StreamReader) -> list[bytes]:
    return (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]


@asynccontextmanager
async def before(handle: Handle, patience_s: float = PATIENCE_S) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        scripted(handle) as port,
        standby_before(port, patience_s=patience_s) as (_, own),
        client_of(own) as client,
    ):
        yield client


async def test_fields_of_one_connection_stay_there() -> None:
    heads: list[list[bytes]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Mine, close\r\nX-Mine: 1\r\n"
            b"Keep-Alive: timeout=9\r\n"
            b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Theirs: 3\r\n\r\nok"
        )
        await writer.drain()

    async with before(handle) as client:
        sent = {"Connection": "X-Hop", "X-Hop": "1", "TE": "trailers", "Upgrade": "h2c", "X-End": "2"}
        answer = await client.get("/a%2Fb/%7e//c?x=%20&y=+;", headers=sent)
    assert answer.content == b"ok"
    assert answer.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["X-Theirs"] == "3"
    assert not {"x-mine", "keep-alive"} & set(answer.headers)
    (line, *fields) = heads[0]
    assert line == b"GET /a%2Fb/%7e//c?x=%20&y=+; HTTP/1.1"
    names = {field.partition(b":")[0].lower() for field in fields}
    assert not {b"connection", b"x-hop", b"te", b"upgrade", b"transfer-encoding", b"content-length"} & names
    assert {b"x-end", b"x-vortex-door", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"} <= names
    assert sum(field.lower().startswith(b"host:") for field in fields) == 1


async def test_an_owner_that_stands_still_is_told_of_in_time() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with before(handle, patience_s=0.3) as client:
        answer = await client.post("/api/graph", json={})
        error_of(answer, "SY-010", 503)
        assert "may have been done" in answer.text
        assert answer.headers["Retry-After"] == "1"


async def test_an_owner_that_is_gone_is_told_of_at_once() -> None:
    async with scripted(lambda reader, writer: asyncio.sleep(0)) as port:
        pass
    async with standby_before(port) as (_, own), client_of(own) as client:
        answer = await client.post("/api/graph", json={})
        error_of(answer, "SY-010", 503)
        assert "nothing was done" in answer.text
        assert answer.headers["Retry-After"] == "1"
        error_of(await client.get("/readyz"), "SY-010", 503)
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 100\r\n\r\n0123", b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n"]
)
async def test_an_answer_that_breaks_off_never_looks_whole(framing: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing)
        await writer.drain()

    async with before(handle) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def test_an_owner_that_dies_before_it_answers() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.transport.abort()

    async with before(handle) as client:
        answer = await client.post("/", content=b"x")
        error_of(answer, "SY-010", 503)
        assert "may have been done" in answer.text


class Flow:
    """Bytes that somebody could get rid of, for as long as anything takes them."""

    def __init__(self) -> None:
        self.size = 0
        self.moved = asyncio.Event()
        self.ended = asyncio.Event()

    async def pump(self, writer: asyncio.StreamWriter, most: int = 1 << 40) -> None:
        block = bytes(1 << 16)
        try:
            while self.size < most:
                writer.write(b"%x\r\n%b\r\n" % (len(block), block))
                await writer.drain()
                self.size += len(block)
                self.moved.set()
        except ConnectionError:
            pass
        finally:
            self.ended.set()

    async def stands(self) -> None:
        """Wait until nothing moves any more."""
        while True:
            self.moved.clear()
            try:
                await asyncio.wait_for(self.moved.wait(), STILL_S)
            except TimeoutError:
                return


async def test_a_client_that_reads_slowly_slows_the_owner_and_one_that_leaves_ends_it() -> None:
    flow = Flow()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await flow.pump(writer)

    async with before(handle) as client, asyncio.timeout(PATIENCE_S):
        async with client.stream("GET", "/") as answer:
            await flow.stands()
            held, read = flow.size, 0
            assert held < 32 << 20, "somebody keeps what nobody reads"
            async for part in answer.aiter_raw():
                read += len(part)
                if read > held + (4 << 20):
                    break
            assert flow.size > held
        await flow.ended.wait()


async def test_an_owner_that_takes_a_body_slowly_slows_the_client() -> None:
    flow, go = Flow(), asyncio.Event()
    most = 64 << 20

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await go.wait()
        received = 0
        while length := int(await reader.readline(), 16):
            received += len(await reader.readexactly(length))
            await reader.readline()
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%d" % (len(str(received)), received))
        await writer.drain()

    async with scripted(handle) as port, standby_before(port) as (_, own), asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", own)
        writer.write(b"POST /api/file HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        pumping = asyncio.create_task(flow.pump(writer, most))
        await flow.stands()
        assert flow.size < 32 << 20, "somebody keeps what nobody takes"
        go.set()
        await pumping
        writer.write(b"0\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert int(await reader.readexactly(len(str(most)))) == most
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_leaves_in_the_middle_of_an_upload_ends_it() -> None:
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        try:
            await reader.readuntil(b"0\r\n\r\n")
        except asyncio.IncompleteReadError:
            ended.set()

    async with scripted(handle) as port, standby_before(port) as (_, own), asyncio.timeout(PATIENCE_S):
        _, writer = await asyncio.open_connection("127.0.0.1", own)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await ended.wait()
