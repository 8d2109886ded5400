"""People who edit one document while its server forgets what was overwritten, at any moment."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Map

from tests.fakes.squeezed_room import ROOT, SqueezedRoom, says
from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.squeeze import squeeze

_PEOPLE = 3
_EDITS = ("set", "set", "set", "remove", "make", "move", "move", "clear")
_MESSAGES = ("take_one", "take_one", "hear_one", "hear_one", "hear_one")


def _story(seed: int) -> list[Any]:
    """What happens, in an order in which everything comes often enough: short stories are all alike."""
    chance = random.Random(seed)
    story: list[Any] = []
    for _ in range(chance.randint(5, 120)):
        place, kind = chance.randrange(_PEOPLE), chance.random()
        if kind < 0.4:
            edit = chance.choice(_EDITS), chance.choice("ab"), chance.randint(0, 9)
            story.append(("edit", place, edit))
        elif kind < 0.8:
            story.append((chance.choice(_MESSAGES), place, None))
        elif kind < 0.92:
            story.append((chance.choice(("connect", "connect", "disconnect")), place, None))
        else:
            story.append((chance.choice(("squeeze", "squeeze", "restart")), place, None))
    return story


_stories = st.integers(0, 1 << 32).map(_story)


def edit(doc: Doc[Any], what: str, key: str, value: int) -> None:
    root = doc.get(ROOT, type=Map)
    held = root.get(key)
    if what == "set":
        root[key] = value
    elif what == "make":
        root[key] = Map({"x": value, "params": Map({"p": value})})
    elif what == "remove":
        root.pop(key, None)
    elif isinstance(held, Map) and what == "move":
        with doc.transaction():
            held["x"] = value
            held["params"]["p"] = value
    elif isinstance(held, Map):
        held.pop("x", None)


def play(room: SqueezedRoom, story: list[Any]) -> None:
    for what, place, given_edit in story:
        if what == "edit":
            client = room.clients[place]
            client.local = True
            edit(client.doc, *given_edit)
            client.local = False
        elif what in ("squeeze", "restart"):
            getattr(room, what)()
        else:
            getattr(room, what)(place)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(_stories)
def test_all_agree_with_a_document_that_forgot_nothing(story: list[Any]) -> None:
    room = SqueezedRoom(_PEOPLE)
    for place in range(_PEOPLE):
        room.connect(place)
    play(room, story)
    room.settle()
    wanted = says(room.full)
    assert says(room.doc) == wanted
    assert [says(client.doc) for client in room.clients] == [wanted] * _PEOPLE
    states = [read_state(client.doc.get_state()) for client in room.clients]
    assert states == [read_state(room.full.get_state())] * _PEOPLE


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(_stories, _stories)
def test_what_a_document_says_stays(story: list[Any], later: list[Any]) -> None:
    """With any state that it once had as the horizon."""
    room = SqueezedRoom(_PEOPLE)
    for place in range(_PEOPLE):
        room.connect(place)
    play(room, [step for step in story if step[0] not in ("squeeze", "restart")])
    horizon = read_state(room.full.get_state())
    play(room, [step for step in later if step[0] not in ("squeeze", "restart")])
    update = room.full.get_update()
    for squeezed in (squeeze(update), squeeze(update, horizon), squeeze(update, {})):
        doc: Doc[Any] = Doc()
        doc.apply_update(squeezed)
        assert says(doc) == says(room.full)
        assert read_state(doc.get_state()) == read_state(room.full.get_state())
        assert len(squeezed) <= len(update) + 64
    assert squeeze(update, {}) == update
    assert squeeze(squeeze(update)) == squeeze(update)
    assert squeeze(squeeze(update, horizon)) == squeeze(update)
