"""The harness for nodes of others: it fails where a worker would."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pytest
import torch

from vortex_prefect.core.errors import GraphError, VortexError
from vortex_worker.packs import load_packs
from vortex_worker.packs.image.filters import blur, median
from vortex_worker.residents import Residents
from vortex_worker.sdk import Audio, Cancelled, Context, Image, Many, Range, Sound, Table, Tensor, node
from vortex_worker.sdk.testing import run_node

IMAGE = torch.rand(1, 8, 8, 3)


@node("test.scribble", category="test")
def scribble(image: Image) -> Image:
    """Writes where it must not."""
    image[0, 0, 0, 0] = 1
    return image


@node("test.mute", category="test")
def mute(audio: Audio) -> Audio:
    """Writes where it must not."""
    audio.samples.zero_()
    return audio


@node("test.wrong", category="test", outputs=("image",))
def wrong(kind: Annotated[int, Range(0, 9)] = 0) -> Image:
    """Gives what it does not declare."""
    found: Any = (None, 5, pa.table({"a": [1]}))
    return found[kind]  # type: ignore[no-any-return]


@node("test.listed", category="test")
def listed(tensors: Many[Tensor], table: Table, path: Path, ctx: Context, names: list[str] | None = None) -> float:
    """Takes one of each kind."""
    ctx.progress(0.5, "half")
    ctx.preview(IMAGE)
    ctx.write_output("a/b.txt", path.name.encode())
    return float(len(tensors) + table.num_rows + len(names or [])) + ctx.resident("one", lambda: ctx.attempt)


def test_outputs_and_what_happened_on_the_way(tmp_path: Path) -> None:
    kept = Residents()
    values: dict[str, Any] = {"tensors": [IMAGE, IMAGE], "table": pa.table({"a": [1, 2, 3]}), "path": Path("x/y")}
    done = run_node(listed, output_dir=tmp_path, attempt=2, residents=kept, **values)
    assert dict(done) == {"float": 7.0}
    assert done.progress == [(0.5, "half")]
    assert len(done.previews) == 1
    assert [path.read_text() for path in done.files] == ["y"]
    assert run_node(listed, attempt=9, residents=kept, names=["a"], **values)["float"] == 8.0
    assert run_node(blur, image=IMAGE, radius=0)["image"].shape == IMAGE.shape


@pytest.mark.parametrize(
    ("code", "function", "values"),
    [
        ("VE-004", blur, {"image": IMAGE, "gone": 1}),
        ("VE-007", blur, {}),
        ("VE-009", blur, {"image": IMAGE, "radius": "wide"}),
        ("VE-010", blur, {"image": IMAGE, "radius": -1.0}),
        ("WK-002", blur, {"image": 5}),
        ("WK-002", blur, {"image": Sound(torch.zeros(1, 1), 8000)}),
        ("WK-002", mute, {"audio": IMAGE}),
        ("WK-002", listed, {"tensors": [IMAGE, 5], "table": pa.table({}), "path": "x"}),
        ("WK-002", listed, {"tensors": [], "table": pa.table({}), "path": "x", "names": "abc"}),
        ("WK-003", wrong, {"kind": 0}),
        ("WK-003", wrong, {"kind": 1}),
        ("WK-003", wrong, {"kind": 2}),
    ],
)
def test_it_fails_where_a_worker_would(code: str, function: Any, values: dict[str, Any]) -> None:
    with pytest.raises(VortexError) as caught:
        run_node(function, **values)
    assert caught.value.code == code
    if code in ("VE-009", "VE-010"):
        assert isinstance(caught.value, GraphError)
        assert caught.value.problems[0].port == "radius"


def test_writing_to_what_came_in_is_found_out() -> None:
    with pytest.raises(AssertionError, match="wrote to a tensor"):
        run_node(scribble, image=IMAGE.clone())
    with pytest.raises(AssertionError, match="wrote to a tensor"):
        run_node(mute, audio=Sound(torch.ones(1, 3), 8000))


def test_a_cancel_reaches_the_node() -> None:
    with pytest.raises(Cancelled):
        run_node(median, image=IMAGE, cancel_after=0)
    with pytest.raises(TypeError, match="is no node"):
        run_node(len)


def test_bundled_nodes_run_in_it() -> None:
    ready = {"IMAGE": IMAGE, "MASK": IMAGE[..., 0], "AUDIO": Sound(torch.rand(1, 4000), 8000),
             "TABLE": pa.table({"a": [1.0, 2.0]})}  # fmt: skip
    ran = 0
    for declared in load_packs(debug=False):
        spec = declared.spec
        fed = spec.inputs and all(port.type in ready and not port.list and port.required for port in spec.inputs)
        if not fed or any(param.required for param in spec.params):
            continue
        try:
            run_node(declared, **{port.name: ready[port.type] for port in spec.inputs})
        except ValueError:
            assert spec.type.startswith(
                ("table.", "plot.", "audio.", "mask.", "video.")
            )  # they need more than defaults
        ran += 1
    assert ran > 100


@node("test.signed", category="test", volatile=True, takes_graph=True)
def signed(ctx: Context) -> str:
    """Tells the graph."""
    return str(ctx.graph_json)


@node("test.unsigned", category="test", volatile=True)
def unsigned(ctx: Context) -> str:
    """Has not asked for it."""
    return str(ctx.graph_json)


def test_the_graph_is_given_to_those_that_take_it() -> None:
    found = [run_node(each, graph_json="{}")["string"] for each in (signed, unsigned)]
    assert found == ["{}", "None"]
    assert run_node(signed)["string"] == "None"
