"""Promises that every image node keeps, whatever the image and the parameters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import torch

from vortex_prefect.core.nodespec import ParamSpec
from vortex_worker.packs.image import load as load_pack
from vortex_worker.sdk import Context, NodeType

NODES = {declared.spec.type: declared for declared in load_pack()}

#: batch, height, width, channel
SHAPES = [(1, 6, 7, 3), (1, 1, 1, 3), (2, 9, 5, 3), (1, 1, 12, 3), (1, 6, 7, 1), (1, 6, 7, 4)]

#: What stands in for the largest extent, so that no test fills the memory.
LARGE_PX = 40

IDENTITY_CUBE = "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Node type → the file that its `path` names."""
    picture, cube = tmp_path / "picture.png", tmp_path / "identity.cube"
    PIL.Image.new("RGB", (5, 4), (10, 20, 30)).save(picture)
    cube.write_text(IDENTITY_CUBE)
    return {"image.load": picture, "image.lut": cube}


def tensors_for(declared: NodeType, shape: tuple[int, ...]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    shapes = {"IMAGE": shape, "MASK": shape[:3], "TENSOR": (*shape[:3], 3)}
    return {port.name: torch.rand(shapes[port.type], generator=generator) for port in declared.spec.inputs}


def run(
    declared: NodeType, ctx: Context, files: dict[str, Path], tensors: dict[str, torch.Tensor], **params: Any
) -> dict[str, Any]:
    """Call a node with defaults where nothing is given; port → result."""
    values: dict[str, Any] = {**tensors, **params}
    if declared.spec.files:
        values["path"] = files[declared.spec.type]
    arguments = {declared.argument_of[name]: value for name, value in values.items()}
    if declared.context_argument is not None:
        arguments[declared.context_argument] = ctx
    result = declared.function(**arguments)
    results = result if len(declared.spec.outputs) > 1 else (result,)
    return {port.name: value for port, value in zip(declared.spec.outputs, results, strict=True)}


def check_tensors(declared: NodeType, results: dict[str, Any]) -> None:
    for port in declared.spec.outputs:
        value = results[port.name]
        if port.type in ("IMAGE", "MASK"):
            assert value.dtype == torch.float32
            assert value.ndim == (4 if port.type == "IMAGE" else 3)
            assert value.isfinite().all()
            assert value.min() >= 0
            assert value.max() <= 1
            assert value.is_contiguous()


def same(left: Any, right: Any) -> bool:
    return torch.equal(left, right) if isinstance(left, torch.Tensor) else bool(left == right)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("node_type", NODES)
def test_defaults_give_sound_tensors_and_leave_inputs_alone(
    node_type: str, shape: tuple[int, ...], ctx: Context, files: dict[str, Path]
) -> None:
    declared = NODES[node_type]
    tensors = tensors_for(declared, shape)
    before = {name: (tensor.clone(), tensor._version) for name, tensor in tensors.items()}

    results = run(declared, ctx, files, tensors)

    check_tensors(declared, results)
    for name, (copy, version) in before.items():
        assert torch.equal(tensors[name], copy)
        # Worker inputs are mapped read-only: even a write of the same value would kill the process.
        assert tensors[name]._version == version
    for value in results.values():
        if isinstance(value, torch.Tensor) and tensors:
            assert value.shape[0] == shape[0]


@pytest.mark.parametrize("node_type", [name for name in NODES if name != "image.save"])
def test_repeats_exactly(node_type: str, ctx: Context, files: dict[str, Path]) -> None:
    declared = NODES[node_type]
    first, second = (run(declared, ctx, files, tensors_for(declared, (2, 6, 7, 3))) for _ in range(2))
    assert all(same(first[port], second[port]) for port in first)


def extremes(param: ParamSpec) -> list[Any]:
    """Values at the ends of what a parameter may be."""
    if param.choices is not None:
        return list(param.choices)
    if param.type == "BOOL":
        return [False, True]
    if param.bounds is None or param.bounds.min is None or param.bounds.max is None:
        return []
    ends = [param.bounds.min, param.bounds.max]
    if param.type == "FLOAT":
        return ends
    return [int(min(end, LARGE_PX)) if param.unit == "px" else int(end) for end in ends]


def extreme_cases() -> Iterator[Any]:
    for name, declared in NODES.items():
        for param in declared.spec.params:
            for value in extremes(param):
                yield pytest.param(name, param.name, value, id=f"{name}-{param.name}={value}")


@pytest.mark.parametrize("shape", [(2, 5, 8, 3), (1, 1, 1, 3)], ids=str)
@pytest.mark.parametrize(("node_type", "name", "value"), list(extreme_cases()))
def test_ends_of_every_parameter(
    node_type: str, name: str, value: Any, shape: tuple[int, ...], ctx: Context, files: dict[str, Path]
) -> None:
    declared = NODES[node_type]
    small = {"width": 6, "height": 4} if not declared.spec.inputs and declared.spec.param("width") else {}
    tensors = tensors_for(declared, shape)
    if node_type == "image.crop" and name in ("x", "y") and value:
        with pytest.raises(ValueError, match="outside the image"):
            run(declared, ctx, files, tensors, **{name: value})
        return
    if node_type == "image.save" and value == "jpeg":
        del tensors["mask"]
    check_tensors(declared, run(declared, ctx, files, tensors, **{**small, name: value}))


@pytest.mark.parametrize("node_type", NODES)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_images(node_type: str, level: float, ctx: Context, files: dict[str, Path]) -> None:
    declared = NODES[node_type]
    tensors = {name: torch.full_like(tensor, level) for name, tensor in tensors_for(declared, (1, 6, 7, 3)).items()}
    check_tensors(declared, run(declared, ctx, files, tensors))


IDENTITIES: dict[str, dict[str, Any]] = {
    "image.blur": {"radius": 0.0},
    "image.box_blur": {"radius": 0},
    "image.brightness_contrast": {},
    "image.color_balance": {},
    "image.curves": {"points": [[0, 0], [1, 1]]},
    "image.exposure": {},
    "image.gamma": {},
    "image.grain": {"amount": 0.0},
    "image.histogram_equalize": {"amount": 0.0},
    "image.hue": {},
    "image.levels": {},
    "image.lut": {},
    "image.median": {"radius": 0},
    "image.noise": {"amount": 0.0},
    "image.pad": {"left": 0, "top": 0, "right": 0, "bottom": 0},
    "image.preview": {},
    "image.rotate": {"angle": 360.0},
    "image.saturation": {},
    "image.scale": {"factor": 1.0},
    "image.sepia": {"amount": 0.0},
    "image.sharpen": {"amount": 0.0},
    "image.vibrance": {"amount": 0.0},
    "image.vignette": {"amount": 0.0},
    "image.white_balance": {},
}


@pytest.mark.parametrize("node_type", IDENTITIES)
def test_neutral_parameters_change_nothing(node_type: str, ctx: Context, files: dict[str, Path]) -> None:
    declared = NODES[node_type]
    tensors = tensors_for(declared, (2, 6, 7, 3))
    result = run(declared, ctx, files, tensors, **IDENTITIES[node_type])["image"]
    torch.testing.assert_close(result, tensors["image"], rtol=0, atol=2e-5)
