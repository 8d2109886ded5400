"""What many observations say together."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.core.numbers import Number
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.packs.tensor.arrays import Axis, axis_of, inexact, precise, require_finite, require_some
from vortex_worker.sdk import Choices, Context, Doc, Range, Tensor, node

Rows = Annotated[Tensor, Doc("An observation a row, a variable a column.")]


class Histogram(NamedTuple):
    counts: Tensor
    edges: Annotated[Tensor, Doc("Of the bins: one more than there are bins.")]


class Components(NamedTuple):
    scores: Annotated[Tensor, Doc("The observations along the components.")]
    components: Annotated[Tensor, Doc("A row each, by falling variance.")]
    variance: Annotated[Tensor, Doc("Of the observations along each.")]


class Clusters(NamedTuple):
    labels: Annotated[Tensor, Doc("To which cluster each observation belongs.")]
    centres: Tensor


@node("tensor.histogram", category="statistics")
def histogram(
    tensor: Tensor,
    bins: Annotated[int, Range(1, 1 << 20)] = 256,
    low: Number = 0.0,
    high: Annotated[Number, Doc("Not above low: the range of the elements.")] = 1.0,
) -> Histogram:
    """How many elements lie in each of some equal bins; those beyond the ends are left out."""
    values = require_finite(inexact(tensor)).flatten().to(torch.float64).cpu()
    if high <= low:
        require_some(values, "range")
        low, high = float(values.min()), float(values.max())
        high = high if high > low else low + 1.0
    counts, edges = torch.histogram(values, bins, range=(low, high))
    return Histogram(counts.to(torch.int64).to(tensor.device), edges.to(torch.float32).to(tensor.device))


@node("tensor.covariance", category="statistics")
def covariance(
    rows: Rows,
    scale: Annotated[str, Choices("covariance", "correlation"), Doc("Correlation: of variables of deviation 1.")] = (
        "covariance"
    ),
) -> Tensor:
    """How variables go together, two at a time."""
    values = _observations(rows, 2)
    return torch.cov(values.T) if scale == "covariance" else torch.corrcoef(values.T)


@node("tensor.pca", category="statistics", title="Principal components")
def pca(rows: Rows, count: Annotated[int, Range(1, 4096), Doc("How many components.")] = 2) -> Components:
    """The directions in which observations differ most. The largest entry of each component is above 0."""
    values = _observations(rows, 2)
    if count > min(values.shape):
        raise ValueError(f"{values.shape[0]} observations of {values.shape[1]} variables have fewer than {count}")
    centred = values - values.mean(0)
    _, lengths, directions = torch.linalg.svd(centred, full_matrices=False)
    found = directions[:count]
    # Directions have no sign of their own; without a rule results would differ between devices.
    largest = found.gather(1, found.abs().argmax(1, keepdim=True))
    found = found * torch.sign(largest)
    return Components(centred @ found.T, found, lengths[:count].square() / (len(values) - 1))


@node("tensor.pairwise_distance", category="statistics", title="Distances of all pairs")
def pairwise_distance(
    a: Rows,
    b: Rows,
    metric: Annotated[str, Choices("euclidean", "manhattan", "chebyshev", "cosine")] = "euclidean",
) -> Tensor:
    """How far every observation of a is from every one of b."""
    a, b = _observations(a, 1), _observations(b, 1)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"observations of {a.shape[1]} and of {b.shape[1]} variables have no distance")
    if metric == "cosine":
        normal = [torch.nn.functional.normalize(values, dim=1) for values in (a, b)]
        return 1 - normal[0] @ normal[1].T
    order = {"euclidean": 2.0, "manhattan": 1.0, "chebyshev": float("inf")}[metric]
    # The faster way by matrix products loses half the digits of near neighbours.
    return torch.cdist(a, b, p=order, compute_mode="donot_use_mm_for_euclid_dist")


@node("tensor.standardize", category="statistics")
def standardize(tensor: Tensor, axis: Axis = 0) -> Tensor:
    """Shift and scale along an axis to mean 0 and deviation 1; what does not vary becomes 0."""
    require_some(tensor, "deviation")
    along, values = axis_of(tensor, axis), inexact(tensor)
    deviation = values.std(along, correction=0, keepdim=True)
    return (values - values.mean(along, keepdim=True)) / torch.where(deviation > 0, deviation, 1)


@node("tensor.moving_average", category="statistics")
def moving_average(tensor: Tensor, window: Annotated[int, Range(1, 1 << 20)] = 5, axis: Axis = -1) -> Tensor:
    """The mean of each run of neighbours along an axis; window − 1 shorter than the axis."""
    along = axis_of(tensor, axis)
    if window > tensor.shape[along]:
        raise ValueError(f"a window of {window} does not fit within {tensor.shape[along]} elements")
    return inexact(tensor).unfold(along, window, 1).mean(-1)


@node("tensor.kmeans", category="statistics", title="Clusters")
def kmeans(
    ctx: Context,
    rows: Rows,
    clusters: Annotated[int, Range(1, 4096)] = 3,
    steps: Annotated[int, Range(1, 10_000)] = 100,
    seed: Seed = 0,
) -> Clusters:
    """Gather observations around centres so that squared distances are small.

    Source: S. Lloyd (1982), begun as D. Arthur and S. Vassilvitskii say (k-means++, 2007).
    """
    values = _observations(rows, clusters)
    centres = _begun(values, clusters, generator(seed))
    for step in range(steps):
        ctx.progress(step / steps)
        labels = torch.cdist(values, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add(0, labels, values)
        counts = torch.bincount(labels, minlength=clusters).unsqueeze(1)
        # A cluster that lost all of its own stays where it is.
        moved = torch.where(counts > 0, sums / counts.clamp(min=1), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    return Clusters(torch.cdist(values, centres).argmin(1), centres)


def _begun(values: torch.Tensor, clusters: int, numbers: torch.Generator) -> torch.Tensor:
    """Centres among the observations, the farther from those before the likelier."""
    chosen = [int(torch.randint(len(values), (1,), generator=numbers))]
    nearest = torch.full((len(values),), float("inf"), device=values.device)
    for _ in range(clusters - 1):
        nearest = torch.minimum(nearest, (values - values[chosen[-1]]).square().sum(1))
        weights = nearest.cpu().double()
        weights = weights if float(weights.sum()) > 0 else torch.ones_like(weights)
        chosen.append(int(torch.multinomial(weights, 1, generator=numbers)))
    return values[chosen]


def _observations(rows: torch.Tensor, least: int) -> torch.Tensor:
    if rows.ndim != 2 or len(rows) < least or not rows.shape[1]:
        raise ValueError(f"{least} or more observations, a row each, are wanted, not shape {tuple(rows.shape)}")
    return require_finite(precise(rows))
