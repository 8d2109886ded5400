"""What holds for all routes: conditions, keys, pages, and input that makes no sense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.engine import image_value
from tests.fakes.graphs import picture_graph
from tests.integration.http_failures import JSON, error_of
from vortex_prefect.core.reports import ExecutionStatus, NodeState


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


async def ended(made: Bridge) -> str:
    execution_id = await made.execution()
    made.engine.node(execution_id, "image", NodeState.COMPLETED, outputs={"image": image_value(1)})
    made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
    await made.ended(execution_id)
    return execution_id


@pytest.mark.parametrize("named", ['"{}"', 'W/"{}"', '"x", "{}"', '"x" , W/"{}"', "*", '"x,y","{}"'])
async def test_what_is_known_is_not_sent_again(made: Bridge, named: str) -> None:
    execution_id = await ended(made)
    stored = (await made.http.post("/api/file", files={"file": ("x", b"content")})).json()
    graph = f"/api/graph/{await made.graph()}"
    output = f"/api/execution/{execution_id}/outputs/image/image"
    for url in (graph, f"{graph}/versions/1", "/api/nodes", f"/api/execution/{execution_id}", output, stored["url"]):
        whole = await made.http.get(url)
        etag = whole.headers["etag"].strip('"')
        again = await made.http.get(url, headers={"If-None-Match": named.format(etag)})
        assert (again.status_code, again.content) == (304, b""), url
        assert again.headers["etag"] == whole.headers["etag"]
        assert again.headers.get("cache-control") == whole.headers.get("cache-control")
        other = await made.http.get(url, headers={"If-None-Match": '"another"'})
        assert (other.status_code, other.content) == (200, whole.content)


async def test_an_output_that_is_known_is_not_read_again(made: Bridge) -> None:
    url = f"/api/execution/{await ended(made)}/outputs/image/image"
    first = await made.http.get(url)
    assert first.headers["cache-control"].startswith("private")
    reads = len(made.engine.reads)
    await made.http.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert len(made.engine.reads) == reads
    other = await made.http.get(url, params={"format": "arrow"})
    assert other.headers["etag"] != first.headers["etag"]


async def test_what_still_changes_has_no_tag(made: Bridge) -> None:
    assert "etag" not in (await made.http.get(f"/api/execution/{await made.execution()}")).headers


async def test_changes_of_another_version_are_refused(made: Bridge) -> None:
    url = f"/api/graph/{await made.graph()}"
    for method, path, body in (
        ("PUT", url, picture_graph(name="x")),
        ("DELETE", url, None),
        ("POST", f"{url}/restore", {"version": 1}),
    ):
        for stale in ('"7"', '"7", "8"', '"abc"'):
            error_of(await made.http.request(method, path, json=body, headers={"If-Match": stale}), "RQ-003", 409)
        error_of(await made.http.request(method, path, json=body, headers={"If-Match": "a b"}), "RQ-001")
    await made.http.put(url, json=picture_graph(name="x"), headers={"If-Match": '"7", "1"'})
    back = await made.http.post(f"{url}/restore", json={"version": 1}, headers={"If-Match": '"2"'})
    assert (back.status_code, back.json()["name"], back.headers["etag"]) == (200, "Picture", '"3"')
    assert (await made.http.delete(url, headers={"If-Match": "*"})).status_code == 204


async def test_versions_over_http(made: Bridge) -> None:
    url = f"/api/graph/{await made.graph()}"
    await made.http.put(url, json=picture_graph(name="Two"))
    first = await made.http.get(f"{url}/versions", params={"limit": 1})
    assert [version["version"] for version in first.json()["versions"]] == [2]
    rest = await made.http.get(first.links["next"]["url"])
    assert [version["version"] for version in rest.json()["versions"]] == [1]
    assert rest.json()["next"] is None
    assert "link" not in rest.headers
    assert (await made.http.get(f"{url}/versions/1")).json()["name"] == "Picture"
    error_of(await made.http.get(f"{url}/versions/9"), "RQ-002")
    error_of(await made.http.post(f"{url}/restore", json={"version": 9}), "RQ-002")
    for version in ("0", "-1", "x", "9" * 30):
        error_of(await made.http.get(f"{url}/versions/{version}"), "RQ-001")


async def test_keys_in_the_header(made: Bridge) -> None:
    key = {"Idempotency-Key": '"k"'}
    first = await made.http.post("/api/graph", json=picture_graph(), headers=key)
    again = await made.http.post("/api/graph", json=picture_graph(), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert first.headers["location"] == f"/api/graph/{first.json()['id']}"
    error_of(await made.http.post("/api/graph", json=picture_graph(name="x"), headers=key), "RQ-007", 409)
    url = f"/api/graph/{first.json()['id']}"
    clones = await asyncio.gather(*(made.http.post(f"{url}/clone", headers=key) for _ in range(4)))
    assert len({clone.json()["id"] for clone in clones}) == 1
    runs = [
        await made.http.post(f"{url}/execute", headers=key),
        await made.http.post("/api/graph/execute", json={"graph_id": first.json()["id"]}, headers=key),
        await made.http.post(f"{url}/execute", json={"options": {"idempotency_key": "k"}}),
    ]
    assert len({run.json()["execution_id"] for run in runs}) == 1
    options = {"options": {"idempotency_key": "other"}}
    error_of(await made.http.post(f"{url}/execute", json=options, headers=key), "RQ-001")
    for bad in ("", '""', '"', "x" * 201, '"a" b"'):
        error_of(await made.http.post("/api/graph", json=picture_graph(), headers={"Idempotency-Key": bad}), "RQ-001")


@pytest.mark.parametrize("kind", ["graphs", "executions"])
async def test_pages_hold_every_old_entry_once_while_new_ones_come(made: Bridge, kind: str) -> None:
    graph_id = await made.graph()
    url = "/api/graph" if kind == "graphs" else "/api/execution"

    async def add() -> str:
        if kind == "graphs":
            return await made.graph()
        execution_id: str = (await made.http.post(f"/api/graph/{graph_id}/execute")).json()["execution_id"]
        return execution_id

    old = [await add() for _ in range(7)] + ([graph_id] if kind == "graphs" else [])
    found: list[str] = []
    following: str | None = f"{url}?limit=2"
    while following is not None:
        page = await made.http.get(following)
        found += [entry["id"] for entry in page.json()[kind]]
        await add()
        following = page.links["next"]["url"] if "next" in page.links else None
    assert sorted(found) == sorted(old)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_bodies_that_a_foreign_page_could_send_are_refused(made: Bridge, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    body = json.dumps(picture_graph()).encode()
    error_of(await made.http.post("/api/graph", content=body, headers=headers), "RQ-001", 400)
    for good in ("application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"):
        assert (await made.http.post("/api/graph", content=body, headers={"content-type": good})).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b'{"options": {"targets": ["\\ud800"]}}',
        b'{"options": {"idempotency_key": "\\udfff"}}',
        b'{"\\ud800": 1}',
        b'{"options": {"priority": 1' + b"0" * 30 + b"}}",
        b'{"options": {"inputs": {"radius": 1' + b"0" * 30 + b"}}}",
        b'{"options": {}, "options": {}}',
        b'{"options": {"inputs": ' + b'{"a": ' * 500 + b"1" + b"}" * 500 + b"}}",
    ],
)
async def test_bodies_that_make_no_sense(made: Bridge, body: bytes) -> None:
    error_of(await made.http.post(f"/api/graph/{await made.graph()}/execute", content=body, headers=JSON), "RQ-001")


@pytest.mark.parametrize("id", ["%00", "a%0ab", "x" * 10_000, "%ff%fe", "..%2f..", "%F0%9F%98%80"])
@pytest.mark.parametrize(
    "path",
    [
        "graph/{}",
        "graph/{}/events",
        "graph/{}/versions",
        "execution/{}",
        "execution/{}/outputs/a/b",
        "file/{}",
        "nodes/{}",
    ],
)
async def test_ids_that_make_no_sense_are_not_found(made: Bridge, path: str, id: str) -> None:
    error_of(await made.http.get(f"/api/{path.format(id)}"), "RQ-002")
    error_of(await made.http.get(f"/{id}"), "RQ-002")


@pytest.mark.parametrize(
    "query", ["limit=1e9", "limit=1&limit=0", "limit=-1", "limit=%ff", "before=%00", "limit=" + "9" * 5000]
)
async def test_queries_that_make_no_sense(made: Bridge, query: str) -> None:
    for path in ("graph", "execution", f"graph/{await made.graph()}/versions"):
        error_of(await made.http.get(f"/api/{path}?{query}"), "RQ-001")
    error_of(await made.http.get(f"/api/workers/events?after={1 << 63}"), "RQ-001")


async def test_methods(made: Bridge) -> None:
    url = f"/api/graph/{await made.graph()}"
    head, get = await made.http.head(url), await made.http.get(url)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", get.headers["etag"])
    assert head.headers["content-length"] == get.headers["content-length"]
    options = await made.http.options(url)
    assert (options.status_code, options.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PUT")
    refused = await made.http.patch(url)
    error_of(refused, "RQ-001", 405)
    assert refused.headers["allow"] == options.headers["allow"]
    for method in ("GET", "POST"):
        assert "slash" in error_of(await made.http.request(method, f"{url}/"), "RQ-002")["hint"]
