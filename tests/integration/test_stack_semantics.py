"""What really runs, and how often: branches, shared work, changes, lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration


def core(kind: str, **params: Any) -> dict[str, Any]:
    return {"type": f"core.{kind}", "params": params}


def test_the_branch_that_a_switch_does_not_ask_for_never_runs(stack: StackClient) -> None:
    nodes = {
        "yes": debug("count", tag="branch-yes"),
        "no": debug("count", tag="branch-no"),
        "chosen": debug("value", value=False),
        "fixed": core("switch", condition=True),
        "driven": core("switch"),
    }
    edges = (
        "yes.out > fixed.on_true", "no.out > fixed.on_false",
        "chosen.out > driven.condition", "yes.out > driven.on_false", "no.out > driven.on_true",
    )  # fmt: skip
    execution = stack.run(graph("switches", nodes, *edges, outputs=("fixed.out", "driven.out")))
    assert execution["status"] == "completed"
    assert {name: node["state"] for name, node in execution["nodes"].items()} == {
        "yes": "completed", "no": "skipped", "chosen": "completed", "fixed": "completed", "driven": "completed",
    }  # fmt: skip
    assert execution["nodes"]["no"]["why"] == "driven does not ask for it"
    assert (stack.count("branch-yes"), stack.count("branch-no")) == (1, 0)
    stack.recorded_states(
        execution["id"], yes="Completed", no="Skipped", chosen="Completed", fixed="Completed", driven="Completed"
    )


def test_two_executions_at_once_run_the_same_work_once(stack: StackClient) -> None:
    nodes = {"slow": debug("sleep", seconds=1.57), "counted": debug("count", tag="shared"), "end": debug("identity")}
    graph_id = stack.create(graph("shared", nodes, "slow.out > counted.in", "counted.out > end.in"))
    both = [stack.start(graph_id) for _ in range(2)]
    ended = [stack.ended(execution_id) for execution_id in both]
    assert [execution["status"] for execution in ended] == ["completed", "completed"]
    assert stack.count("shared") == 1
    assert sorted(execution["nodes"]["slow"]["state"] for execution in ended) == ["cached", "completed"]
    follower = next(execution for execution in ended if execution["nodes"]["slow"]["state"] == "cached")
    leader = next(execution for execution in ended if execution is not follower)
    assert leader["id"] in follower["nodes"]["slow"]["why"]


def test_a_late_change_runs_what_comes_after_it_and_an_early_one_everything(stack: StackClient) -> None:
    def run(first: str, last: str) -> dict[str, str]:
        nodes = {
            name: debug("count", tag=f"change-{name}-{tag}") for name, tag in (("a", first), ("b", ""), ("c", last))
        }
        execution = stack.run(graph("changes", nodes, "a.out > b.in", "b.out > c.in"))
        return {name: node["state"] for name, node in execution["nodes"].items()}

    assert run("1", "1") == {"a": "completed", "b": "completed", "c": "completed"}
    assert run("1", "2") == {"a": "cached", "b": "cached", "c": "completed"}
    assert run("2", "2") == {"a": "completed", "b": "completed", "c": "completed"}
    assert stack.count("change-b-") == 2


def test_changed_content_of_a_file_is_noticed_however_its_name_comes(stack: StackClient, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    nodes = {
        "own": {"type": "image.load", "params": {"path": str(picture)}},
        "name": debug("value", value=str(picture)),
        "driven": {"type": "image.load", "params": {}},
    }
    document = graph("files", nodes, "name.out > driven.path")
    states = []
    for color in ("red", "red", "blue"):
        Image.new("RGB", (4, 4), color).save(picture)
        execution = stack.run(document)
        states.append((execution["nodes"]["own"]["state"], execution["nodes"]["driven"]["state"]))
    assert states[0][0] == "completed"
    assert states[1] == ("cached", "cached")
    assert states[2][0] == "completed"
    assert states[2][1] in ("completed", "cached")  # the same work twice in one graph may run once
    assert "completed" in states[2]


def test_a_fingerprint_decides_whether_a_node_runs_again(stack: StackClient, tmp_path: Path) -> None:
    text = tmp_path / "text"
    document = graph("told", {"told": debug("fingerprint", path=str(text), tag="told"), "end": debug("identity")},
                     "told.out > end.in")  # fmt: skip
    states = []
    for content in ("one", "one", "two", None):
        text.write_text(content) if content else text.unlink()
        execution = stack.run(document)
        states.append((execution["nodes"]["told"]["state"], execution["nodes"]["end"]["state"]))
    assert states[:3] == [("completed", "completed"), ("cached", "cached"), ("completed", "completed")]
    assert "its fingerprint is not known" in execution["nodes"]["told"]["why"]
    assert states[3][0] == "completed"
    assert stack.count("told") == 3


def test_after_a_failure_only_what_failed_runs_again(stack: StackClient, tmp_path: Path) -> None:
    missing = tmp_path / "late.png"
    missing.write_bytes(b"no picture")
    nodes = {
        "good": debug("count", tag="after-failure"),
        "bad": {"type": "image.load", "params": {"path": str(missing)}},
        "end": debug("identity"),
    }
    document = graph("failing", nodes, "bad.image > end.in")
    first = stack.run(document)
    assert first["status"] == "failed"
    assert {name: node["state"] for name, node in first["nodes"].items()} == {
        "good": "completed", "bad": "failed", "end": "skipped",
    }  # fmt: skip
    Image.new("RGB", (4, 4)).save(missing)
    second = stack.run(document)
    assert {name: node["state"] for name, node in second["nodes"].items()} == {
        "good": "cached", "bad": "completed", "end": "completed",
    }  # fmt: skip
    assert stack.count("after-failure") == 1


def test_what_was_evicted_is_computed_again(stack: StackClient) -> None:
    nodes = {"big": debug("allocate", mb=64, seed=991), "digest": debug("checksum")}
    document = graph("evicted", nodes, "big.out > digest.in", outputs=("big.out", "digest.out"))
    graph_id = stack.create(document)
    first = stack.ended(stack.start(graph_id))
    budget = stack.bridge.get("/api/arena").json()["budget_bytes"]
    size_mb = 512
    for seed in range(budget // (size_mb << 20) + 1):
        stack.run(graph("filler", {"f": debug("allocate", mb=size_mb, seed=seed + 5000)}))

    def is_known() -> bool:
        planned = stack.bridge.post("/api/graph/plan", json={"graph": document}).raise_for_status().json()
        return any(node["id"] == "big" and node["state"] == "cached" for node in planned["nodes"])

    # While large results give way to large ones, a small one that nobody asks for may stay; to others of its size it
    # gives way.
    seeds = iter(range(6000, 6100))
    while is_known():
        stack.run(graph("filler", {"f": debug("allocate", mb=64, seed=next(seeds))}))
    second = stack.ended(stack.start(graph_id), limit_s=120)
    assert second["status"] == "completed"
    assert second["nodes"]["big"]["state"] == "completed"
    assert second["outputs"]["digest_out"]["value"] == first["outputs"]["digest_out"]["value"]


def test_fifty_items_of_which_one_fails(stack: StackClient) -> None:
    """The seventh fails on every attempt; what is made of it is skipped, and the rest goes on to the survivors."""
    nodes = {
        "times": core("items", value=[-1 if place == 7 else 0 for place in range(50)]),
        "work": {**debug("fail", message="the seventh", retries=1), "retry_delay_s": 0.0},
        "numbers": core("range", count=50),
        "sum": debug("add"),
        "all": core("item_count"),
        "left": core("survivors"),
        "count": core("item_count"),
    }
    edges = (
        "times.out > work.times", "numbers.out > sum.a", "work.out > sum.b",
        "sum.out > all.items", "sum.out > left.items", "left.out > count.items",
    )  # fmt: skip
    execution = stack.run(graph("fifty", nodes, *edges, outputs=("count.out", "sum.out")))
    assert execution["status"] == "failed"
    work, added = execution["nodes"]["work"], execution["nodes"]["sum"]
    assert work["state"] == "failed"
    assert work["items"]["total"] == 50
    assert work["items"]["failed"] == 1
    assert work["items"]["completed"] + work["items"]["cached"] == 49
    assert [(error["item"], error["error"]["code"]) for error in work["item_errors"]] == [(7, "WK-003")]
    assert added["state"] == "completed"
    assert added["items"] == {"total": 50, "completed": 49, "cached": 0, "failed": 0, "skipped": 1}
    assert execution["nodes"]["all"]["state"] == "skipped"
    assert execution["outputs"]["count_out"]["value"] == 49
    items = stack.bridge.get(execution["outputs"]["sum_out"]["url"]).json()["items"]
    assert items[7] is None
    assert items[8] == {"type": "FLOAT", "value": 8.0}
    one = stack.bridge.get(execution["outputs"]["sum_out"]["url"], params={"item": 8}).json()
    assert one == {"type": "FLOAT", "value": 8.0}

    runs = _all_task_runs(stack, execution["id"], at_least=107)
    assert len(runs) == 107  # seven nodes, and twice fifty items
    assert (runs["work [7]"]["state_name"], runs["work [7]"]["run_count"]) == ("Failed", 2)
    assert runs["sum [7]"]["state_name"] == "Skipped"
    assert runs["sum [8]"]["state_name"] == "Completed"
    assert runs["sum [8]"]["task_inputs"]["a"][0]["id"] == runs["numbers"]["id"]


def test_one_more_file_in_a_folder_is_one_more_item(stack: StackClient, tmp_path: Path) -> None:
    for place in range(3):
        Image.new("RGB", (4, 4), (place, 0, 0)).save(tmp_path / f"{place}.png")
    nodes = {
        "files": core("files", folder=str(tmp_path), pattern="*.png"),
        "load": {"type": "image.load"},
        "invert": {"type": "image.invert"},
    }
    document = graph("folder", nodes, "files.out > load.path", "load.image > invert.image", outputs=("invert.image",))
    first = stack.run(document)
    assert first["nodes"]["invert"]["items"]["completed"] == 3
    Image.new("RGB", (4, 4), (99, 0, 0)).save(tmp_path / "1a.png")
    second = stack.run(document)
    for name in ("load", "invert"):
        assert second["nodes"][name]["items"] == {
            "total": 4, "completed": 1, "cached": 3, "failed": 0, "skipped": 0,
        }  # fmt: skip
    listed = stack.bridge.get(second["outputs"]["invert_image"]["url"]).json()
    assert listed["type"] == "LIST[IMAGE]"
    assert stack.bridge.get(listed["items"][1]["url"]).headers["content-type"] == "image/png"
    third = stack.run(document)
    assert third["nodes"]["invert"]["state"] == "cached"


def test_ten_thousand_items_are_computed_and_recorded(stack: StackClient) -> None:
    """More than Prefect's server remembers at once, were they sent as fast as they come."""
    count = 10_000
    nodes = {"numbers": core("range", count=count), "sum": debug("add", b=0.5), "mean": core("mean")}
    document = graph("many", nodes, "numbers.out > sum.a", "sum.out > mean.items", outputs=("mean.out",))
    execution_id = stack.start(stack.create(document))
    execution = stack.ended(execution_id, limit_s=90.0)
    assert execution["status"] == "completed"
    assert execution["nodes"]["sum"]["items"]["completed"] == count
    assert execution["outputs"]["mean_out"]["value"] == (count - 1) / 2 + 0.5
    wanted = {"flow_runs": {"id": {"any_": [stack.flow_run_id(execution_id)]}}}
    completed = {**wanted, "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}

    def recorded() -> bool:
        return bool(stack.prefect.post("/task_runs/count", json=completed).raise_for_status().json() == count + 3)

    eventually(recorded, 150.0, every_s=1.0)


def _all_task_runs(stack: StackClient, execution_id: str, at_least: int) -> dict[str, dict[str, Any]]:
    """Every task run of the execution's flow run, once there are so many."""
    flow_run_id = stack.flow_run_id(execution_id)
    stack.ended_flow_run(execution_id)
    wanted = {"flow_runs": {"id": {"any_": [flow_run_id]}}}

    def look() -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        while True:
            body = {**wanted, "limit": 200, "offset": len(found), "sort": "ID_DESC"}
            page = stack.prefect.post("/task_runs/filter", json=body).raise_for_status().json()
            found.update({run["name"]: run for run in page})
            if len(page) < 200:
                return found if len(found) >= at_least else {}

    return eventually(look, 120.0)
