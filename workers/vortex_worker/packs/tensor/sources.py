"""Tensors out of nothing."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.core.numbers import Number
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.packs.tensor.arrays import DTYPES, MOST_ELEMENTS, shape_of
from vortex_worker.sdk import Choices, Context, Doc, Json, Range, Tensor, node

Shape = Annotated[Json, Doc("Lengths of the axes, such as [2, 3].")]
Kind = Annotated[str, Choices(*DTYPES), Doc("Type of the elements.")]


@node("tensor.full", category="source", title="Constant tensor")
def full(ctx: Context, shape: Shape = (1,), value: Number = 0.0, dtype: Kind = "float32") -> Tensor:
    """A tensor of which all elements are the same."""
    return torch.full(shape_of(shape), value, dtype=torch.float64).to(ctx.device, DTYPES[dtype])


@node("tensor.linspace", category="source", title="Evenly spaced numbers")
def linspace(
    ctx: Context,
    start: Number = 0.0,
    end: Number = 1.0,
    count: Annotated[int, Range(1, MOST_ELEMENTS)] = 10,
    spacing: Annotated[
        str, Choices("linear", "logarithmic"), Doc("Logarithmic: powers of 10 from start to end.")
    ] = "linear",
) -> Tensor:
    """Numbers at equal distances, both ends among them."""
    points = torch.linspace(start, end, count, dtype=torch.float64)
    if spacing == "logarithmic":
        points = 10.0**points
    return points.to(ctx.device, torch.float32)


@node("tensor.identity", category="source", title="Identity matrix")
def identity(ctx: Context, size: Annotated[int, Range(1, 32768)] = 3) -> Tensor:
    """The square matrix with ones on its diagonal and zeros elsewhere."""
    return torch.eye(size, device=ctx.device)


@node("tensor.random", category="source", title="Random tensor")
def random(
    ctx: Context,
    shape: Shape = (1,),
    distribution: Annotated[
        str,
        Choices("uniform", "normal", "bernoulli", "exponential"),
        Doc("Uniform: a to b. Normal: mean a, deviation b. Bernoulli: 1 with chance a. Exponential: rate a."),
    ] = "uniform",
    a: Number = 0.0,
    b: Number = 1.0,
    seed: Seed = 0,
) -> Tensor:
    """Random numbers of a distribution; the same on every device."""
    drawn, numbers = torch.empty(shape_of(shape)), generator(seed)
    if distribution == "bernoulli":
        if not 0 <= a <= 1:
            raise ValueError(f"a chance is in 0..1, not {a:g}")
        drawn.bernoulli_(a, generator=numbers)
    elif distribution == "exponential":
        if a <= 0:
            raise ValueError(f"a rate is above 0, not {a:g}")
        drawn.exponential_(a, generator=numbers)
    elif b < 0 if distribution == "normal" else b < a:
        raise ValueError(f"a {distribution} distribution has no b of {b:g} for a = {a:g}")
    elif distribution == "normal":
        drawn.normal_(a, b, generator=numbers)
    else:
        drawn.uniform_(a, b, generator=numbers)
    return drawn.to(ctx.device)


@node("tensor.permutation", category="source", title="Random order")
def permutation(ctx: Context, count: Annotated[int, Range(1, 1 << 26)] = 10, seed: Seed = 0) -> Tensor:
    """The whole numbers from 0 below count in random order, to shuffle by."""
    return torch.randperm(count, generator=generator(seed)).to(ctx.device)


@node("tensor.coordinates", category="source")
def coordinates(ctx: Context, shape: Shape = (2, 2)) -> Tensor:
    """For each place of a shape its indices along the axes, in the last axis."""
    axes = [torch.arange(length, device=ctx.device) for length in shape_of(shape)]
    if not axes:
        raise ValueError("a shape without axes has no coordinates")
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
