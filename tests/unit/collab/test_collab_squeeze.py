from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.history import History
from vortex_prefect.collab.horizon import Horizon
from vortex_prefect.collab.squeeze import squeeze


def root(doc: Doc[Any]) -> Map[Any]:
    found: Map[Any] = doc.get("nodes", type=Map)
    return found


def of(update: bytes) -> Doc[Any]:
    doc: Doc[Any] = Doc()
    doc.apply_update(update)
    return doc


def parts(update: bytes) -> int:
    return sum(map(len, History(update).parts.values()))


def moved(times: int = 200) -> Doc[Any]:
    """Two nodes, moved in turns."""
    doc: Doc[Any] = Doc(client_id=7)
    root(doc)["a"], root(doc)["b"] = Map({"x": 0}), Map({"x": 0})
    for x in range(times):
        root(doc)["ab"[x % 2]]["x"] = x
    return doc


def test_of_each_key_the_last_value_is_kept() -> None:
    doc = moved()
    update = doc.get_update()
    squeezed = squeeze(update)
    # Each node, what is gone behind it, and what its field is.
    assert (parts(update), parts(squeezed)) == (204, 6)
    assert len(squeezed) < 150 < len(update)
    assert root(of(squeezed)).to_py() == root(doc).to_py()
    assert of(squeezed).get_state() == doc.get_state()
    assert squeezed.endswith(update[History(update).deletions :]), "what is deleted is said in the same bytes"
    assert squeeze(squeezed) is squeezed


def test_after_the_horizon_all_is_kept() -> None:
    doc = moved(100)
    horizon = read_state(doc.get_state())
    before = parts(squeeze(doc.get_update()))
    for x in range(10):
        root(doc)["ab"[x % 2]]["x"] = -x
    squeezed = squeeze(doc.get_update(), horizon)
    assert parts(squeezed) == before + 10
    assert root(of(squeezed)).to_py() == root(doc).to_py()
    assert squeeze(doc.get_update(), {}) == doc.get_update()


def test_a_deleted_key_is_set_again_everywhere() -> None:
    """A value that is set where nothing ever was would count as set at once with all that others know there."""
    doc = moved(4)
    root(doc)["p"] = 1
    root(doc)["p"] = 2
    del root(doc)["p"]
    squeezed = of(squeeze(doc.get_update()))
    root(squeezed)["p"] = 3
    doc.apply_update(squeezed.get_update(doc.get_state()))
    assert root(doc)["p"] == root(squeezed)["p"] == 3


@pytest.mark.parametrize("ids", list(itertools.permutations((10, 20, 30))))
def test_of_what_was_set_at_once_the_same_one_stays(ids: tuple[int, ...]) -> None:
    base: Doc[Any] = Doc(client_id=1)
    root(base)["k"] = "first"
    docs: list[Doc[Any]] = [Doc(client_id=each) for each in ids]
    for place, doc in enumerate(docs):
        doc.apply_update(base.get_update())
        for turn in range(place + 1):
            root(doc)["k"] = f"{place} {turn}"
            root(doc)["new"] = f"{place} {turn}"
    for doc in docs:
        base.apply_update(doc.get_update())
    squeezed = squeeze(base.get_update())
    assert root(of(squeezed)).to_py() == root(base).to_py()
    # All keys have one value, and none of them names another one.
    assert sorted(part.keyed for part in itertools.chain(*History(squeezed).parts.values())).count(True) == 2


def test_what_is_no_value_of_a_map_stays_as_it_is() -> None:
    doc: Doc[Any] = Doc()
    text = Text("hello")
    items: Array[Any] = Array([1, 2, 3])
    root(doc)["text"], root(doc)["items"] = text, items
    text.insert(2, "😀 ü")
    del text[0:1]
    items.append(Map({"x": 1}))
    del items[0]
    update = doc.get_update()
    assert squeeze(update) == update
    root(doc)["k"] = 1
    root(doc)["k"] = 2
    assert root(of(squeeze(doc.get_update()))).to_py() == root(doc).to_py()


def test_what_is_not_whole_or_not_understood_stays_as_it_is() -> None:
    doc = moved()
    update, state = doc.get_update(), doc.get_state()
    root(doc)["a"]["x"] = 1
    behind: Doc[Any] = Doc()
    behind.apply_update(doc.get_update(state))  # waits for the rest
    for odd in (b"", b"\x00", update[:-1], update + b"\x00", doc.get_update(state), behind.get_update(), b"\xff" * 50):
        assert squeeze(odd) is odd
    unknown = update.replace(b"\xa1\x07", b"\xab\x07", 1)
    assert squeeze(unknown) is unknown
    # The same value of the same client set twice in the place of one is no history.
    twice = bytes.fromhex("0103070028 01016d016b0177 0141 a807000177 0142 a807000177 0143 01070100 01".replace(" ", ""))
    assert squeeze(twice) is twice


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_broken_bytes_raise_nothing(data: st.DataObject) -> None:
    update = bytearray(moved(20).get_update())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(update) - 1))
        update[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=9))
    squeeze(bytes(update))


class TestHorizon:
    """Of a document in which `a` was moved to and fro before, and after."""

    def horizon(self, doc: Doc[Any]) -> Horizon:
        state = read_state(doc.get_state())
        return Horizon(squeeze(doc.get_update(), state), state)

    def edit_of(self, doc: Doc[Any], key: str, field: str) -> bytes:
        other: Doc[Any] = Doc(client_id=9)
        other.apply_update(doc.get_update())
        root(other)[key][field] = 99
        return other.get_update(doc.get_state())

    def test_is_covered_by_nothing_and_by_all(self) -> None:
        doc = moved()
        horizon, state = self.horizon(doc), read_state(doc.get_state())
        for covering in ({}, {5: 0}, state, {**state, 9: 3}):
            assert horizon.covered_by(covering)
        for short in ({9: 3}, {7: state[7] - 1}, {5: 1}):
            assert not horizon.covered_by(short)

    def test_is_reached_by_edits_of_the_last_values(self) -> None:
        doc = moved()
        before = of(doc.get_update())
        horizon = self.horizon(doc)
        edits = [self.edit_of(before, "a", "x"), self.edit_of(before, "a", "new")]
        root(doc)["a"]["x"] = 5
        edits += [self.edit_of(doc, "a", "x"), doc.get_update()]
        for edit in edits:
            assert horizon.reached_by(edit)

    def test_is_not_reached_by_edits_of_earlier_ones(self) -> None:
        early = moved(3)
        edit = self.edit_of(early, "a", "x")
        late = of(early.get_update())
        root(late)["a"]["x"] = 1
        assert self.horizon(late).reached_by(edit) is False

    def test_is_not_reached_by_what_was_set_where_nothing_was_yet(self) -> None:
        early = moved(3)
        edit = self.edit_of(early, "a", "new")
        late = of(early.get_update())
        root(late)["a"]["new"] = 1
        horizon = self.horizon(late)
        assert horizon.reached_by(edit) is False
        assert horizon.reached_by(self.edit_of(early, "b", "new"))

    def test_of_nothing_is_reached_by_all(self) -> None:
        horizon = Horizon(b"", {})
        assert horizon.covered_by({1: 1})
        assert horizon.reached_by(b"whatever")

    def test_of_what_is_no_document_is_none(self) -> None:
        with pytest.raises(ValueError, match="no document"):
            Horizon(b"\xff", {1: 1})
