"""Linear algebra over the last two axes; what stands before them is a batch."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.tensor.arrays import broadcast, inexact, require_finite, require_matrix
from vortex_worker.sdk import Choices, Doc, Range, Tensor, node


class Singular(NamedTuple):
    u: Tensor
    values: Annotated[Tensor, Doc("Falling.")]
    vh: Tensor


class Eigen(NamedTuple):
    values: Annotated[Tensor, Doc("Rising.")]
    vectors: Annotated[Tensor, Doc("A column each.")]


class QR(NamedTuple):
    q: Tensor
    r: Tensor


@node("tensor.matmul", category="linear algebra", title="Matrix product")
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices, or of a matrix and a vector."""
    a, b = inexact(a), inexact(b)
    if not (a.ndim and b.ndim) or a.shape[-1] != b.shape[-2 if b.ndim > 1 else -1]:
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} have no product")
    kind = torch.promote_types(a.dtype, b.dtype)
    return a.to(kind) @ b.to(kind)


@node("tensor.outer", category="linear algebra", title="Outer product")
def outer(a: Tensor, b: Tensor) -> Tensor:
    """Every element of one vector times every element of another."""
    kind = torch.promote_types(a.dtype, b.dtype)
    return torch.outer(a.flatten().to(kind), b.flatten().to(kind))


@node("tensor.inverse", category="linear algebra")
def inverse(
    matrix: Tensor,
    method: Annotated[str, Choices("exact", "pseudo"), Doc("Pseudo: Moore and Penrose's, of any matrix.")] = "exact",
) -> Tensor:
    """The inverse of a matrix."""
    try:
        if method == "pseudo":
            found: torch.Tensor = torch.linalg.pinv(require_finite(require_matrix(matrix)))
        else:
            found = torch.linalg.inv(require_matrix(matrix, square=True))
    except RuntimeError:  # LinAlgError is one
        raise ValueError("the matrix is singular, and has no inverse") from None
    return found


@node("tensor.solve", category="linear algebra", title="Solve a linear system")
def solve(a: Tensor, b: Tensor) -> Tensor:
    """The x of a·x = b; for more equations than unknowns the one with the least squares of errors."""
    a, b = require_finite(require_matrix(a)), require_finite(inexact(b))
    b = b.to(a.dtype)
    columns = b.unsqueeze(-1) if b.ndim == a.ndim - 1 else b
    if columns.ndim != a.ndim or columns.shape[-2] != a.shape[-2]:
        raise ValueError(f"{tuple(b.shape)} is no right side for a matrix of {tuple(a.shape)}")
    if a.shape[-1] > a.shape[-2]:
        raise ValueError(f"{a.shape[-2]} equations do not settle {a.shape[-1]} unknowns")
    try:
        square = a.shape[-1] == a.shape[-2]
        found = torch.linalg.solve(a, columns) if square else torch.linalg.lstsq(a, columns).solution
    except RuntimeError:  # LinAlgError is one
        raise ValueError("the matrix is singular: there is no one solution") from None
    result: torch.Tensor = found.squeeze(-1) if b.ndim == a.ndim - 1 else found
    return result


@node("tensor.svd", category="linear algebra", title="Singular values")
def svd(matrix: Tensor) -> Singular:
    """A matrix as u · diag(values) · vh, as small as it goes."""
    return Singular(*torch.linalg.svd(require_finite(require_matrix(matrix)), full_matrices=False))


@node("tensor.eigen", category="linear algebra", title="Eigenvalues")
def eigen(matrix: Annotated[Tensor, Doc("Symmetric, or Hermitian; only its lower half is read.")]) -> Eigen:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    return Eigen(*torch.linalg.eigh(require_finite(require_matrix(matrix, square=True))))


@node("tensor.qr", category="linear algebra", title="QR decomposition")
def qr(matrix: Tensor) -> QR:
    """A matrix as an orthogonal one times an upper triangular one."""
    return QR(*torch.linalg.qr(require_finite(require_matrix(matrix))))


@node("tensor.cholesky", category="linear algebra", title="Cholesky decomposition")
def cholesky(matrix: Annotated[Tensor, Doc("Symmetric and positive definite.")]) -> Tensor:
    """The lower triangular matrix whose product with its own transpose is the matrix."""
    try:
        result: torch.Tensor = torch.linalg.cholesky(require_finite(require_matrix(matrix, square=True)))
        return result
    except RuntimeError:  # LinAlgError is one
        raise ValueError("the matrix is not positive definite") from None


@node("tensor.determinant", category="linear algebra")
def determinant(matrix: Tensor) -> Tensor:
    """The determinant of a square matrix."""
    result: torch.Tensor = torch.linalg.det(require_matrix(matrix, square=True))
    return result


@node("tensor.diagonal", category="linear algebra")
def diagonal(
    tensor: Tensor, offset: Annotated[int, Range(-32768, 32768), Doc("Above 0 lies above the diagonal.")] = 0
) -> Tensor:
    """The diagonal of a matrix; of a vector the matrix that has it as diagonal."""
    return torch.diag_embed(tensor, offset) if tensor.ndim == 1 else torch.diagonal(tensor, offset, -2, -1).contiguous()


@node("tensor.triangle", category="linear algebra")
def triangle(
    matrix: Tensor,
    half: Annotated[str, Choices("lower", "upper")] = "lower",
    offset: Annotated[int, Range(-32768, 32768), Doc("Of the diagonal up to which elements stay.")] = 0,
) -> Tensor:
    """One half of a matrix; zeros in the other."""
    if matrix.ndim < 2:
        raise ValueError(f"a tensor of shape {tuple(matrix.shape)} is no matrix")
    return torch.tril(matrix, offset) if half == "lower" else torch.triu(matrix, offset)


@node("tensor.cross", category="linear algebra", title="Cross product")
def cross(a: Tensor, b: Tensor) -> Tensor:
    """The vector at right angles to two of three elements, along the last axis."""
    if not a.ndim or not b.ndim or a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError("a cross product is one of vectors of three elements")
    kind = torch.promote_types(a.dtype, b.dtype)
    result: torch.Tensor = torch.linalg.cross(*broadcast(a.to(kind), b.to(kind)))
    return result
