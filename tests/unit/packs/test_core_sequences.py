"""Lists as a whole, and nodes that say when and whether."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from vortex_worker.packs.core import control, sequences
from vortex_worker.sdk import Cancelled, Context

NUMBERS = [3.0, -1.5, 4.0, 0.25]


@pytest.mark.parametrize(
    ("operation", "reference"),
    [("sum", np.sum), ("product", np.prod), ("minimum", np.min), ("maximum", np.max), ("mean", np.mean),
     ("median", np.median), ("deviation", np.std), ("range", np.ptp)],
)  # fmt: skip
def test_reduce(operation: str, reference: Callable[[Any], Any]) -> None:
    assert sequences.reduce(NUMBERS, operation) == pytest.approx(float(reference(NUMBERS)))
    if operation in ("sum", "product"):
        assert sequences.reduce([], operation) == float(reference([]))
    else:
        with pytest.raises(ValueError, match=f"has no {operation}"):
            sequences.reduce([], operation)


@pytest.mark.parametrize(("operation", "reference"), [
    ("mean", np.mean), ("sum", np.sum), ("product", np.prod), ("minimum", np.min), ("maximum", np.max),
])  # fmt: skip
def test_reduce_tensors(operation: str, reference: Callable[..., Any]) -> None:
    items = [torch.rand(2, 3, generator=torch.Generator().manual_seed(seed)) for seed in range(4)]
    found = sequences.reduce_tensors(items, operation)
    np.testing.assert_allclose(found.numpy(), reference(np.stack([item.numpy() for item in items]), axis=0), rtol=1e-6)
    assert all(item._version == items[0]._version for item in items)
    with pytest.raises(ValueError, match=r"shapes differ: \(2, 3\), \(3,\)"):
        sequences.reduce_tensors([items[0], torch.zeros(3)])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: sequences.fold(NUMBERS, "a * 2 + b", 1.0), (((1 * 2 + 3) * 2 - 1.5) * 2 + 4) * 2 + 0.25),
        (lambda: sequences.fold([], "a + b", 7.0), 7.0),
        (lambda: sequences.item_at(NUMBERS, -1), 0.25),
        (lambda: sequences.slice_list(NUMBERS, -3, None, 2), NUMBERS[-3::2]),
        (lambda: sequences.join_lists([1], ["a"]), [1, "a"]),
        (lambda: sequences.gather([1, "a"]), [1, "a"]),
        (lambda: sequences.repeat("x", 3), ["x", "x", "x"]),
        (lambda: sequences.reverse_list([1, 2]), [2, 1]),
        (lambda: sequences.sort_list([2, 1.5, True], True), [2, 1.5, True]),
        (lambda: sequences.sort_list(["b", "a"]), ["a", "b"]),
        (lambda: sequences.filter_list([1, 2, 3], [True, False, True]), [1, 3]),
        (lambda: sequences.pairs([1.0, 2.0], [3.0, 5.0], "subtract"), [-2.0, -3.0]),
        (lambda: sequences.set_key(1, "b", {"a": 0}), {"a": 0, "b": 1}),
        (lambda: sequences.set_key(None), {"key": None}),
        (lambda: sequences.merge_json({"a": {"x": 1, "y": 2}, "b": 0}, {"a": {"y": 3}, "b": [1]}),
         {"a": {"x": 1, "y": 3}, "b": [1]}),
        (lambda: control.barrier(5), 5),
        (lambda: control.after(5, [1, 2]), 5),
        (lambda: control.make_sure(5, True), 5),
    ],
)  # fmt: skip
def test_known_answers(call: Callable[[], Any], expected: Any) -> None:
    assert call() == expected


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("no item 4 among 4", lambda: sequences.item_at(NUMBERS, 4)),
        ("have an order", lambda: sequences.sort_list([1, "a"])),
        ("1 conditions for 2", lambda: sequences.filter_list([1, 2], [True])),
        ("have no pairs", lambda: sequences.pairs([1.0], [])),
        ("is a list, not an object", lambda: sequences.set_key(1, "a", [1])),
        ("only objects", lambda: sequences.merge_json({}, 1)),
        ("not a formula", lambda: sequences.fold([1.0], "a +")),
        ("tensor .2,. is odd", lambda: control.make_sure(torch.zeros(2), False, "{value} is odd")),
    ],
)
def test_what_is_wrong_is_said(message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_shuffled_lists_depend_on_their_seed_alone() -> None:
    items = list(range(50))
    first = sequences.shuffle_list(items, 3)
    assert sorted(first) == items != first
    assert first == sequences.shuffle_list(items, 3) != sequences.shuffle_list(items, 4)


def test_a_wait_lasts_and_can_be_cancelled(make_context: Callable[..., Context], ctx: Context) -> None:
    began = time.monotonic()
    assert control.wait("x", ctx, 0.12) == "x"
    assert time.monotonic() - began >= 0.12
    assert control.wait("x", ctx, 0.0) == "x"

    def cancelled(fraction: float, note: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        control.wait("x", make_context(report=cancelled), 3600.0)


def test_clocks() -> None:
    moment = control.now()
    assert abs(moment.seconds - time.time()) < 5
    assert moment.text.endswith("+00:00")
    assert 0 <= control.timer(1, moment.seconds).seconds < 5
