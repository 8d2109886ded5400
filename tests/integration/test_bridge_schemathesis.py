"""Whatever the OpenAPI document allows, and much that it does not, is answered as the document says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.fakes.bridge import bridge, served

#: Left out: whether data that the schema allows is accepted, and other data refused. A document may be a graph by its
#: schema and yet name a node twice, and unknown query parameters and headers are passed by, as HTTP clients expect.
_CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]


async def _serve(home: Path, port: asyncio.Future[int], stop: asyncio.Event) -> None:
    async with bridge(home, debug_nodes=True) as made, served(made):
        graph_id = await made.graph()
        await made.execution(graph_id)
        port.set_result(made.port)
        await stop.wait()


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bridge behind a real server, in a thread of its own: schemathesis blocks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> tuple[asyncio.Event, asyncio.Task[None], int]:
        port: asyncio.Future[int] = loop.create_future()
        stop = asyncio.Event()
        task = asyncio.create_task(_serve(tmp_path_factory.mktemp("bridge"), port, stop))
        return stop, task, await port

    stop, task, port = asyncio.run_coroutine_threadsafe(begin(), loop).result(60)

    async def end() -> None:
        stop.set()
        await task

    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_answers_are_as_described(base_url: str, mode: GenerationMode) -> None:
    api = schemathesis.openapi.from_url(f"{base_url}/openapi.json", config=SchemathesisConfig())
    failures = {}
    tried = 0
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        try:
            _try(operation, mode)
            tried += 1
        except Unsatisfiable:
            continue  # nothing that is wrong can be sent to a route without parameters
        except Exception as error:
            failures[operation.label] = str(error)
    assert tried + len(failures) > 15
    assert not failures, "\n\n".join(f"{label}: {text}" for label, text in failures.items())


def _try(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        case.call_and_validate(checks=_CHECKS, timeout=30)

    answered()
