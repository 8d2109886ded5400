"""What flows along an edge of type AUDIO."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Samples of one or more channels.

    Raises:
        ValueError: they have another shape or dtype, or the rate is no rate.
    """

    #: float32 of shape (channel, frame), −1..1 where nothing clips.
    samples: torch.Tensor
    #: Frames a second.
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != torch.float32 or not len(self.samples):
            shape = tuple(self.samples.shape)
            raise ValueError(f"a sound is float32 (channel, frame), not {self.samples.dtype} {shape}")
        if not 1 <= self.rate < 1 << 31:
            raise ValueError(f"{self.rate} is no number of frames a second")

    @property
    def channels(self) -> int:
        """Number of channels, at least 1."""
        return len(self.samples)

    @property
    def frames(self) -> int:
        """Samples of each channel; 0 for a sound without length."""
        return int(self.samples.shape[1])

    def with_samples(self, samples: torch.Tensor) -> Sound:
        """Other samples at the same rate, as float32."""
        return Sound(samples.to(torch.float32), self.rate)
