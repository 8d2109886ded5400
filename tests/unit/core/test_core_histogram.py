"""Durations are counted in the buckets that Prometheus would put them in, and none is lost between threads."""

from __future__ import annotations

import sys
import threading

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as Reference

from vortex_prefect.core.histogram import Histogram, HistogramSnapshot

BOUNDS = (0.001, 0.005, 0.01)


def test_buckets_are_those_of_prometheus() -> None:
    observed = (0.0, 0.001, 0.0010001, 0.005, 0.0099, 0.01, 0.011, 5.0)
    ours, theirs = Histogram(BOUNDS), Reference("h", "h", buckets=BOUNDS, registry=CollectorRegistry())
    for seconds in observed:
        ours.observe(seconds)
        theirs.observe(seconds)
    snapshot = ours.snapshot()
    told = {
        sample.labels["le"]: sample.value for sample in next(iter(theirs.collect())).samples if "le" in sample.labels
    }
    cumulative = [sum(snapshot.counts[: place + 1]) for place in range(len(snapshot.counts))]
    assert cumulative == list(told.values())
    assert snapshot.count == len(observed)
    assert snapshot.sum == pytest.approx(sum(observed))


def test_a_snapshot_travels() -> None:
    histogram = Histogram(BOUNDS)
    histogram.observe(0.002)
    snapshot = histogram.snapshot()
    histogram.observe(0.002)
    assert snapshot.counts == (0, 1, 0, 0)
    assert HistogramSnapshot.from_dict(snapshot.to_dict()) == snapshot


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"bounds": [0.1], "counts": [1], "sum": 0.0},
        {"bounds": [0.2, 0.1], "counts": [1, 1, 1], "sum": 0.0},
        {"bounds": [0.1], "counts": [1, -1], "sum": 0.0},
        {"bounds": [0.1], "counts": None, "sum": 0.0},
        {"bounds": [0.1], "counts": [1, "x"], "sum": 0.0},
        {"bounds": [], "counts": [], "sum": 0.0},
    ],
)
def test_what_is_no_histogram_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"histogram|invalid"):
        HistogramSnapshot.from_dict(data)


def test_threads_lose_no_observation() -> None:
    histogram, before = Histogram(BOUNDS), sys.getswitchinterval()

    def observe_often() -> None:
        for _ in range(20_000):
            histogram.observe(0.002)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=observe_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert histogram.snapshot().count == 80_000
