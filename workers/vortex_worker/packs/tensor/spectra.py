"""Fourier transforms and convolution."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.tensor.arrays import MOST_ELEMENTS, Axis, axes_of, axis_of, inexact, precise, require_some
from vortex_worker.sdk import Choices, Doc, Json, Range, Tensor, node

Axes = Annotated[Json, Doc("Along which axes; empty means all.")]


@node("tensor.fft", category="spectrum", title="Fourier transform")
def fft(tensor: Tensor, axes: Axes = (), inverse: bool = False) -> Tensor:
    """The discrete Fourier transform, or its inverse, which is divided by the number of elements; complex."""
    require_some(tensor, "spectrum")
    along = axes_of(tensor, axes)
    result: torch.Tensor = (
        torch.fft.ifftn(precise(tensor), dim=along) if inverse else torch.fft.fftn(precise(tensor), dim=along)
    )
    return result


@node("tensor.real_fft", category="spectrum", title="Fourier transform of reals")
def real_fft(tensor: Tensor, axis: Axis = -1) -> Tensor:
    """The transform of real numbers along an axis, without its mirrored half; complex."""
    require_some(tensor, "spectrum")
    if tensor.is_complex():
        raise ValueError("the tensor is complex; take tensor.fft")
    result: torch.Tensor = torch.fft.rfft(precise(tensor), dim=axis_of(tensor, axis))
    return result


@node("tensor.inverse_real_fft", category="spectrum", title="Inverse transform to reals")
def inverse_real_fft(
    spectrum: Tensor,
    length: Annotated[int, Range(0, MOST_ELEMENTS), Doc("Of the result; 0 for an even one.")] = 0,
    axis: Axis = -1,
) -> Tensor:
    """Real numbers of half a spectrum along an axis."""
    require_some(spectrum, "inverse")
    along = axis_of(spectrum, axis)
    result: torch.Tensor = torch.fft.irfft(
        precise(spectrum), n=length or max(1, 2 * (spectrum.shape[along] - 1)), dim=along
    )
    return result


@node("tensor.fft_shift", category="spectrum", title="Centre a spectrum")
def fft_shift(tensor: Tensor, axes: Axes = (), inverse: bool = False) -> Tensor:
    """Move frequency 0 to the middle, or back to the start."""
    along = axes_of(tensor, axes)
    result: torch.Tensor = torch.fft.ifftshift(tensor, along) if inverse else torch.fft.fftshift(tensor, along)
    return result


@node("tensor.frequencies", category="spectrum")
def frequencies(
    spectrum: Annotated[Tensor, Doc("What tensor.fft gave.")],
    axis: Axis = -1,
    rate: Annotated[float, Range(1e-9, 1e12), Doc("Samples a second.")] = 1.0,
) -> Tensor:
    """The frequency of each element of a spectrum along an axis."""
    require_some(spectrum, "frequencies")
    result: torch.Tensor = torch.fft.fftfreq(spectrum.shape[axis_of(spectrum, axis)], 1 / rate, device=spectrum.device)
    return result


@node("tensor.complex_parts", category="spectrum", title="Part of complex numbers")
def complex_parts(
    tensor: Tensor, part: Annotated[str, Choices("magnitude", "phase", "real", "imaginary", "power")] = "magnitude"
) -> Tensor:
    """Length, angle in radians, real or imaginary part, or squared length of complex numbers."""
    if not tensor.is_complex():
        tensor = torch.complex(*(precise(tensor), torch.zeros_like(precise(tensor))))
    match part:
        case "phase":
            return torch.angle(tensor)
        case "real":
            return tensor.real.contiguous()
        case "imaginary":
            return tensor.imag.contiguous()
        case "power":
            return tensor.real.square() + tensor.imag.square()
    return tensor.abs()


@node("tensor.convolve", category="spectrum")
def convolve(
    tensor: Tensor,
    kernel: Annotated[Tensor, Doc("One axis.")],
    axis: Axis = -1,
    mode: Annotated[str, Choices("full", "same", "valid"), Doc("How much of the ends stays.")] = "same",
) -> Tensor:
    """Convolve with a kernel along an axis; beyond the ends there are zeros."""
    require_some(tensor, "convolution")
    require_some(kernel, "convolution")
    if kernel.ndim != 1:
        raise ValueError(f"a kernel has one axis, not the shape {tuple(kernel.shape)}")
    along = axis_of(tensor, axis)
    kind = torch.promote_types(inexact(tensor).dtype, inexact(kernel).dtype)
    moved = tensor.to(kind).movedim(along, -1)
    length, width = moved.shape[-1], len(kernel)
    if mode == "valid" and width > length:
        raise ValueError(f"a kernel of {width} does not fit within {length} elements")
    rows = torch.nn.functional.pad(moved.reshape(-1, 1, length), (width - 1, width - 1))
    found = torch.nn.functional.conv1d(rows, kernel.to(kind).flip(0).view(1, 1, -1))
    if mode == "valid":
        found = found[..., width - 1 : length]
    elif mode == "same":
        found = found[..., (width - 1) // 2 :][..., :length]
    return found.reshape(*moved.shape[:-1], -1).movedim(-1, along).contiguous()
