"""Tensor nodes give what NumPy and SciPy give."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import scipy.cluster.vq
import torch

from tests.unit.packs.tensor_cases import CASES, CUBE, SQUARE, SYMMETRIC, TALL, WHOLE, A, Case, to_tensor
from vortex_worker.packs.tensor import convert, files, linear, load, shapes, sources, statistics
from vortex_worker.sdk import Context

NODES = {declared.spec.type: declared for declared in load()}
_numbers = itertools.count()


def _call(case: Case, tensors: list[torch.Tensor]) -> tuple[Any, ...]:
    declared = NODES[case.node]
    ports = [declared.argument_of[port.name] for port in declared.spec.inputs]
    result = declared.function(**dict(zip(ports, tensors, strict=True)), **case.params)
    return result if len(declared.spec.outputs) > 1 else (result,)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.node}-{next(_numbers)}")
def test_is_what_the_reference_says(case: Case) -> None:
    tensors = [to_tensor(array) for array in case.inputs]
    with np.errstate(all="ignore"):
        expected = case.reference(*case.inputs)
    results = _call(case, tensors)
    wanted = expected if len(results) > 1 else (expected,)
    for found, right in zip(results, wanted, strict=True):
        if isinstance(found, torch.Tensor):
            assert tuple(found.shape) == np.shape(right)
            np.testing.assert_allclose(found.numpy(), right, rtol=2e-4, atol=2e-5)
        elif isinstance(found, float):
            assert found == pytest.approx(right, rel=1e-4)
        else:
            assert found == right
    for tensor, array in zip(tensors, case.inputs, strict=True):
        np.testing.assert_array_equal(tensor.numpy(), array)
        assert tensor._version == 0, "memory of inputs is read-only in a worker"


def test_every_node_has_a_reference() -> None:
    names = (
        "full linspace identity random permutation coordinates from_json load save concat stack split svd eigen qr pca "
        "kmeans"
    )
    of_their_own = {f"tensor.{name}" for name in names.split()}
    assert {case.node for case in CASES} | of_their_own == set(NODES)


def test_decompositions_make_the_matrix_again() -> None:
    u, values, vh = linear.svd(to_tensor(TALL))
    np.testing.assert_allclose(values.numpy(), np.linalg.svd(TALL, compute_uv=False), rtol=1e-4)
    np.testing.assert_allclose((u * values @ vh).numpy(), TALL, atol=1e-5)
    eigenvalues, vectors = linear.eigen(to_tensor(SYMMETRIC))
    np.testing.assert_allclose(eigenvalues.numpy(), np.linalg.eigvalsh(SYMMETRIC), rtol=1e-4)
    np.testing.assert_allclose((vectors * eigenvalues @ vectors.T).numpy(), SYMMETRIC, atol=1e-4)
    q, r = linear.qr(to_tensor(TALL))
    np.testing.assert_allclose(np.abs(r.numpy()), np.abs(np.linalg.qr(TALL)[1]), atol=1e-5)
    np.testing.assert_allclose((q @ r).numpy(), TALL, atol=1e-5)


def test_joining_and_splitting() -> None:
    tensors = [to_tensor(A), to_tensor(A + 1), to_tensor(A + 2)]
    arrays = [A, A + 1, A + 2]
    np.testing.assert_array_equal(shapes.concat(tensors, 1).numpy(), np.concatenate(arrays, 1))
    np.testing.assert_array_equal(shapes.stack(tensors, -1).numpy(), np.stack(arrays, -1))
    parts = shapes.split(to_tensor(CUBE), 2, 3)
    for part, right in zip(parts, np.split(CUBE, [3], 2), strict=True):
        np.testing.assert_array_equal(part.numpy(), right)


def test_sources(ctx: Context) -> None:
    assert torch.equal(sources.full(ctx, [2, 3], 7.0, "int32"), torch.full((2, 3), 7, dtype=torch.int32))
    np.testing.assert_allclose(sources.linspace(ctx, -1.0, 2.0, 7).numpy(), np.linspace(-1, 2, 7), rtol=1e-6)
    np.testing.assert_allclose(
        sources.linspace(ctx, 0.0, 3.0, 4, "logarithmic").numpy(), np.logspace(0, 3, 4), rtol=1e-5
    )
    np.testing.assert_array_equal(sources.identity(ctx, 4).numpy(), np.eye(4))
    np.testing.assert_array_equal(sources.coordinates(ctx, [2, 3]).numpy(), np.moveaxis(np.indices((2, 3)), 0, -1))
    np.testing.assert_array_equal(convert.from_json(ctx, [[1, 2], [3, 4]], "int64").numpy(), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(np.sort(sources.permutation(ctx, 100, 3).numpy()), np.arange(100))


@pytest.mark.parametrize(
    ("distribution", "a", "b", "mean", "deviation"),
    [("uniform", -1.0, 3.0, 1.0, 4 / 12**0.5), ("normal", 2.0, 0.5, 2.0, 0.5), ("bernoulli", 0.25, 1.0, 0.25, 0.433),
     ("exponential", 4.0, 1.0, 0.25, 0.25)],
)  # fmt: skip
def test_random_numbers_have_their_moments_and_their_seed(
    ctx: Context, distribution: str, a: float, b: float, mean: float, deviation: float
) -> None:
    drawn = sources.random(ctx, [200, 200], distribution, a, b, 5)
    assert float(drawn.mean()) == pytest.approx(mean, abs=0.02)
    assert float(drawn.std()) == pytest.approx(deviation, rel=0.03)
    assert torch.equal(drawn, sources.random(ctx, [200, 200], distribution, a, b, 5))
    assert not torch.equal(drawn, sources.random(ctx, [200, 200], distribution, a, b, 6))


def test_components_are_those_of_the_covariance() -> None:
    scores, components, variance = statistics.pca(to_tensor(TALL), 2)
    values, vectors = np.linalg.eigh(np.cov(TALL, rowvar=False))
    np.testing.assert_allclose(variance.numpy(), values[::-1][:2], rtol=1e-4)
    np.testing.assert_allclose(np.abs(components.numpy()), np.abs(vectors[:, ::-1][:, :2].T), atol=1e-4)
    np.testing.assert_allclose(scores.numpy(), (TALL - TALL.mean(0)) @ components.numpy().T, atol=1e-5)


def test_clusters_are_where_scipy_finds_them(ctx: Context) -> None:
    middles = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    points = np.concatenate([middle + np.random.default_rng(1).normal(size=(40, 2)) for middle in middles])
    points = points.astype(np.float32)
    labels, centres = statistics.kmeans(ctx, to_tensor(points), 3, seed=2)
    expected, _ = scipy.cluster.vq.kmeans(points, middles)
    order = [int(np.argmin(np.linalg.norm(centres.numpy() - centre, axis=1))) for centre in expected]
    np.testing.assert_allclose(centres.numpy()[order], expected, atol=1e-3)
    assert sorted(torch.bincount(labels).tolist()) == [40, 40, 40]
    same = statistics.kmeans(ctx, torch.zeros(5, 2), 3)
    assert same.centres.isfinite().all()


@pytest.mark.parametrize("name", ["x.npy", "x.safetensors"])
def test_files_hold_what_was_saved(ctx: Context, name: str) -> None:
    path = files.save(to_tensor(WHOLE), ctx, name)
    found = np.load(path) if name.endswith("npy") else safetensors.numpy.load_file(path)["tensor"]
    np.testing.assert_array_equal(found, WHOLE)
    np.testing.assert_array_equal(files.load(path, ctx).numpy(), WHOLE)


def test_one_of_several_in_a_file(ctx: Context, tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=A, b=SQUARE)
    np.testing.assert_array_equal(files.load(tmp_path / "two.npz", ctx, "b").numpy(), SQUARE)
    with pytest.raises(ValueError, match="a, b"):
        files.load(tmp_path / "two.npz", ctx)
