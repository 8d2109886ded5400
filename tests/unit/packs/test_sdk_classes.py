"""Nodes that are classes, and nodes that yield: what is declared, what is kept, and what happens on the way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import pytest
import torch

from vortex_prefect.core.models import instance_name
from vortex_worker.residents import Residents
from vortex_worker.sdk import (
    Cancelled,
    Context,
    File,
    Image,
    Json,
    Model,
    NodeType,
    Progress,
    Range,
    Steps,
    node,
    nodes_of,
)
from vortex_worker.sdk.testing import run_node

IMAGE = torch.rand(1, 4, 4, 3)


@node("test.scale", category="test")
class Scale:
    """Weights that are read once, times a picture."""

    made = 0

    def __init__(self, path: Annotated[Path, File()], ctx: Context, factor: Annotated[float, Range(0, 9)] = 1.0):
        ctx.progress(0.0, "reading")
        type(self).made += 1
        self.weight = torch.full((256,), float(path.read_text()) * factor)

    def __call__(self, image: Image, offset: Annotated[float, Range(0, 9)] = 0.0) -> Image:
        return image * self.weight[0] + offset


@node("test.plain", category="test")
class Plain:
    """Takes nothing to be made."""

    nbytes = 7

    def __call__(self, ctx: Context, model: Model | None = None, count: Annotated[int, Range(0, 9)] = 2) -> Steps[int]:
        """Counts."""
        for step in range(count):
            yield Progress(step / count, f"step {step}", IMAGE)
        return id(self)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.txt"
    path.write_text("2")
    return path


def declared(cls: Any) -> NodeType:
    found: NodeType = cls.__vortex_node__
    return found


def test_parameters_of_both_methods_are_the_nodes() -> None:
    spec = declared(Scale).spec
    assert [port.name for port in spec.inputs] == ["image"]
    assert [param.name for param in spec.params] == ["path", "factor", "offset"]
    assert (spec.instance, spec.files) == (("path", "factor"), ("path",))
    assert spec.doc == "Weights that are read once, times a picture."
    assert [port.name for port in spec.outputs] == ["image"]
    assert declared(Plain).spec.instance == ()


def test_an_instance_is_made_once_for_what_it_is_made_of(weights: Path) -> None:
    kept, before = Residents(), Scale.made
    first = run_node(Scale, image=IMAGE, path=weights, residents=kept)
    assert torch.equal(first["image"], IMAGE * 2)
    assert first.progress == [(0.0, "reading")]
    second = run_node(Scale, image=IMAGE, path=weights, offset=1.0, residents=kept)
    assert torch.equal(second["image"], IMAGE * 2 + 1)
    assert second.progress == []
    assert Scale.made == before + 1
    run_node(Scale, image=IMAGE, path=weights, factor=3, residents=kept)
    assert Scale.made == before + 2
    names = [instance_name("test.scale@1", {"path": str(weights), "factor": factor}) for factor in (1.0, 3.0)]
    assert kept.sizes() == {names[0]: 1024, names[1]: 1024}


def test_another_file_of_that_name_is_read_anew(weights: Path) -> None:
    kept = Residents()
    run_node(Scale, image=IMAGE, path=weights, residents=kept)
    weights.write_text("5")
    os.utime(weights, ns=(1, 1))
    assert torch.equal(run_node(Scale, image=IMAGE, path=weights, residents=kept)["image"], IMAGE * 5)
    assert len(kept.names()) == 1


def test_one_that_cannot_be_made_is_not_kept(tmp_path: Path) -> None:
    kept = Residents()
    with pytest.raises(FileNotFoundError):
        run_node(Scale, image=IMAGE, path=tmp_path / "gone", residents=kept)
    assert kept.names() == ()


def test_the_class_stays_an_ordinary_one(weights: Path) -> None:
    class Of:
        def progress(self, fraction: float, note: str) -> None: ...

    assert torch.equal(Scale(weights, Of(), 1.0)(IMAGE), IMAGE * 2)  # type: ignore[arg-type] # a context by its shape only


def test_a_class_that_inherits_from_a_node_is_none() -> None:
    module: Any = type(os)("m")
    module.Scale, module.Also, module.Below = Scale, Scale, type("Below", (Scale,), {})
    assert [found.spec.type for found in nodes_of([module])] == ["test.scale"]


def test_what_is_yielded_is_progress_and_what_is_returned_the_result() -> None:
    kept = Residents()
    done = run_node(Plain, residents=kept)
    assert done.progress == [(0.0, "step 0"), (0.5, "step 1")]
    assert len(done.previews) == 2
    assert run_node(Plain, residents=kept)["int"] == done["int"]
    assert list(kept.sizes().values()) == [7]


@node("test.slow", category="test")
def slow(ctx: Context) -> Steps[list[int]]:
    """Says where it was left."""
    try:
        yield 0.25
        yield 1
    except Cancelled:
        (ctx.state_dir / "left").touch()
        raise
    finally:
        ctx.write_output("end.txt", b"")
    return [1, 2]


def test_a_function_yields_as_well(tmp_path: Path) -> None:
    done = run_node(slow)
    assert done.progress == [(0.25, ""), (1.0, "")]
    assert done["int"] == [1, 2]
    assert declared(slow).spec.outputs[0].type == "LIST[INT]"


def test_a_cancel_is_raised_where_it_yields(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run_node(slow, cancel_after=1, output_dir=tmp_path)
    assert (tmp_path / "end.txt").exists()


def test_what_is_no_progress_is_refused() -> None:
    @node("test.chatty", category="test")
    def chatty() -> Steps[int]:
        """Says what nobody asked for."""
        yield "half"  # type: ignore[misc] # that is what is wrong with it
        return 1

    with pytest.raises(TypeError, match="as a number or a Progress, not a str"):
        run_node(chatty)


def _without_call() -> type:
    class Empty:
        pass

    return Empty


def _with_tensor() -> type:
    class Early:
        def __init__(self, image: Image) -> None: ...

        def __call__(self) -> int:
            return 1

    return Early


def _twice() -> type:
    class Twice:
        def __init__(self, size: int = 1) -> None: ...

        def __call__(self, size: int = 1) -> int:
            return size

    return Twice


def _unannotated() -> Any:
    def plain() -> int:  # type: ignore[misc] # that is what is wrong with it
        yield 0.5
        return 1

    return plain


def _iterates() -> Any:
    def rows() -> Json:
        yield 0.5

    return rows


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_without_call, "has a method __call__"),
        (_with_tensor, "image of __init__ is neither a parameter nor a MODEL"),
        (_twice, "both __init__ and __call__ take size"),
        (_unannotated, "annotated as Steps"),
        (_iterates, "annotated as Steps"),
    ],
)
def test_what_cannot_be_a_node_says_why(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        node("test.odd", category="test")(make())
