"""Nodes of tensors beside what NumPy or SciPy say of the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.signal
import scipy.spatial.distance
import scipy.special
import torch


@dataclass(frozen=True)
class Case:
    """One call of a node, and the reference for it."""

    node: str
    #: Takes the inputs as arrays, in their order; gives what the node gives, a tuple for several ports.
    reference: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    params: dict[str, Any] = field(default_factory=dict)


_random = np.random.default_rng(3)
A = _random.normal(size=(3, 4)).astype(np.float32)
B = _random.normal(size=(3, 4)).astype(np.float32)
ROW = _random.normal(size=4).astype(np.float32)
CUBE = _random.normal(size=(2, 3, 4)).astype(np.float32)
WHOLE = _random.integers(-5, 6, size=(3, 4))
SQUARE = _random.normal(size=(4, 4)).astype(np.float32)
SYMMETRIC = SQUARE @ SQUARE.T + 4 * np.eye(4, dtype=np.float32)
BATCH = _random.normal(size=(2, 4, 4)).astype(np.float32)
TALL = _random.normal(size=(6, 3)).astype(np.float32)
SIGNAL = _random.normal(size=(2, 33)).astype(np.float32)
POSITIVE = np.abs(A) + 0.1
INSIDE = np.tanh(A)
STRANGE = np.array([1.0, np.nan, np.inf, -np.inf, 2.0], np.float32)
COMPLEX = (A + 1j * B).astype(np.complex64)
FLAGS = A > 0

_BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "floor_divide": np.floor_divide, "remainder": np.remainder, "minimum": np.minimum, "maximum": np.maximum,
    "atan2": np.arctan2, "hypot": np.hypot,
}  # fmt: skip
_UNARY = {
    "abs": np.abs, "negative": np.negative, "sign": np.sign, "square": np.square, "reciprocal": np.reciprocal,
    "exp": np.exp, "expm1": np.expm1, "sin": np.sin, "cos": np.cos, "tan": np.tan, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "floor": np.floor, "ceil": np.ceil, "round": np.round,
    "trunc": np.trunc, "sigmoid": scipy.special.expit, "erf": scipy.special.erf,
}  # fmt: skip
_POSITIVE = {"sqrt": np.sqrt, "log": np.log, "log1p": np.log1p, "log2": np.log2, "log10": np.log10}
_INSIDE = {"asin": np.arcsin, "acos": np.arccos}
_COMPARE = {
    "less": np.less, "less_or_equal": np.less_equal, "equal": np.equal, "not_equal": np.not_equal,
    "greater_or_equal": np.greater_equal, "greater": np.greater,
}  # fmt: skip
_LOGIC = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}
_REDUCE = {
    "sum": np.sum, "mean": np.mean, "product": np.prod, "minimum": np.min, "maximum": np.max, "std": np.std,
    "variance": np.var, "median": np.median, "any": np.any, "all": np.all, "count": np.count_nonzero,
}  # fmt: skip
_CUMULATIVE = {
    "sum": np.cumsum, "product": np.cumprod, "maximum": np.maximum.accumulate, "minimum": np.minimum.accumulate,
}  # fmt: skip
_METRIC = {"euclidean": "euclidean", "manhattan": "cityblock", "chebyshev": "chebyshev", "cosine": "cosine"}
_MEASURE: dict[str, Callable[[Any, Any], Any]] = {
    "rmse": lambda a, b: np.sqrt(np.mean((a - b) ** 2)),
    "mean_absolute": lambda a, b: np.mean(np.abs(a - b)),
    "greatest": lambda a, b: np.max(np.abs(a - b)),
    "cosine": lambda a, b: scipy.spatial.distance.cosine(a.ravel(), b.ravel()),
    "psnr": lambda a, b: 10 * np.log10(1 / np.mean((a - b) ** 2)),
}


CASES: list[Case] = []


def add(name: str, reference: Callable[..., Any], *inputs: np.ndarray, **params: Any) -> None:
    CASES.append(Case(f"tensor.{name}", reference, inputs, params))


def _elementwise() -> None:
    for name, binary in _BINARY.items():
        add("arithmetic", binary, A, B, operation=name)
        add("arithmetic", binary, A, ROW, operation=name)
    add("arithmetic", np.power, POSITIVE, B, operation="power")
    add("arithmetic", np.add, WHOLE, A.astype(np.float64), operation="add")
    add("arithmetic", np.subtract, FLAGS.astype(np.uint8), WHOLE, operation="subtract")
    add("scale_shift", lambda a: a * 3 - 1, A, scale=3.0, shift=-1.0)
    for name, unary in _UNARY.items():
        add("function", unary, A, function=name)
    for name, unary in _POSITIVE.items():
        add("function", unary, POSITIVE, function=name)
    for name, unary in _INSIDE.items():
        add("function", unary, INSIDE, function=name)
    add("function", np.abs, WHOLE, function="abs")
    add("clamp", lambda a: np.clip(a, -0.5, 0.5), A, low=-0.5, high=0.5)
    for name, relation in _COMPARE.items():
        add("compare", relation, WHOLE, np.flip(WHOLE, 0).copy(), operation=name)
    for name, join in _LOGIC.items():
        add("logic", join, FLAGS, B > 0, operation=name)
    add("not", np.logical_not, FLAGS)
    add("where", np.where, FLAGS, A, B)
    add("cast", lambda a: a.astype(np.int32), A * 10, dtype="int32")
    add("cast", lambda a: a.astype(bool), WHOLE, dtype="bool")
    add("replace_nonfinite", lambda a: np.nan_to_num(a, nan=0, posinf=9, neginf=-9), STRANGE, high=9.0, low=-9.0)
    add("rescale", lambda a: (a - a.min()) / np.ptp(a) * 4 - 2, A, low=-2.0, high=2.0)
    add("softmax", lambda a: scipy.special.softmax(a / 2, axis=0), A, axis=0, temperature=2.0)
    add("interpolate", lambda a, b: a + 0.3 * (b - a), A, B, t=0.3)
    add("difference", lambda a: np.diff(a, 2, axis=1), A, order=2)
    add("gradient", lambda a: np.gradient(a, 0.5, axis=0), A, axis=0, spacing=0.5)


def _reductions() -> None:
    for name, reduction in _REDUCE.items():
        for axes in ((), (0,), (-1, 0)):
            add("reduce", lambda a, r=reduction, x=axes: r(a, axis=x or None), CUBE, operation=name, axes=list(axes))
    add("reduce", lambda a: np.mean(a, axis=1, keepdims=True), CUBE, axes=[1], keep=True)
    add("reduce", np.median, A, operation="median", axes=[])
    add("arg_extreme", lambda a: np.argmax(a, axis=0), A, axis=0)
    add("arg_extreme", lambda a: np.argmin(a, axis=1), A, operation="minimum")
    for name, running in _CUMULATIVE.items():
        add("cumulative", lambda a, f=running: f(a, axis=1), A, operation=name)
    for order in (0.0, 1.0, 2.0, 3.0):
        add("norm", lambda a, o=order: np.linalg.norm(a, o, axis=1), A, order=order, axes=[1])
    add("quantile", lambda a: np.quantile(a, 0.3, axis=0), A, q=0.3, axis=0)
    add("close", np.allclose, A, A + 1e-9)
    add("close", np.allclose, A, A + 1e-2)
    for name, measure in _MEASURE.items():
        add("distance", measure, A, B, measure=name)


def _shapes() -> None:
    add("info", lambda a: ([2, 3, 4], 24, "float32"), CUBE)
    add("reshape", lambda a: a.reshape(4, -1), CUBE, shape=[4, -1])
    add("permute", lambda a: a.transpose(2, 0, 1), CUBE, axes=[2, 0, 1])
    add("permute", np.transpose, CUBE)
    add("slice", lambda a: a[:, -3:4:2], A, axis=1, start=-3, stop=4, step=2)
    add("squeeze", np.squeeze, A[None, :, None])
    add("squeeze", lambda a: np.squeeze(a, 0), A[None, :, None], axes=[0])
    add("unsqueeze", lambda a: np.expand_dims(a, 1), A, axis=1)
    add("flip", lambda a: np.flip(a, 1), A, axes=[1])
    add("roll", lambda a: np.roll(a, -2, 1), A, shift=-2, axis=1)
    for mode in ("constant", "edge", "wrap", "reflect"):
        add("pad", lambda a, m=mode: np.pad(a, ((0, 0), (5, 7)), mode=m), A, before=5, after=7, mode=mode)
    add("pad", lambda a: np.pad(a, ((1, 2), (0, 0)), constant_values=4), A, before=1, after=2, axis=0, value=4.0)
    add("tile", lambda a: np.tile(a, (2, 3)), A, repeats=[2, 3])
    add("resample", lambda a: np.stack([np.interp(np.linspace(0, 3, 9), range(4), row) for row in a]), A, length=9)
    add("sort", lambda a: (np.sort(a, 0), np.argsort(a, 0, kind="stable")), WHOLE, axis=0)
    add("top_k", lambda a: (-np.sort(-a, 1)[:, :2], np.argsort(-a, 1)[:, :2]), A, count=2)
    add("unique", lambda a: np.unique(a, return_counts=True), WHOLE)
    add("take", lambda a, i: np.take(a, i, axis=1), A, np.array([[0, -1], [2, 2]]), axis=1)
    add("select_where", lambda a, c: a[c], A, FLAGS)
    add("one_hot", lambda a: np.eye(4)[a], np.array([0, 3, 1]))
    add("item", lambda a: float(a[1, -1]), A, index=[1, -1])
    add("to_json", lambda a: a.tolist(), A)
    add("to_image", lambda a: np.clip(a, 0, 1)[None, :, :, None], A)
    add("to_mask", lambda a: np.clip(a, 0, 1), CUBE)


def _linear_algebra() -> None:
    add("matmul", np.matmul, BATCH, SQUARE)
    add("matmul", np.matmul, A, ROW)
    add("outer", np.outer, ROW, A[0])
    add("inverse", np.linalg.inv, BATCH)
    add("inverse", np.linalg.pinv, TALL, method="pseudo")
    add("solve", np.linalg.solve, SQUARE, SQUARE[:, :2].copy())
    add("solve", np.linalg.solve, SQUARE, ROW)
    add("solve", lambda a, b: np.linalg.lstsq(a, b)[0], TALL, np.arange(6, dtype=np.float32))
    add("determinant", np.linalg.det, BATCH)
    add("cholesky", np.linalg.cholesky, SYMMETRIC)
    add("diagonal", lambda a: np.diagonal(a, 1), SQUARE, offset=1)
    add("diagonal", lambda a: np.diag(a, -1), ROW, offset=-1)
    add("triangle", lambda a: np.triu(a, 1), SQUARE, half="upper", offset=1)
    add("triangle", np.tril, SQUARE)
    add("cross", np.cross, TALL, TALL[::-1].copy())


def _spectra() -> None:
    add("fft", lambda a: np.fft.fftn(a, axes=(0, 1)), A)
    add("fft", lambda a: np.fft.ifft(a, axis=1), COMPLEX, axes=[1], inverse=True)
    add("real_fft", np.fft.rfft, SIGNAL)
    add("inverse_real_fft", lambda a: np.fft.irfft(a, 33), np.fft.rfft(SIGNAL).astype(np.complex64), length=33)
    add("fft_shift", lambda a: np.fft.fftshift(a, 1), A, axes=[1])
    add("fft_shift", np.fft.ifftshift, A, inverse=True)
    add("frequencies", lambda a: np.fft.fftfreq(33, 0.1), SIGNAL, rate=10.0)
    parts: dict[str, Callable[..., Any]] = {
        "magnitude": np.abs, "phase": np.angle, "real": np.real, "imaginary": np.imag,
    }  # fmt: skip
    for name, part in parts.items():
        add("complex_parts", part, COMPLEX, part=name)
    add("complex_parts", lambda a: np.abs(a) ** 2, COMPLEX, part="power")
    for mode in ("full", "same", "valid"):
        for kernel in (ROW, A[0, :3].copy()):
            add(
                "convolve",
                lambda a, k, m=mode: np.stack([scipy.signal.convolve(row, k, mode=m) for row in a]),
                SIGNAL, kernel, mode=mode,
            )  # fmt: skip


def _statistics() -> None:
    add("histogram", lambda a: np.histogram(a, 7, (-1, 1)), A, bins=7, low=-1.0, high=1.0)
    add("histogram", lambda a: np.histogram(a, 5), A, bins=5, low=0.0, high=0.0)
    add("covariance", lambda a: np.cov(a, rowvar=False), TALL)
    add("covariance", lambda a: np.corrcoef(a, rowvar=False), TALL, scale="correlation")
    for name, metric in _METRIC.items():
        add("pairwise_distance", lambda a, b, m=metric: scipy.spatial.distance.cdist(a, b, m), TALL, TALL[:4] + 1,
            metric=name)  # fmt: skip
    add("standardize", lambda a: (a - a.mean(0)) / a.std(0), TALL)
    add("moving_average", lambda a: np.convolve(a[0], np.ones(5) / 5, "valid")[None], SIGNAL[:1])


for _gather in (_elementwise, _reductions, _shapes, _linear_algebra, _spectra, _statistics):
    _gather()


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """The array for torch, in memory of its own."""
    return torch.from_numpy(np.ascontiguousarray(array).copy())
