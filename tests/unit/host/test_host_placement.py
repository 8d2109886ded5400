"""Which worker gets a job: the order of what counts, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.host.placement import Candidate, Need, Placement, place

MIB, GIB = 1 << 20, 1 << 30


def _chosen(need: Need, *candidates: Candidate) -> str | None:
    """Who gets it, whatever the order in which they are asked."""
    found = {place(need, candidates), place(need, candidates[::-1])}
    assert len(found) == 1, "the order decided, not what was asked"
    placement = found.pop()
    return placement.worker_id if placement else None


# -- who ---------------------------------------------------------------------------------------


def test_nobody_can_take_it_where_there_is_nobody() -> None:
    assert place(Need(), []) is None


def test_who_has_a_job_is_not_asked() -> None:
    assert place(Need(), [Candidate("a", "cpu", queued=1)]) is None
    assert (
        _chosen(Need(residents=frozenset({"model"})), _cpu("a", queued=1, residents=frozenset({"model"})), _cpu("b"))
        == "b"
    )


@pytest.mark.parametrize(
    ("asked", "device", "fits"),
    [
        (None, "cpu", True),
        (None, "cuda:1", True),
        ("cuda", "cuda", True),
        ("cuda", "cuda:0", True),
        ("cuda", "cuda:13", True),
        ("cuda", "cpu", False),
        ("cpu", "cuda:0", False),
        ("cpu", "cpu", True),
        ("cud", "cuda:0", False),
    ],
)
def test_a_device_is_one_of_the_kind_that_was_asked_for(asked: str | None, device: str, fits: bool) -> None:
    assert (place(Need(device=asked), [Candidate("a", device)]) is not None) is fits


def _cpu(worker_id: str, **known: Any) -> Candidate:
    return Candidate(**{"worker_id": worker_id, "device": "cpu", **known})


#: What counts, the weightiest first: how a worker is better for `WANTED` in this, and in this only.
BETTER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("memory", {"free_bytes": 100}, {"free_bytes": 99}),
    ("residents", {"residents": frozenset({"one", "two"})}, {"residents": frozenset({"one"})}),
    ("health", {"deaths_in_a_row": 1}, {"deaths_in_a_row": 2}),
    ("at hand", {"worker_id": "rich"}, {"worker_id": "poor"}),
    ("free memory", {"free_bytes": 201}, {"free_bytes": 200}),
]
WANTED = Need(memory_bytes=100, residents=frozenset({"one", "two"}), at_hand={"rich": 2, "poor": 1})


@pytest.mark.parametrize(("what", "better", "worse"), BETTER, ids=[what for what, _, _ in BETTER])
def test_each_of_the_things_that_count_decides_where_all_else_is_the_same(
    what: str, better: dict[str, Any], worse: dict[str, Any]
) -> None:
    one, other = _cpu(**{"worker_id": "one", **better}), _cpu(**{"worker_id": "other", **worse})
    assert _chosen(WANTED, one, other) == one.worker_id


@pytest.mark.parametrize("index", range(len(BETTER) - 1))
def test_what_counts_more_decides_against_all_that_counts_less(index: int) -> None:
    one: dict[str, Any] = {"worker_id": "one"}
    other: dict[str, Any] = {"worker_id": "other"}
    for _, better, worse in BETTER[:index:-1]:
        one |= worse
        other |= better
    one |= BETTER[index][1]
    other |= BETTER[index][2]
    assert _chosen(WANTED, _cpu(**one), _cpu(**other)) == one["worker_id"]


def test_a_worker_of_unknown_memory_may_have_enough() -> None:
    need = Need(memory_bytes=100)
    assert _chosen(need, _cpu("unknown"), _cpu("small", free_bytes=99)) == "unknown"
    assert _chosen(need, _cpu("unknown"), _cpu("large", free_bytes=100)) == "large"


def test_a_job_that_fits_nowhere_goes_where_it_is_tried_with_the_most() -> None:
    need = Need(memory_bytes=100)
    assert _chosen(need, _cpu("a", free_bytes=10), _cpu("b", free_bytes=20)) == "b"


def test_only_residents_that_the_job_needs_count() -> None:
    need = Need(residents=frozenset({"one"}))
    many = frozenset({"two", "three", "four"})
    assert _chosen(need, _cpu("a", residents=many, free_bytes=100), _cpu("b", residents=frozenset({"one"}))) == "b"


# -- why ---------------------------------------------------------------------------------------


def _why(need: Need, *candidates: Candidate) -> str:
    placement = place(need, candidates)
    assert placement is not None
    return placement.why


def test_it_is_told_how_many_were_free() -> None:
    busy, other = _cpu("b", queued=1), Candidate("c", "cuda:0")
    assert _why(Need(), _cpu("a"), busy) == "cpu: 1 of 2 worker(s) free"
    assert _why(Need(device="cuda"), _cpu("a"), busy, other) == "cuda:0: 1 of 3 worker(s) free"


def test_it_is_told_what_is_loaded_there_already() -> None:
    need = Need(residents=frozenset({"b", "a", "c"}))
    assert _why(need, _cpu("w", residents=frozenset({"b", "a", "d"}))).endswith("; has a, b loaded")


def test_it_is_told_how_much_of_the_inputs_is_there_already() -> None:
    need = Need(at_hand={"w": 3 * MIB // 2, "v": 9})
    assert _why(need, _cpu("w")).endswith("; has 1.5 MiB of its inputs at hand")
    assert _why(Need(at_hand={"w": 2 * GIB}), _cpu("w")).endswith("; has 2.0 GiB of its inputs at hand")


def test_it_is_told_whether_there_is_room() -> None:
    need = Need(memory_bytes=GIB)
    assert _why(need, _cpu("w", free_bytes=GIB)).endswith("; has room for 1.0 GiB")
    assert _why(need, _cpu("w", free_bytes=GIB - 1)).endswith("; none has the 1.0 GiB that it may need")
    assert "room" not in _why(Need(), _cpu("w", free_bytes=GIB))


def test_room_of_which_nobody_knows_is_not_promised() -> None:
    assert "room" not in _why(Need(memory_bytes=GIB), _cpu("w"))


# -- whatever is asked -------------------------------------------------------------------------

NAMES = st.sampled_from(["one", "two", "three"])
NEEDS = st.builds(
    Need,
    device=st.sampled_from([None, "cpu", "cuda"]),
    memory_bytes=st.integers(0, 5),
    at_hand=st.dictionaries(st.sampled_from(["h/0", "h/1", "h/2", "h/3"]), st.integers(0, 3)),
    residents=st.frozensets(NAMES),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        worker_id=st.just(""),
        device=st.sampled_from(["cpu", "cuda:0", "cuda:1"]),
        queued=st.integers(0, 1),
        free_bytes=st.none() | st.integers(0, 5),
        residents=st.frozensets(NAMES),
        deaths_in_a_row=st.integers(0, 2),
    ),
    max_size=4,
).map(lambda found: [replace(candidate, worker_id=f"h/{index}") for index, candidate in enumerate(found)])


def _fits(need: Need, candidate: Candidate) -> bool:
    return candidate.queued == 0 and (need.device is None or candidate.device.split(":")[0] == need.device)


@given(NEEDS, CANDIDATES)
def test_it_goes_to_a_free_worker_of_the_right_kind_whenever_there_is_one(
    need: Need, candidates: list[Candidate]
) -> None:
    placement = place(need, candidates)
    fit = {candidate.worker_id for candidate in candidates if _fits(need, candidate)}
    assert (placement is None) is (not fit)
    assert placement is None or placement.worker_id in fit


def _beats(need: Need, one: Candidate, other: Candidate) -> bool:
    """Whether one is better in what counts most of all in which they differ."""
    for mine, theirs in (
        (one.free_bytes is None or one.free_bytes >= need.memory_bytes,
         other.free_bytes is None or other.free_bytes >= need.memory_bytes),
        (len(one.residents & need.residents), len(other.residents & need.residents)),
        (-one.deaths_in_a_row, -other.deaths_in_a_row),
        (need.at_hand.get(one.worker_id, 0), need.at_hand.get(other.worker_id, 0)),
        (one.free_bytes or 0, other.free_bytes or 0),
    ):  # fmt: skip
        if mine != theirs:
            return mine > theirs
    return False


@given(NEEDS, CANDIDATES)
def test_nobody_who_is_free_would_have_been_better(need: Need, candidates: list[Candidate]) -> None:
    placement = place(need, candidates)
    if placement is not None:
        chosen = next(candidate for candidate in candidates if candidate.worker_id == placement.worker_id)
        assert not any(_beats(need, other, chosen) for other in candidates if _fits(need, other))


@given(NEEDS, CANDIDATES)
def test_the_same_question_has_the_same_answer(need: Need, candidates: list[Candidate]) -> None:
    assert place(need, candidates) == place(need, tuple(candidates))


@given(NEEDS, CANDIDATES, st.integers(0, 3))
def test_who_gets_busy_changes_nothing_for_the_others(need: Need, candidates: list[Candidate], index: int) -> None:
    placement = place(need, candidates)
    if placement is None or not candidates:
        return
    index %= len(candidates)
    if candidates[index].worker_id == placement.worker_id:
        return
    candidates[index] = replace(candidates[index], queued=2)
    again = place(need, candidates)
    assert isinstance(again, Placement)
    assert again.worker_id == placement.worker_id


@given(NEEDS, CANDIDATES)
def test_what_is_told_is_so(need: Need, candidates: list[Candidate]) -> None:
    placement = place(need, candidates)
    if placement is None:
        return
    chosen = next(candidate for candidate in candidates if candidate.worker_id == placement.worker_id)
    assert placement.why.startswith(f"{chosen.device}: ")
    assert ("loaded" in placement.why) is bool(chosen.residents & need.residents)
    assert ("at hand" in placement.why) is (need.at_hand.get(chosen.worker_id, 0) > 0)
    assert ("may need" in placement.why) is (chosen.free_bytes is not None and chosen.free_bytes < need.memory_bytes)
