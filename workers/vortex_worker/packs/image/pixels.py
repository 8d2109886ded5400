"""What image nodes share: layouts, channels, luma, colours, sizes.

Nodes hold images as (batch, height, width, channel) and masks as (batch,
height, width); torch's operators want planes, (batch, channel, height, width).
Inputs of nodes are mapped read-only, so nothing here or in a node writes into
a tensor that it was given.
"""

from __future__ import annotations

import re

import torch

#: Weights of red, green and blue in luma: Recommendation ITU-R BT.709.
LUMA = (0.2126, 0.7152, 0.0722)

_HEX = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def to_planes(image: torch.Tensor) -> torch.Tensor:
    """(batch, height, width, channel) → contiguous (batch, channel, height, width)."""
    # Convolutions with long kernels take 1.8 times as long on the channels-last view.
    return image.movedim(-1, 1).contiguous()


def to_image(planes: torch.Tensor) -> torch.Tensor:
    """(batch, channel, height, width) → contiguous (batch, height, width, channel) in 0..1."""
    image = planes.movedim(1, -1).contiguous()
    # Of one channel they are the same memory, which may be a node's input.
    return unit(image) if image.data_ptr() == planes.data_ptr() else own_unit(image)


def unit(values: torch.Tensor) -> torch.Tensor:
    """A copy, clamped to 0..1."""
    return values.clamp(0.0, 1.0)


def own_unit(values: torch.Tensor) -> torch.Tensor:
    """As `unit`, in place: for what was just made here, which saves a pass over memory."""
    return values.clamp_(0.0, 1.0)


def rgb(image: torch.Tensor) -> torch.Tensor:
    """The three colour channels: grey is repeated, a fourth channel (alpha) left out.

    Raises:
        ValueError: the image has another number of channels.
    """
    channels = image.shape[-1]
    if channels == 1:
        return image.expand(*image.shape[:-1], 3)
    if channels not in (3, 4):
        raise ValueError(f"an image has 1, 3 or 4 channels, not {channels}")
    return image[..., :3]


def luma(image: torch.Tensor) -> torch.Tensor:
    """Weighted sum of the gamma-coded channels (`LUMA`): (batch, height, width)."""
    if image.shape[-1] == 1:
        return image[..., 0]
    return rgb(image) @ torch.tensor(LUMA, dtype=image.dtype, device=image.device)


def with_luma(image: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The RGB image with its luma shifted to `wanted` (batch, height, width); chroma stays."""
    return unit(rgb(image) + (wanted - luma(image)).unsqueeze(-1))


def color(text: str, like: torch.Tensor) -> torch.Tensor:
    """`#rrggbb` as a tensor of 3 in 0..1, with the dtype and device of `like`.

    Raises:
        ValueError: the text is not a colour.
    """
    match = _HEX.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a colour of the form #rrggbb")
    return torch.tensor([int(pair, 16) / 255 for pair in match.groups()], dtype=like.dtype, device=like.device)


def color_for(image: torch.Tensor, text: str) -> torch.Tensor:
    """A colour in the image's own channels: its luma for a grey image, opaque where there is alpha."""
    value = color(text, image)
    channels = image.shape[-1]
    if channels == 1:
        return luma(value).reshape(1)
    return value if channels == 3 else torch.cat([value, value.new_ones(channels - 3)])


def require_same_size(**tensors: torch.Tensor) -> None:
    """Check that images and masks agree in height and width, and in batch unless it is 1.

    Raises:
        ValueError: two differ; the message says both sizes.
    """
    (first_name, first), *others = tensors.items()
    for name, other in others:
        if other.shape[1:3] != first.shape[1:3]:
            raise ValueError(f"{name} is {_size(other)} but {first_name} is {_size(first)} pixels; resize one of them")
    counts = {name: tensor.shape[0] for name, tensor in tensors.items()}
    if len(set(counts.values()) - {1}) > 1:
        raise ValueError("batches differ: " + ", ".join(f"{name} has {count}" for name, count in counts.items()))


def _size(tensor: torch.Tensor) -> str:
    return f"{tensor.shape[2]}×{tensor.shape[1]}"
