"""Several bridges of one state: people edit through any of them, and the owner may die."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.contract.postgres_server import PostgresServer, running_postgres
from tests.fakes.graphs import picture_graph
from tests.integration.collab_process import content, drawn
from tests.integration.doors import PATIENCE_S, DoorProcess
from tests.integration.polling import eventually
from tests.integration.yjs_peer import State, covers
from tests.integration.yjs_peers import Peers
from vortex_prefect.core.access import scopes_of
from vortex_prefect.service.tokens import Tokens

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    if os.environ.get("VORTEX_SKIP_POSTGRES") == "1":
        pytest.skip("VORTEX_SKIP_POSTGRES is set")
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a state without anything; empty for the file in the home."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.schema() as url:
        yield url


@pytest.fixture
def doors(tmp_path: Path, store_url: str) -> Iterator[tuple[DoorProcess, DoorProcess]]:
    """An owner, and a standby that knows it."""
    with DoorProcess(tmp_path, "first", VORTEX_STORE_URL=store_url) as first:
        first.becomes("owner")
        with DoorProcess(tmp_path, "second", VORTEX_STORE_URL=store_url) as second:
            second.routes()
            yield first, second


def created(door: DoorProcess) -> str:
    graph_id: str = door.http.post("/api/graph", json=picture_graph()).raise_for_status().json()["id"]
    return graph_id


def number_of(state: State) -> int:
    number: int = state.document["nodes"]["counted"]["params"]["seq"]
    return number


def says(door: DoorProcess, graph_id: str, state: State) -> None:
    """Wait until the API gives the graph that people see."""

    def look() -> bool:
        return content(door.http.get(f"/api/graph/{graph_id}").json()["graph"]) == drawn(state.document)

    eventually(look, PATIENCE_S)


def test_two_people_on_two_bridges_and_the_owner_is_killed(doors: tuple[DoorProcess, DoorProcess]) -> None:
    """What anybody else has seen is there before those come back who could bring it; then all have the same."""
    first, second = doors
    graph_id, count, seq = created(second), 5000, ("nodes", "counted", "params", "seq")
    with Peers(first.rooms_url) as peers:
        ann = peers.open("ann", graph_id, reconnect=False)
        bob = peers.open("bob", graph_id, reconnect=False, url=second.rooms_url)
        ann.random_edits(20, seed=1)
        bob.random_edits(20, seed=2)
        says(second, graph_id, peers.converge(ann, bob, limit_s=PATIENCE_S))
        ann.create_node("counted", "test.blur")
        bob.wait_value(("nodes", "counted"), exists=True)
        written = ann.stream("counted", count, watcher=bob)
        bob.wait_value(seq, PATIENCE_S, at_least=count // 5)
        first.kill()
        bob.wait_until(PATIENCE_S, event=["close"])
        seen = bob.state()
        assert number_of(seen) < count, "it was killed too late to show anything"
        second.becomes("owner")
        late = peers.open("late", graph_id, url=second.rooms_url)
        assert covers(late.vector(), seen.vector), f"{late.vector()} after the kill, {seen.vector} before"
        assert number_of(late.state()) >= number_of(seen)
        first.start()
        first.routes()
        ann.connect()
        bob.connect()
        assert written.result(PATIENCE_S) == count
        ann.wait_synced(PATIENCE_S)
        bob.wait_synced(PATIENCE_S)
        bob.move("counted", -1, -2)
        state = peers.converge(ann, bob, late, limit_s=PATIENCE_S)
        assert number_of(state) == count
        says(first, graph_id, state)
        says(second, graph_id, state)


def test_people_come_back_by_themselves(doors: tuple[DoorProcess, DoorProcess]) -> None:
    """As the editor does: nobody tells it anything."""
    first, second = doors
    graph_id = created(first)
    with Peers(first.rooms_url) as peers:
        ann, bob = peers.open("ann", graph_id), peers.open("bob", graph_id, url=second.rooms_url)
        peers.converge(ann, bob)
        bob.events()
        first.kill()
        first.start()
        bob.wait_until(PATIENCE_S, event=["close"])
        closes = [event["code"] for event in bob.events() if event["type"] == "close"]
        assert closes[0] in (1012, 1013)
        second.becomes("owner")
        first.routes()
        ann.random_edits(5, seed=3)
        bob.random_edits(5, seed=4)
        ann.wait_synced(PATIENCE_S)
        bob.wait_synced(PATIENCE_S)
        says(second, graph_id, peers.converge(ann, bob, limit_s=PATIENCE_S))


def test_an_owner_that_ends_in_good_order_hands_over(doors: tuple[DoorProcess, DoorProcess]) -> None:
    first, second = doors
    graph_id = created(first)
    first.process.terminate()
    assert first.process.wait(PATIENCE_S) == 0, first.log
    second.becomes("owner")
    assert second.http.get(f"/api/graph/{graph_id}").json()["id"] == graph_id


def test_of_three_one_takes_over_and_the_other_follows_it(
    doors: tuple[DoorProcess, DoorProcess], tmp_path: Path, store_url: str
) -> None:
    first, second = doors
    with DoorProcess(tmp_path, "third", VORTEX_STORE_URL=store_url) as third:
        third.routes()
        first.vanish()
        others = [second, third]
        eventually(lambda: sorted(filter(None, (door.role() for door in others))) == ["owner", "standby"], PATIENCE_S)
        owner, standby = sorted(others, key=lambda door: door.role() or "")
        eventually(lambda: standby.http.get("/readyz").json().get("owner") == owner.url, PATIENCE_S)
        created(standby)
        assert len(owner.http.get("/api/graph").json()["graphs"]) == 1


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_people_stay_logged_in(doors: tuple[DoorProcess, DoorProcess], tmp_path: Path) -> None:
    first, second = doors
    _, secret = Tokens(tmp_path / "tokens.json").create("ann", scopes_of(["edit"]))
    opened = second.http.post("/api/session", json={"token": secret}).raise_for_status().json()
    first.kill()
    second.becomes("owner")
    forged = second.http.post("/api/graph", json=picture_graph())
    assert (forged.status_code, forged.json()["error"]["code"]) == (403, "RQ-008")
    csrf = {"X-CSRF-Token": opened["csrf_token"]}
    assert second.http.post("/api/graph", json=picture_graph(), headers=csrf).status_code == 201


def test_an_owner_that_stands_still_is_told_of_and_not_relieved(doors: tuple[DoorProcess, DoorProcess]) -> None:
    first, second = doors
    first.process.send_signal(signal.SIGSTOP)
    answer = eventually(lambda: unready(second), PATIENCE_S)
    assert answer is not None
    assert answer.json()["error"]["code"] == "SY-010"
    assert second.role() == "standby"
    first.process.send_signal(signal.SIGCONT)
    second.routes()
    created(second)
    assert first.role() == "owner"


def unready(door: DoorProcess) -> httpx.Response | None:
    answer = door.http.get("/readyz")
    return answer if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else None


# -- PostgreSQL: an owner that is cut off -----------------------------------------------------------


def cut(url: str, pid: int) -> None:
    """End all connections of a process, as the server does that does not hear of it any more."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s",
            (f"vortex process {pid} %",),
        ).fetchall()
    assert ended, "it had no connection"


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_an_owner_that_is_cut_off_writes_no_more_and_ends(
    doors: tuple[DoorProcess, DoorProcess], store_url: str
) -> None:
    first, second = doors
    graph_id = created(first)
    with Peers(first.rooms_url) as peers:
        ann = peers.open("ann", graph_id, reconnect=False)
        cut(store_url, first.process.pid)
        second.becomes("owner")
        ann.move("blur", 11, 12)
        assert first.process.wait(PATIENCE_S) == 1, first.log
        assert "SY-005" in first.log
        assert "Traceback" not in first.log, first.log
        first.start()
        first.routes()
        ann.connect()
        ann.wait_synced(PATIENCE_S)
        bob = peers.open("bob", graph_id, url=second.rooms_url)
        says(second, graph_id, peers.converge(ann, bob))
    node = second.http.get(f"/api/graph/{graph_id}").json()["graph"]["nodes"]["blur"]
    assert node["position"] == {"x": 11, "y": 12}, "who edited still had it, and brought it"


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_an_owner_that_nobody_relieves_goes_on(tmp_path: Path, store_url: str) -> None:
    with DoorProcess(tmp_path, "only", VORTEX_STORE_URL=store_url) as only:
        only.becomes("owner")
        created(only)
        cut(store_url, only.process.pid)

        def works() -> bool:
            try:
                return only.http.post("/api/graph", json=picture_graph()).status_code == httpx.codes.CREATED
            except httpx.TransportError:
                return False

        eventually(works, PATIENCE_S)
        assert only.role() == "owner"
