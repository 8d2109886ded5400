"""The arena of a running stack: damage, what people see of it, and the events of its tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration

MIB = 1 << 20
CHAIN = ("made.out > summed.in",)


def arena(stack: StackClient) -> dict[str, Any]:
    told: dict[str, Any] = stack.bridge.get("/api/arena").raise_for_status().json()
    return told


def test_a_damaged_result_is_computed_again_and_the_graph_completes(stack: StackClient) -> None:
    made = debug("allocate", mb=3, seed=4242)
    document = graph("sound", {"made": made, "summed": debug("checksum")}, *CHAIN, outputs=("summed.out", "made.out"))
    first = stack.run(document)
    expected = first["outputs"]["summed_out"]["value"]
    message = stack.bridge.get(first["outputs"]["made_out"]["url"], params={"format": "arrow"}).content
    before = arena(stack)
    (block,) = [block for block in before["map"]["largest"] if block["shape"] == first["outputs"]["made_out"]["shape"]]
    with Path(before["path"]).open("r+b") as file:
        file.seek(block["offset"] + len(message) - 1)
        file.write(bytes([message[-1] ^ 1]))
    # The worker that wrote it trusts it; one that comes after does not.
    crash = stack.run(graph("next", {"crash": debug("crash", times=1, retries=1)}), force=True)
    assert crash["nodes"]["crash"]["attempt"] == 2
    again = graph(
        "damaged",
        {"made": made, "passed": debug("identity"), "summed": debug("checksum")},
        "made.out > passed.in",
        "passed.out > summed.in",
        outputs=("summed.out",),
    )
    second = stack.run(again)
    assert second["status"] == "completed"
    assert second["nodes"]["made"]["state"] == "cached"
    assert second["outputs"]["summed_out"]["value"] == expected
    assert "lost or damaged, and computed again" in second["nodes"]["passed"]["why"]
    assert eventually(lambda: arena(stack)["condemned"] == before["condemned"] + 1)


def test_the_map_and_the_counts_of_the_arena_agree(stack: StackClient) -> None:
    stack.run(graph("some bytes", {"made": debug("allocate", mb=5, seed=7)}))
    told = eventually(lambda: found if (found := arena(stack))["granted_bytes"] >= 5 * MIB else None)
    assert told is not None
    assert told["warm_bytes"] + told["cold_bytes"] == told["reserved_bytes"]
    assert told["warm_bytes"] >= 64 * MIB
    assert len(told["map"]["cells"]) <= 64
    assert 0 <= told["fragmentation"] <= 1


def test_tensors_that_come_are_events_of_the_log(stack: StackClient) -> None:
    execution = stack.run(graph("logged", {"made": debug("allocate", mb=1, seed=99)}))
    listed = stack.bridge.get("/metrics").text
    assert "vortex_arena_warm_bytes" in listed

    def events() -> list[str]:
        from sqlalchemy import create_engine, text  # noqa: PLC0415

        engine = create_engine(f"sqlite:///file:{stack.home}/vortex.db?mode=ro&uri=true")
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT payload FROM events WHERE event_type = 'TensorAllocated' AND payload LIKE :wanted"),
                {"wanted": f"%{execution['id']}%"},
            ).all()
        engine.dispose()
        return [str(row[0]) for row in rows]

    (payload,) = eventually(events)
    assert '"node_id":"made"' in payload.replace(" ", "")


def test_an_output_is_pinned_and_let_go(stack: StackClient) -> None:
    execution = stack.run(graph("pinned", {"made": debug("allocate", mb=2, seed=555)}))
    path = f"/api/execution/{execution['id']}/outputs/made/out"
    before = arena(stack)["pinned_bytes"]
    assert stack.bridge.post(f"{path}/pin").raise_for_status().json() == {"pinned": True}
    assert eventually(lambda: arena(stack)["pinned_bytes"] > before + 2 * MIB)
    assert stack.bridge.post(f"{path}/unpin").raise_for_status().json() == {"pinned": False}
    assert eventually(lambda: arena(stack)["pinned_bytes"] == before)
    assert stack.bridge.post(f"/api/execution/{execution['id']}/outputs/made/none/pin").status_code == 404
