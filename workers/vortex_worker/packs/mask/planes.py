"""One mask of a batch after the other, as NumPy and SciPy take them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

Plane = npt.NDArray[np.bool_]


def each(mask: torch.Tensor, function: Callable[[Plane], npt.NDArray[np.generic]]) -> torch.Tensor:
    """A function of each mask, where it is above a half; float32 on the mask's device."""
    planes = (mask > 0.5).cpu().numpy()
    found = np.stack([function(plane) for plane in planes]).astype(np.float32)
    return torch.from_numpy(found).to(mask.device)
