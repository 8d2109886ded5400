"""Which files are uploaded, which are not, and what stands in the graph then."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE
from vortex_prefect.client.uploads import upload_out_of_reach
from vortex_prefect.core.errors import RequestError, VortexError
from vortex_prefect.core.settings import Settings

READER = next(spec for spec in CATALOGUE.all() if spec.files)
FILE = READER.files[0]


class Bridge:
    """Takes uploads; `refusal` is what it answers instead."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.taken = 0
        self.refusal: VortexError | None = None

    def take(self, file: Path) -> str:
        self.taken += 1
        if self.refusal is not None:
            raise self.refusal
        content = file.read_bytes()
        self.settings.file_dir.mkdir(exist_ok=True)
        path = self.settings.file_dir / hashlib.sha256(content).hexdigest()
        path.write_bytes(content)
        return str(path)

    def upload(self, document: dict[str, Any], values: dict[str, Any] | None = None) -> None:
        upload_out_of_reach(self.take, self.settings, document, {} if values is None else values, CATALOGUE)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Bridge]:
    """A stack that was started in `start`, and has been told of `more`."""
    settings = Settings(tmp_path / "home")
    settings.run_dir.mkdir(parents=True)
    for name in ("start", "more", "out"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_bytes(b"content")
    info = {
        "pid": 1, "url": "", "prefect_api_url": "", "prefect_ui": "", "dask": "", "processes": [],
        "start_dir": str(tmp_path / "start"), "file_roots": [str(tmp_path / "more")],
    }  # fmt: skip
    (settings.run_dir / "stack.json").write_text(json.dumps(info))
    descriptor = os.open(settings.run_dir / "stack.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield Bridge(settings)
    os.close(descriptor)


def document(*paths: Path | str) -> dict[str, Any]:
    nodes = {f"n{place}": {"type": READER.type, "params": {FILE: str(path)}} for place, path in enumerate(paths)}
    inputs = [{"name": "first", "node": "n0", "param": FILE}, {"name": "lost", "node": "gone", "param": FILE}]
    return {"nodes": {**nodes, "other": {"type": "unknown"}}, "inputs": inputs}


def paths(document: dict[str, Any]) -> list[str]:
    return [node["params"][FILE] for name, node in document["nodes"].items() if name != "other"]


def test_what_the_stack_reads_is_left_where_it_is(stack: Bridge, tmp_path: Path) -> None:
    given = document(tmp_path / "start" / "a", tmp_path / "more" / "a")
    before = paths(given)
    stack.upload(given)
    assert paths(given) == before
    assert stack.taken == 0


def test_what_is_out_of_reach_is_uploaded_once(stack: Bridge, tmp_path: Path) -> None:
    (tmp_path / "start" / "link").symlink_to(tmp_path / "out" / "a")
    given, values = (
        document(tmp_path / "out" / "a", tmp_path / "start" / "link"),
        {"first": str(tmp_path / "out" / "a")},
    )
    stack.upload(given, values)
    upload = str(stack.settings.file_dir / hashlib.sha256(b"content").hexdigest())
    assert [*paths(given), values["first"]] == [upload] * 3
    assert stack.taken == 1
    stack.upload(document(tmp_path / "out" / "a"))
    assert stack.taken == 1, "the same content was sent again"


def test_what_is_no_file_here_is_left_as_it_is(stack: Bridge) -> None:
    given = document("/no/such/file", "")
    stack.upload(given)
    assert paths(given) == ["/no/such/file", ""]


def test_a_refusal_names_the_file(stack: Bridge, tmp_path: Path) -> None:
    stack.refusal = RequestError("RQ-001", "it is a program")
    with pytest.raises(RequestError, match=r"out/a: it is a program"):
        stack.upload(document(tmp_path / "out" / "a"))


def test_a_document_without_inputs_is_one_too(stack: Bridge, tmp_path: Path) -> None:
    given = document(tmp_path / "out" / "a")
    del given["inputs"]
    stack.upload(given)
    assert stack.taken == 1
