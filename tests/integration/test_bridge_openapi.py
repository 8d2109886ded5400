"""The OpenAPI document is complete, and its examples are what it says they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.openapi.models import OpenAPI

from tests.fakes.bridge import bridge
from vortex_prefect.bridge.openapi import operations
from vortex_prefect.core.errors import CODES

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
async def document(tmp_path: Path) -> dict[str, Any]:
    async with bridge(tmp_path) as made:
        found: dict[str, Any] = (await made.http.get("/openapi.json")).raise_for_status().json()
    return found


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where and what: each media type of the request and of every answer."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", content
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            yield f"{status} {media_type}", content


async def test_it_is_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPI.model_validate(document)
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)


async def test_every_operation_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert operation["tags"], (method, path)
        assert operation["operationId"], (method, path)
        statuses = set(operation["responses"])
        assert {"400", "403", "500"} <= statuses, (method, path)
        assert "422" not in statuses
        if path.startswith("/api/"):
            assert {"401", "429"} <= statuses, (method, path)
            assert "Retry-After" in operation["responses"]["429"]["headers"]
            assert operation["security"]
        if "201" in statuses:
            assert "Location" in operation["responses"]["201"]["headers"], (method, path)


async def test_every_content_has_an_example_of_its_schema(document: dict[str, Any]) -> None:
    checked = 0
    for path, method, operation in operations(document):
        for where, content in contents(operation):
            shown = [content["example"]] if "example" in content else []
            shown += [example["value"] for example in content.get("examples", {}).values()]
            if not where.endswith(("json", "form-data", "text/plain")):
                continue  # bytes, which no JSON shows
            assert shown, f"{method} {path} {where} has no example"
            schema = {**content.get("schema", {}), "components": document["components"]}
            validator = jsonschema_rs.Draft202012Validator(schema)
            for example in shown:
                validator.validate(example)
                checked += 1
    assert checked > 200


async def test_failures_are_of_the_catalogue_and_their_status(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400":
                continue
            examples = response["content"]["application/json"]["examples"]
            assert examples, (method, path, status)
            for code, example in examples.items():
                assert example["value"]["error"]["code"] == code
                assert str(CODES[code].http_status) == status
