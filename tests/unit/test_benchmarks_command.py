from __future__ import annotations

import json
from importlib import import_module

import pytest

from benchmarks import __main__ as command
from benchmarks import compile as compiling
from benchmarks.dispatch import Timing, metrics
from vortex_prefect.graph.validate import validate


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
    return command.main()


def test_list_names_benchmarks_that_exist(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _call(monkeypatch, "list") == 0
    names = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert {"compile", "dispatch"} <= set(names)
    assert all(callable(import_module(f"benchmarks.{name}").measure) for name in names)


def test_json_is_the_last_line_and_has_the_figures_and_their_references(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "SIZES", (10,))
    monkeypatch.setattr(compiling, "EDITED_SIZE", 20)
    assert _call(monkeypatch, "compile", "--json") == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result) == {"benchmark", "metrics", "machine", "commit"}
    assert result["benchmark"] == "compile"
    figures = {"compile_ms_10", "graphs_per_s_10", "graphlib_graphs_per_s_10", "time_over_graphlib_10"}
    again = {f"recompile_{name}_ms_20" for name in ("fresh", "early", "late", "layout", "unchanged")}
    assert set(result["metrics"]) == figures | again
    assert all(value > 0 for value in result["metrics"].values())
    assert {"cpu", "cores", "memory_gib", "load_1m"} == set(result["machine"])


def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        _call(monkeypatch, "nothing")


def test_dispatch_gives_medians_and_ratios_to_its_references() -> None:
    ours = {
        "chain": [Timing(100, 900), Timing(300, 700), Timing(200, 5000)],
        "wide": [Timing(50, 1)],
        "diamonds": [Timing(80, 1)],
    }
    assert metrics(ours, [40, 1000, 50], 8) == {
        "nodes_per_s": 200,
        "wide_nodes_per_s": 50,
        "diamond_nodes_per_s": 80,
        "threadpool_tasks_per_s": 50,
        "dask_runner_tasks_per_s": 8,
        "over_threadpool": 4,
        "over_stock_dask": 25,
        "execute_to_complete_ms": 900,
    }


def test_the_random_graph_is_valid_and_the_same_each_time() -> None:
    graph, catalogue = compiling.random_graph(50)
    assert validate(graph, catalogue) == []
    assert len(graph.nodes) == 50
    assert len(graph.edges) == 98
    assert graph == compiling.random_graph(50)[0]
