"""The WebSocket contract against a stack that really computes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration

_ENDINGS = {"execution.complete", "execution.failed", "execution.cancelled"}


def test_progress_and_completion_arrive(stack: StackClient) -> None:
    nodes = {"sleep": debug("sleep", seconds=0.5), "last": debug("value", value=7)}
    graph_id = stack.create(graph("watched", nodes, outputs=("last.out",)))
    with _socket(stack, graph_id) as socket:
        execution_id = stack.start(graph_id)
        received = _until_end(socket)
    assert received[0]["type"] == "graph.sync"
    assert received[0]["payload"]["graph"]["name"] == "watched"
    assert [message["type"] for message in received].count("execution.queued") == 1
    steps = [message["payload"] for message in received if message["type"] == "execution.progress"]
    assert {step["node_id"] for step in steps} == set(nodes)
    assert any(step["node_id"] == "sleep" and 0 < step["progress"] < 100 for step in steps)
    assert received[-1]["type"] == "execution.complete"
    assert received[-1]["payload"]["execution_id"] == execution_id
    assert received[-1]["payload"]["outputs"]["last_out"]["value"] == 7
    numbers = [message["seq"] for message in received[1:]]
    assert numbers == sorted(numbers)


def test_each_failed_node_is_told_once_before_the_end(stack: StackClient) -> None:
    graph_id = stack.create(graph("fails", {"bad": debug("fail", message="told")}))
    with _socket(stack, graph_id) as socket:
        stack.start(graph_id)
        received = _until_end(socket)
    errors = [message["payload"] for message in received if message["type"] == "execution.error"]
    assert [(error["node_id"], error["error"]["code"]) for error in errors] == [("bad", "WK-003")]
    assert received[-1]["type"] == "execution.failed"


def test_an_edit_is_told_to_everybody(stack: StackClient) -> None:
    graph_id = stack.create(graph("edited", {"one": debug("value")}))
    mutation = {"op": "node.param", "id": "one", "name": "value", "value": 9}
    with _socket(stack, graph_id) as editor, _socket(stack, graph_id) as other:
        first = [json.loads(socket.recv(10)) for socket in (editor, other)]
        editor.send(json.dumps({"type": "graph.update", "payload": {"mutations": [mutation]}}))
        second = [json.loads(socket.recv(10)) for socket in (editor, other)]
    assert [message["type"] for message in first + second] == ["graph.sync"] * 4
    assert [message["payload"]["graph"]["nodes"]["one"]["params"]["value"] for message in second] == [9, 9]
    assert second[0]["payload"]["version"] > first[0]["payload"]["version"]


def _socket(stack: StackClient, graph_id: str) -> Connection:
    return connect(stack.info.url.replace("http", "ws", 1) + f"/ws?graph_id={graph_id}")


def _until_end(socket: Connection) -> list[dict[str, Any]]:
    received: list[dict[str, Any]] = []
    while not received or received[-1]["type"] not in _ENDINGS:
        received.append(json.loads(socket.recv(timeout=30)))
    return received
