"""Tensors in files: NumPy's own and safetensors, neither of which can hold code."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import torch

from vortex_worker.sdk import Context, Doc, File, Tensor, node, open_input


@node("tensor.load", category="file", title="Load tensor")
def load(
    path: Annotated[Path, File(), Doc("A .npy, .npz or .safetensors file.")],
    ctx: Context,
    name: Annotated[str, Doc("Which one of a .npz or .safetensors file; empty for the only one.")] = "",
) -> Tensor:
    """Read a tensor from a file. Files that hold Python objects are refused."""
    with open_input(path) as file:
        data = file.read()
    try:
        found = _safetensor(data, name) if path.suffix == ".safetensors" else torch.from_numpy(_array(data, name))
    except KeyError as error:
        raise ValueError(f"{path} holds no {name!r}, but {error.args[0]}") from None
    except Exception as error:  # the readers raise what their formats make them
        raise ValueError(f"{path} is no tensor file that can be read: {error}") from error
    return found.to(ctx.device)


@node("tensor.save", category="file", title="Save tensor", volatile=True)
def save(
    tensor: Tensor,
    ctx: Context,
    filename: Annotated[str, Doc("Ends in .npy or .safetensors; within the execution's output folder.")] = "tensor.npy",
    name: Annotated[str, Doc("Of the tensor in a .safetensors file.")] = "tensor",
    overwrite: Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")] = False,
) -> Path:
    """Write a tensor to a file."""
    values = tensor.detach().cpu().contiguous()
    if filename.endswith(".safetensors"):
        import safetensors.torch

        return ctx.write_output(filename, safetensors.torch.save({name: values}), overwrite=overwrite)
    if not filename.endswith(".npy"):
        raise ValueError(f"{filename!r} ends neither in .npy nor in .safetensors")
    if values.dtype is torch.bfloat16:
        values = values.float()  # which NumPy has not
    file = io.BytesIO()
    np.save(file, values.numpy(), allow_pickle=False)
    return ctx.write_output(filename, file.getvalue(), overwrite=overwrite)


def _array(data: bytes, name: str) -> np.ndarray:
    found = np.load(io.BytesIO(data), allow_pickle=False)
    if isinstance(found, np.ndarray):
        return found
    names = list(found.files)
    return np.asarray(found[_only(names, name)])


def _safetensor(data: bytes, name: str) -> torch.Tensor:
    import safetensors.torch

    tensors = safetensors.torch.load(data)
    result: torch.Tensor = tensors[_only(sorted(tensors), name)]
    return result


def _only(names: list[str], name: str) -> str:
    wanted = name or (names[0] if len(names) == 1 else "")
    if wanted not in names:
        raise KeyError(", ".join(names) or "nothing")
    return wanted
