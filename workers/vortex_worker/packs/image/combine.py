"""Two images become one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import own_unit, require_same_size, rgb, unit
from vortex_worker.sdk import Choices, Doc, Image, Mask, Range, Step, Widget, node

Mix = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@node("image.blend", category="combine")
def blend(
    base: Annotated[Image, Doc("Lies below.")],
    layer: Annotated[Image, Doc("Lies above; as large as the base.")],
    mode: Annotated[
        str,
        Choices(
            "normal", "multiply", "screen", "overlay", "hard_light", "soft_light", "darken", "lighten",
            "difference", "add", "subtract",
        ),
    ] = "normal",
    opacity: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider"), Doc("Of the layer.")] = 0.5,
) -> Image:  # fmt: skip
    """Lay one image over another."""
    require_same_size(base=base, layer=layer)
    below, above = map(unit, _alike(rgb(base), rgb(layer)))
    mixed = _MIX[mode](below, above)
    if opacity < 1:
        mixed = torch.lerp(below, mixed, opacity, out=mixed)
    return mixed if opacity == 1 and mode in _WITHIN else own_unit(mixed)


@node("image.composite", category="combine")
def composite(
    background: Annotated[Image, Doc("Shows where the mask is 0.")],
    foreground: Annotated[Image, Doc("Shows where the mask is 1.")],
    mask: Mask,
) -> Image:
    """Put the foreground over the background through a mask."""
    require_same_size(background=background, foreground=foreground, mask=mask)
    below, above = rgb(background), rgb(foreground)
    return unit(below + mask.unsqueeze(-1) * (above - below))


def _alike(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    shape = torch.broadcast_shapes(one.shape, other.shape)
    return one.expand(shape), other.expand(shape)


def _into_above(operation: Callable[..., torch.Tensor]) -> Mix:
    """Into the layer's copy, which nobody needs any more: fresh memory for a picture costs more than the sum."""
    return lambda below, above: operation(below, above, out=above)


def _hard_light(below: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    doubled = 2 * above
    return torch.where(above <= 0.5, below * doubled, _screen(below, doubled - 1))


def _screen(below: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    return below + above - below * above


def _soft_light(below: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    lightened = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.sqrt())
    reach = torch.where(above <= 0.5, below * (1 - below), lightened - below)
    return below + (2 * above - 1) * reach


#: What these give of values in 0..1 lies there too, also as it is rounded: a pass over memory less.
_WITHIN = frozenset({"normal", "multiply", "darken", "lighten", "difference"})
#: mode → formula over values in 0..1. Source: W3C, Compositing and Blending Level 1, section 9.
_MIX: dict[str, Mix] = {
    "normal": lambda _, above: above,
    "multiply": _into_above(torch.mul),
    "screen": _screen,
    "overlay": lambda below, above: _hard_light(above, below),
    "hard_light": _hard_light,
    "soft_light": _soft_light,
    "darken": _into_above(torch.minimum),
    "lighten": _into_above(torch.maximum),
    "difference": lambda below, above: above.sub_(below).abs_(),
    "add": _into_above(torch.add),
    "subtract": _into_above(torch.sub),
}
