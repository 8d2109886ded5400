"""Running a model on tensors, and looking into it."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.model.handles import Handle, resident
from vortex_worker.packs.model.runtimes import Runnable, load_module, load_onnx, load_weights
from vortex_worker.sdk import Context, Doc, Json, Many, Model, Tensor, node

Inputs = Annotated[Many[Tensor], Doc("In the order of the model's inputs.")]


@node("model.run", category="model", title="Run model")
def run(
    model: Model,
    tensors: Inputs,
    ctx: Context,
    output: Annotated[str, Doc("Name of the output; empty for the first.")] = "",
) -> Tensor:
    """One output of a model for some tensors."""
    found = runnable(ctx, model).run(tensors)
    if not found:
        raise ValueError("the model gives no tensor")
    name = output or next(iter(found))
    if name not in found:
        raise ValueError(f"the model has no output {output!r}, but {', '.join(found)}")
    return found[name]


@node("model.run_all", category="model", title="Run model, all outputs")
def run_all(model: Model, tensors: Inputs, ctx: Context) -> list[Tensor]:
    """All outputs of a model for some tensors."""
    return list(runnable(ctx, model).run(tensors).values())


@node("model.describe", category="model", title="About a model", outputs=("value",))
def describe(model: Model, ctx: Context) -> Json:
    """What a model takes and gives; of weights their names and shapes."""
    handle = Handle.of(model)
    told = {"path": handle.path, "sha256": handle.sha256, "bytes": handle.nbytes}
    if handle.format in ("safetensors", "weights"):
        shapes = {name: list(tensor.shape) for name, tensor in weights(ctx, model).items()}
        return {**told, "format": handle.format, "tensors": shapes}
    return {**told, **runnable(ctx, model).describe()}


@node("model.weight", category="model", title="Tensor of a model")
def weight(model: Model, ctx: Context, name: Annotated[str, Doc("As model.describe tells them.")]) -> Tensor:
    """One tensor of a file of weights."""
    found = weights(ctx, model)
    if name not in found:
        known = ", ".join(list(found)[:10])
        raise ValueError(f"there is no tensor {name!r} among {len(found)}: {known} …")
    return found[name]


def runnable(ctx: Context, model: object) -> Runnable:
    """The program that a value names, loaded once.

    Raises:
        ValueError: it names none, or the file is none.
        WorkerError: WK-009, the file is not the one that was named.
    """
    handle = Handle.of(model).require("onnx", "torchscript", "export")
    load = load_onnx if handle.format == "onnx" else load_module
    found: Runnable = resident(ctx, handle, lambda data, of: load(data, of, ctx.device))
    return found


def weights(ctx: Context, model: object) -> dict[str, torch.Tensor]:
    """The tensors that a value names, loaded once; not to be written to."""
    handle = Handle.of(model).require("safetensors", "weights")
    found: dict[str, torch.Tensor] = resident(ctx, handle, lambda data, of: load_weights(data, of, ctx.device))
    return found
