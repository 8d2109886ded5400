"""Outputs and uploaded files: where they lie, in which forms they are given, what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.engine import PNG, FakeEngine, image_value
from tests.fakes.graphs import edge, picture_graph
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.errors import RequestError, SystemFault, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.service.atomic import Draft, write_atomically
from vortex_prefect.service.contents import FOLDER
from vortex_prefect.service.files import Files
from vortex_prefect.service.live import json_finite
from vortex_prefect.service.outputs import Content, Outputs
from vortex_prefect.service.resources import outputs, timestamp

LATENT = Value("LATENT", TensorRef("host", 3, 8192, 64, (1, 2), "float16", 1))


def _record(values: dict[str, dict[str, Value]], **fields: object) -> ExecutionRecord:
    stored = {node: {port: value.to_dict() for port, value in ports.items()} for node, ports in values.items()}
    record = ExecutionRecord("e1", "g1", "h", ExecutionStatus.COMPLETED, picture_graph(), {}, 1, values=stored)
    return replace(record, **fields)  # type: ignore[arg-type]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def kept(tmp_path: Path, engine: FakeEngine) -> Outputs:
    return Outputs(tmp_path / "outputs", engine)


def test_a_graph_without_outputs_gives_its_terminal_nodes() -> None:
    values = {"image": {"image": image_value()}, "save": {"path": Value("PATH", data="a.png")}}
    document = picture_graph(outputs=[], edges=[edge("image", "blur")])
    assert list(outputs(_record(values, document=document))) == ["save.path"]


def test_addresses_are_escaped() -> None:
    document = picture_graph(outputs=[{"name": "o", "node": "a b?", "port": "x#y"}])
    record = _record({"a b?": {"x#y": Value("INT", data=0)}}, document=document)
    assert outputs(record)["o"]["url"] == "/api/execution/e1/outputs/a%20b%3F/x%23y"
    assert outputs(record)["o"]["value"] == 0


async def test_forms_of_tensors(kept: Outputs, engine: FakeEngine) -> None:
    record = _record({"blur": {"image": image_value()}, "l": {"x": LATENT}})
    assert (await kept.read(record, "blur", "image", None)).body == PNG
    assert (await kept.read(record, "l", "x", None)).media_type == "application/vnd.apache.arrow.stream"
    await kept.read(record, "blur", "image", "npy")
    assert [form for _, form in engine.reads] == ["png", "arrow", "npy"]
    for unknown in ("jpeg", "json", "file"):
        with pytest.raises(RequestError) as caught:
            await kept.read(record, "blur", "image", unknown)
        assert caught.value.code == "RQ-001"


async def test_forms_of_values(kept: Outputs) -> None:
    record = _record({"n": {"out": Value("FLOAT", data=2.5)}})
    content = await kept.read(record, "n", "out", None)
    assert isinstance(content.body, bytes)
    assert json.loads(content.body) == {"type": "FLOAT", "value": 2.5}
    with pytest.raises(RequestError):
        await kept.read(record, "n", "out", "png")


async def test_what_was_not_given_is_not_found(kept: Outputs) -> None:
    with pytest.raises(RequestError) as caught:
        await kept.read(_record({}), "blur", "image", None)
    assert caught.value.code == "RQ-002"


async def test_a_kept_picture_outlives_the_arena(kept: Outputs, engine: FakeEngine) -> None:
    record = _record({"blur": {"image": image_value()}})
    await kept.keep(record)
    engine.read_fault = WorkerError("WK-002", "gone")
    content = await kept.read(record, "blur", "image", None)
    assert isinstance(content.body, Path)
    assert content.body.read_bytes() == PNG
    with pytest.raises(RequestError) as caught:
        await kept.read(record, "blur", "image", "arrow")
    assert caught.value.code == "RQ-006"


async def test_names_of_nodes_cannot_leave_the_folder(kept: Outputs, engine: FakeEngine, tmp_path: Path) -> None:
    names = ["..", ".", "../../x", "a" * 200, "ü" * 100, "a b"]
    declared = [{"name": str(index), "node": name, "port": "image"} for index, name in enumerate(names)]
    record = _record({name: {"image": image_value()} for name in names}, document=picture_graph(outputs=declared))
    await kept.keep(record)
    written = [path for path in tmp_path.rglob("*") if path.is_file() and FOLDER not in path.parts]
    assert {path.parent for path in written} == {tmp_path / "outputs" / "e1"}
    assert len(written) == len(names)


async def test_files_that_a_node_wrote(kept: Outputs, tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "e1"
    folder.mkdir(parents=True)
    (folder / "out.png").write_bytes(PNG)
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    for path in ("out.png", str(folder / "out.png")):
        record = _record({"save": {"path": Value("PATH", data=path)}})
        content = await kept.read(record, "save", "path", "file")
        assert (content.media_type, content.body) == ("image/png", folder / "out.png")
    for path, code in (("../../secret", "RQ-008"), ("link", "RQ-008"), ("/etc/passwd", "RQ-008"), ("no", "RQ-006")):
        record = _record({"save": {"path": Value("PATH", data=path)}})
        with pytest.raises(RequestError) as caught:
            await kept.read(record, "save", "path", "file")
        assert caught.value.code == code


async def _stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_uploads_are_named_by_their_content(tmp_path: Path) -> None:
    files = Files(tmp_path / "files", limit_bytes=1 << 24)
    chunks = [bytes([value]) * 700_000 for value in range(4)]
    stored = await files.save(_stream(*chunks))
    assert stored.sha256 == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert stored.size_bytes == 2_800_000
    assert stored.path.read_bytes() == b"".join(chunks)
    assert await files.find(stored.sha256) == stored.path
    assert (await files.save(_stream(*chunks))) == stored
    assert [path.name for path in (tmp_path / "files").iterdir()] == [stored.sha256]


async def test_uploads_that_fail_leave_nothing(tmp_path: Path) -> None:
    files = Files(tmp_path / "files", limit_bytes=10)

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise RequestError("RQ-001", "cut off")

    with pytest.raises(RequestError) as too_long:
        await files.save(_stream(b"x" * 11))
    with pytest.raises(RequestError):
        await files.save(broken())
    assert too_long.value.code == "RQ-005"
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "../secret", "0" * 63, "0" * 64, "G" * 64])
async def test_files_that_are_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"")
    with pytest.raises(RequestError) as caught:
        await Files(tmp_path / "files", limit_bytes=1).find(name)
    assert caught.value.code == "RQ-002"


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SystemFault) as caught:
        await asyncio.to_thread(write_atomically, tmp_path / "file" / "x", b"data")
    assert caught.value.code == "SY-006"


def test_a_draft_is_invisible_until_published(tmp_path: Path) -> None:
    draft = Draft(tmp_path)
    draft.write(b"new")
    target = tmp_path / "target"
    target.write_bytes(b"old")
    assert target.read_bytes() == b"old"
    draft.publish(target)
    draft.discard()
    assert target.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_json)
def test_stored_values_are_json(data: object) -> None:
    json.dumps(json_finite(data), allow_nan=False)


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_timestamps_are_utc_with_milliseconds(ms: int) -> None:
    text = timestamp(ms)
    assert text is not None
    assert text.endswith(f".{ms % 1000:03d}Z")


async def test_a_list_of_plain_values_is_a_value_and_has_items(kept: Outputs) -> None:
    record = _record({"n": {"out": Value("LIST[FLOAT]", data=[1.5, 2.5])}})
    assert _body(await kept.read(record, "n", "out", None)) == {"type": "LIST[FLOAT]", "value": [1.5, 2.5]}
    assert _body(await kept.read(record, "n", "out", None, 1)) == {"type": "FLOAT", "value": 2.5}


async def test_a_list_of_pictures_names_them_and_serves_each(kept: Outputs, engine: FakeEngine) -> None:
    listed = Value("LIST[IMAGE]", items=(image_value(), None))
    record = _record({"blur": {"image": listed}})
    url = "/api/execution/e1/outputs/blur/image"
    assert _body(await kept.read(record, "blur", "image", None)) == {
        "type": "LIST[IMAGE]",
        "items": [{"type": "IMAGE", "url": f"{url}?item=0", "shape": [1, 4, 4, 3], "dtype": "float32"}, None],
    }
    assert (await kept.read(record, "blur", "image", None, 0)).body == PNG
    assert engine.reads == [(image_value(), "png")]
    shown = outputs(_record({"blur": {"image": listed}}))
    assert all("value" not in output for output in shown.values())


@pytest.mark.parametrize(
    ("item", "form", "code"), [(1, None, "RQ-002"), (2, None, "RQ-002"), (None, "png", "RQ-001"), (0, "json", "RQ-001")]
)
async def test_items_that_are_not_there(kept: Outputs, item: int | None, form: str | None, code: str) -> None:
    record = _record({"blur": {"image": Value("LIST[IMAGE]", items=(image_value(), None))}})
    with pytest.raises(RequestError) as caught:
        await kept.read(record, "blur", "image", form, item)
    assert caught.value.code == code


async def test_what_is_no_list_has_no_items(kept: Outputs) -> None:
    with pytest.raises(RequestError, match="is FLOAT, which has no items"):
        await kept.read(_record({"n": {"out": Value("FLOAT", data=1.0)}}), "n", "out", None, 0)


def _body(content: Content) -> object:
    assert isinstance(content.body, bytes)
    return json.loads(content.body)
