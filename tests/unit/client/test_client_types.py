"""What a type checker infers in a user's script: mypy checks this file, which never runs."""

from __future__ import annotations

from typing import Any, assert_type

from vortex_prefect.client import AsyncBridge, Bridge, answers, messages
from vortex_prefect.core.nodespec import Catalogue


def check_sync(bridge: Bridge) -> None:
    assert_type(bridge.get_graph("g"), answers.StoredGraph)
    assert_type(bridge.put_graph("g", {}, version=2).version, int)
    assert_type(bridge.wait("e", timeout_s=3).nodes["blur"].progress, float)
    assert_type(bridge.list_node_types(), Catalogue)
    assert_type([event.payload for event in bridge.list_events("g")], list[dict[str, Any]])
    assert_type(bridge.get_output("e", "n", "p").data, bytes)
    # Each of these is a mistake that mypy has to find: strict, it complains of an `ignore` that nothing needs.
    bridge.get_graph()  # type: ignore[call-arg]
    bridge.get_graph(graph_id=3)  # type: ignore[arg-type]
    bridge.execute_graph("g", prority=3)  # type: ignore[call-arg]
    bridge.get_graph("g").nmae  # type: ignore[attr-defined]  # noqa: B018
    if bridge.get_execution("e").status == "complete":  # type: ignore[comparison-overlap]
        pass
    for message in bridge.messages("g"):
        assert_type(message, messages.Message)
        match message:
            case messages.NodeProgress(node_id=node_id, progress=progress):
                assert_type((node_id, progress), tuple[str, float])


async def check_async(bridge: AsyncBridge) -> None:
    assert_type(await bridge.get_graph("g"), answers.StoredGraph)
    assert_type([graph.id async for graph in bridge.list_graphs()], list[str])
    async with bridge.messages("g") as stream:
        assert_type((await stream.update([], base_version=1)).version, int)
    await bridge.get_graph(graph_id=3)  # type: ignore[arg-type]


def test_the_checks_are_of_the_real_thing() -> None:
    assert check_sync.__annotations__["bridge"] == "Bridge"
    assert check_async.__annotations__["bridge"] == "AsyncBridge"
