"""How long a failed attempt is followed by nothing."""

from __future__ import annotations

import math
import random

from vortex_prefect.graph.plan import Step

_FIRST_DELAY_S = 0.2
_MAX_DELAY_S = 30.0
#: Beyond it the lower clamp is zero within a float's precision.
_NO_LOWER_CLAMP = 50.0


def retry_delay_s(step: Step, attempt: int) -> float:
    """Seconds between a step's failed `attempt` and the next one.

    The step's own delay, else one that doubles with each attempt; spread over
    a range where the step asks for jitter.
    """
    delay = step.retry_delay_s
    if delay is None:
        delay = min(_FIRST_DELAY_S * 2.0 ** (attempt - 1), _MAX_DELAY_S)
    return jittered(delay, step.retry_jitter_factor) if step.retry_jitter_factor else delay


def jittered(delay: float, factor: float) -> float:
    """`delay` on the average, and at most `delay` × (1 + `factor`).

    Drawn as Prefect draws its `retry_jitter_factor`: from an exponential
    distribution, clamped so that either side of the median is as likely.
    """
    most = 1.0 + factor
    least = math.log2(2.0**most / (2.0**most - 1.0)) if most < _NO_LOWER_CLAMP else 0.0
    drawn = random.uniform(-math.expm1(-least), -math.expm1(-most))
    return min(-math.log(max(1.0 - drawn, 1e-10)), most) * delay
