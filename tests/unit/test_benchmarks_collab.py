from __future__ import annotations

from typing import Any

import pytest

from benchmarks import collab


def test_edits_missing_are_counted_client_by_client() -> None:
    assert collab.edits_missing({"1": 10, "2": 4}, {"1": 10, "2": 4, "3": 8}) == 0
    assert collab.edits_missing({"1": 10, "2": 4}, {"1": 4}) == 3 + 2
    assert collab.edits_missing({"1": 10}, {"1": 9}) == 1, "half an edit is one that is lost"
    assert collab.edits_missing({}, {}) == 0


def test_figures_are_medians_and_losses_are_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("delivery_p50_ms", "delivery_p99_ms", "delivery_50_p50_ms", "delivery_50_p99_ms", "updates_per_s")
    values = iter([1.0, 9.0, 2.0])
    lost = iter([0.0, 3.0, 1.0])

    def bridge_round() -> collab.Figures:
        return {**dict.fromkeys(names, next(values)), "lost": next(lost), "errors": 1.0}

    monkeypatch.setattr(collab, "_bridge_round", bridge_round)
    monkeypatch.setattr(collab, "_relay_round", lambda: {f"reference_{name}": 0.5 for name in names})
    monkeypatch.setattr(collab, "_opened", lambda: {"open_ms": 7.0, "lost": 1.0, "errors": 0.0})
    figures = collab.measure()
    assert {figures[name] for name in names} == {2.0}
    assert {figures[f"{name}_over_reference"] for name in ("delivery_p50", "delivery_p99", "updates_per_s")} == {4.0}
    assert (figures["lost"], figures["errors"], figures["open_ms"]) == (5.0, 3.0, 7.0)


def test_no_edit_delivered_is_no_figure() -> None:
    told: dict[str, Any] = {"delays_us": [], "updates_per_s": 1.0, "errors": 0}
    with pytest.raises(SystemExit, match="no edit reached anybody"):
        collab._figures(told, told, told)
