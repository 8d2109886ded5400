"""What members may do and see, and what those who mean harm cannot do to the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Map

from tests.fakes.memory_store import MemoryStore
from tests.fakes.rooms import FakeMember, Place, edit, place, refusal, snapshots, until
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.collab import past as past_module
from vortex_prefect.collab import pending as pending_module
from vortex_prefect.collab import protocol
from vortex_prefect.collab import room as rooms_module
from vortex_prefect.collab.protocol import Reader, number, sized_text
from vortex_prefect.core.contracts import StorePort
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.settings import Limits


def said(client: int, clock: int, **state: object) -> bytes:
    """The frame with which a client shows itself."""
    return protocol.shows(number(1) + number(client) + number(clock) + sized_text(json.dumps(state)))


def clients(shows: protocol.Shows) -> dict[int, object]:
    """Client → state."""
    reader = Reader(shows.content)
    found: dict[int, object] = {}
    for _ in range(reader.number()):
        client, _clock = reader.number(), reader.number()
        found[client] = json.loads(reader.text())
    return found


# -- who reads only -----------------------------------------------------------------------------------


async def test_who_may_only_read_is_told_so_and_changes_nothing(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, eve = await at.enter(graph_id, "eve", writes=False)
    edit(room, eve, eve.renamed("Hers"))
    assert eve.denied == 1
    edit(room, ann, ann.moved("blur", 5))
    await at.quiet(room)
    assert eve.map("nodes", "blur")["x"] == 5
    assert (await at.on_disk(graph_id)).name == "Picture"
    assert [update.author["user"] for update in await at.updates(graph_id)] == ["ann"]


async def test_who_may_only_read_answers_without_being_denied(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.change(lambda: ann.map("nodes").pop("save")))
    await at.quiet(room)
    _, eve = await at.enter(graph_id, "eve", writes=False)
    # What Yjs answers tells of deletions, whoever has made them.
    room.receive(eve, protocol.answers(eve.doc.get_update(ann.doc.get_state())))
    assert eve.denied == 0
    eve.renamed("Hers")
    room.receive(eve, protocol.answers(eve.doc.get_update(ann.doc.get_state())))
    assert eve.denied == 1


async def test_who_may_only_read_shows_himself(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, eve = await at.enter(graph_id, "eve", writes=False)
    room.receive(eve, said(5, 1, user="eve"))
    at.timers.advance(0)
    assert [clients(each) for each in ann.shown()] == [{5: {"user": "eve"}}]


# -- limits -------------------------------------------------------------------------------------------


@pytest.fixture
async def small(store: StorePort) -> AsyncIterator[Place]:
    """Rooms in which documents have 20 kB at most."""
    async with place(store, Limits(document_bytes=20_000)) as made:
        yield made


async def test_a_document_has_a_largest_size(small: Place) -> None:
    graph_id = await small.graph()
    room, ann = await small.enter(graph_id, "ann")
    for number_ in range(3):
        edit(room, ann, ann.renamed(str(number_) * 5_000))
        await small.quiet(room)
    with pytest.raises(RequestError, match="RQ-005"):
        edit(room, ann, ann.renamed("x" * 5_000))
    await small.quiet(room)
    assert (await small.on_disk(graph_id)).name == "2" * 5_000
    assert ann.closed is None


async def test_what_waits_for_the_disk_counts_too(small: Place) -> None:
    graph_id = await small.graph()
    room, ann = await small.enter(graph_id, "ann")
    small.store.hold()
    edit(room, ann, ann.renamed("a" * 5_000))
    await until(lambda: small.store.held)
    for letter in "bc":
        edit(room, ann, ann.renamed(letter * 5_000))
    with pytest.raises(RequestError, match="RQ-005"):
        edit(room, ann, ann.renamed("d" * 5_000))
    small.store.release()
    await small.quiet(room)
    assert len(await small.updates(graph_id)) == 3


async def test_a_snapshot_makes_room(small: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_module, "_BEHIND_BYTES", 8_000)
    graph_id = await small.graph()
    room, ann = await small.enter(graph_id, "ann")
    for number_ in range(20):
        edit(room, ann, ann.renamed(str(number_) * 2_500))
        await small.quiet(room)
        await until(lambda: not room._snapshots.making)
    assert ann.closed is None
    assert len((await small.on_disk(graph_id)).name) == 5_000


async def test_edits_during_a_snapshot_are_counted(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.renamed("a" * 100))
    await at.quiet(room)
    at.store.hold()
    snapshot = asyncio.create_task(room.snapshot())
    await until(lambda: at.store.held)
    edit(room, ann, ann.renamed("b" * 1_000))
    at.store.release()
    await snapshot
    await at.quiet(room)
    (left,) = await at.updates(graph_id)
    assert room._past.behind_bytes == len(left.content) > 1_000


async def test_who_edits_faster_than_the_disk_has_to_wait(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_module, "_MOST_WAITING", 3)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.store.hold()
    edit(room, ann, ann.renamed("first"))
    await until(lambda: at.store.held)
    for number_ in range(3):
        await asyncio.wait_for(room.space(), PATIENCE_S)
        edit(room, ann, ann.renamed(str(number_)))
    waiting = asyncio.create_task(room.space())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    at.store.release()
    await asyncio.wait_for(waiting, PATIENCE_S)


async def test_who_waits_for_space_is_let_go_when_the_room_ends(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_module, "_MOST_WAITING", 1)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.store.hold()
    edit(room, ann, ann.renamed("New"))
    waiting = asyncio.create_task(room.space())
    await until(lambda: at.store.held)
    edit(room, ann, ann.renamed("Newer"))
    room.close(1001, "gone")
    await asyncio.wait_for(waiting, PATIENCE_S)


# -- what is no edit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "update", [b"", b"\x01", b"\xff" * 50, b"\x01\x01\x05\x00", b"\x00\x01" + b"\xff" * 20, bytes(range(1, 256)) * 20]
)
async def test_what_is_no_update_is_refused(at: Place, update: bytes) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    with pytest.raises(RequestError, match="RQ-001"):
        edit(room, ann, update)
    edit(room, bob, bob.renamed("New"))
    await at.quiet(room)
    assert ann.name == "New"
    assert len(await at.updates(graph_id)) == 1


def nested(depth: int, member: FakeMember) -> bytes:
    def change() -> None:
        held: Array[object] = Array()
        member.map("meta")["deep"] = held
        for _ in range(depth):
            inner: Array[object] = Array()
            held.append(inner)
            held = inner

    return member.change(change)


def deeper_and_deeper(depth: int, member: FakeMember) -> Iterator[bytes]:
    """Updates of which each adds a level to what is there."""
    held: list[Array[object]] = [Array()]
    yield member.change(lambda: member.map("meta").update({"deep": held[0]}))
    for _ in range(depth):
        inner: Array[object] = Array()
        yield member.change(partial(held[-1].append, inner))
        held.append(inner)


async def test_an_update_nested_too_deep_is_refused(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    with pytest.raises(RequestError, match="RQ-001"):
        edit(room, ann, nested(1_500, ann))
    await at.quiet(room)
    assert await at.updates(graph_id) == []


async def test_updates_that_together_nest_too_deep_end_the_room_and_are_not_stored(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "MOST_NESTED", 10)
    snapshots(monkeypatch)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, eve = await at.enter(graph_id, "eve")
    at.store.hold()
    edit(room, ann, ann.renamed("Hers"))
    await until(lambda: at.store.held)
    for update in deeper_and_deeper(20, eve):
        if eve.closed is None:
            edit(room, eve, update)
    assert ann.closed == eve.closed
    assert ann.closed is not None
    assert ann.closed[0] == 1013
    # The commit that was under way ends well, and no snapshot of that document is made behind it.
    at.store.release()
    await until(lambda: not len(at.rooms))
    _, bob = await at.enter(graph_id, "bob")
    assert bob.name == "Hers"
    assert "deep" not in bob.map("meta")


async def test_garbage_never_hurts_the_room() -> None:
    async with place(MemoryStore()) as at:
        graph_id = await at.graph()
        room, ann = await at.enter(graph_id, "ann")
        _, bob = await at.enter(graph_id, "bob")
        for frame in garbage():
            eve = FakeMember("eve")
            room.join(eve)
            assert refusal(partial(room.receive, eve, frame)) in (None, "RQ-001", "RQ-005")
            at.rooms.leave(room, eve)
        await at.quiet(room)
        edit(room, ann, ann.renamed("Still here"))
        await at.quiet(room)
        assert bob.name == "Still here"
        assert (ann.closed, bob.closed) == (None, None)
        assert (await at.graphs.get(graph_id)).name == "Still here"
        assert (await at.on_disk(graph_id)).name == "Still here"


def garbage() -> list[bytes]:
    """Frames that hypothesis made: noise, and real updates that were cut, joined and changed."""
    real = FakeMember("real")
    real.doc.get("meta", type=Map)
    updates = [real.renamed("x" * size) for size in (1, 30, 300)]
    found: list[bytes] = []
    spoilt = st.builds(
        lambda update, at, byte, end: (update[:at] + bytes((byte,)) + update[at + 1 :])[:end],
        st.sampled_from(updates), st.integers(0, 60), st.integers(0, 255), st.integers(0, 400),
    )  # fmt: skip
    contents = st.binary(max_size=80) | spoilt
    frame = st.sampled_from([protocol.tells, protocol.answers, protocol.asks, protocol.shows])

    @settings(deadline=None, max_examples=300, database=None)
    @given(st.binary(max_size=80) | st.builds(lambda make, content: make(content), frame, contents))
    def collect(each: bytes) -> None:
        found.append(each)

    collect()
    return found


# -- presence -----------------------------------------------------------------------------------------


async def test_who_comes_is_told_who_is_there(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    room.receive(ann, said(1, 1, user="ann"))
    at.timers.advance(0)
    bob = FakeMember("bob")
    room.join(bob)
    assert [clients(each) for each in bob.shown()] == [{1: {"user": "ann"}}]
    room.receive(bob, b"\x03")
    assert len(bob.shown()) == 2
    assert ann.shown() == []


async def test_cursors_are_told_together(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    members = [(await at.enter(graph_id, str(name)))[1] for name in range(3)]
    for clock in range(1, 100):
        for client, member in enumerate(members):
            room.receive(member, said(client, clock, cursor=clock))
    assert ann.shown() == []
    assert at.timers.waiting(0.1) == 1
    at.timers.advance(0.1)
    assert [clients(each) for each in ann.shown()] == [{client: {"cursor": 99} for client in range(3)}]
    # Nobody is told of himself.
    assert [set(clients(each)) for each in members[0].shown()] == [{1, 2}]
    room.receive(members[0], said(0, 200, cursor=200))
    at.timers.advance(0.1)
    assert len(ann.shown()) == 2


async def test_who_leaves_is_gone_for_the_others(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    room.receive(bob, said(2, 1, user="bob"))
    at.timers.advance(0)
    at.rooms.leave(room, bob)
    at.timers.advance(0)
    assert [clients(each) for each in ann.shown()] == [{2: {"user": "bob"}}, {2: None}]


async def test_presence_is_told_though_the_disk_is_slow(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.hold()
    edit(room, bob, bob.renamed("New"))
    await until(lambda: at.store.held)
    room.receive(bob, said(2, 1, user="bob"))
    at.timers.advance(0)
    assert len(ann.shown()) == 1
    assert ann.edits() == []


async def test_a_room_that_has_ended_tells_nothing(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    room.receive(bob, said(2, 1, user="bob"))
    room.close(1001, "gone")
    at.rooms.leave(room, bob)
    at.timers.advance(1)
    assert ann.shown() == []


# -- figures ------------------------------------------------------------------------------------------


async def test_statistics_tell_how_it_stands(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    await at.enter(graph_id, "bob")
    edit(room, ann, ann.renamed("New"))
    edit(room, ann, ann.change(lambda: ann.map("nodes")["blur"].update({"x": "far"})))
    await at.quiet(room)
    found = at.rooms.statistics()[graph_id]
    assert (found.members, found.edits, found.problems) == (2, 2, 1)
    assert (len(at.rooms), at.rooms.members, at.rooms.edits) == (1, 2, 2)
    assert [problem.code for problem in at.rooms.problems(graph_id)] == ["VE-001"]
