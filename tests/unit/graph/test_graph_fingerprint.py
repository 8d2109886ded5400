"""Content keys of nodes that tell themselves what else they depend on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph.incremental import IncrementalCompiler
from vortex_prefect.graph.keys import Fingerprint
from vortex_prefect.graph.plan import Plan, compile_plan

SPECS = tuple(
    spec.model_copy(update={"fingerprint": spec.type in ("t.number", "t.canvas")}) for spec in CATALOGUE.all()
)
TELLING = Catalogue(SPECS)
SUBJECT = graph({"a": "canvas", "b": "blur", "n": "number"}, "a.image > b.image", "n.out > b.radius")


class Worker:
    """Tells `what`, and fails for types in `failing`."""

    def __init__(self, what: str = "1", failing: tuple[str, ...] = ()) -> None:
        self.what = what
        self.failing = failing
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, node_type: str, params: dict[str, Any]) -> str:
        self.asked.append((node_type, params))
        if node_type in self.failing:
            raise WorkerError("WK-003", "as told")
        return self.what


def compiled(fingerprint: Fingerprint | None, subject: Any = SUBJECT) -> Plan:
    return compile_plan(subject, TELLING, targets=None, force=False, file_identity=str, fingerprint=fingerprint)


def test_a_fingerprint_is_part_of_the_key_of_the_node_and_of_all_below() -> None:
    one, same, other = (compiled(Worker(what)) for what in "112")
    for node_id in "abn":
        assert one.steps[node_id].key == same.steps[node_id].key is not None
        assert one.steps[node_id].key != other.steps[node_id].key
    assert not one.steps["a"].volatile


def test_equal_nodes_are_asked_once_and_with_their_own_parameters() -> None:
    worker = Worker()
    compiled(worker, graph({"a": "canvas", "b": "canvas", "c": {"type": "canvas", "params": {"size": 3}}}))
    assert worker.asked == [("t.canvas", {"size": 8}), ("t.canvas", {"size": 3})]


@pytest.mark.parametrize(
    ("worker", "reason"), [(Worker(failing=("t.canvas",)), "as told"), (None, "no worker can be asked here")]
)
def test_a_node_whose_fingerprint_fails_runs_every_time_and_says_why(worker: Worker | None, reason: str) -> None:
    subject = compiled(worker)
    assert subject.steps["a"].volatile
    assert subject.steps["a"].key is subject.steps["b"].key is None
    assert subject.dirty(())["a"] == f"runs every time: its fingerprint is not known: {reason}"


def test_plans_made_again_ask_again() -> None:
    compiler = IncrementalCompiler()
    worker = Worker()

    def again() -> Plan:
        options: dict[str, Any] = {"targets": None, "force": False, "file_identity": str, "fingerprint": worker}
        found = compiler.compile(SUBJECT, TELLING, **options)
        assert found == compile_plan(SUBJECT, TELLING, **options)
        return found

    first = again()
    worker.what = "2"
    second = again()
    assert first.steps["b"].key != second.steps["b"].key
    assert second.steps["a"].files == {"": "2"}
    worker.failing = ("t.canvas",)
    assert again().steps["a"].volatile
    worker.failing = ()
    assert again().steps == second.steps
