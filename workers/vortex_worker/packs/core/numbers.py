"""What counts as a number."""

from __future__ import annotations

import math
import sys
from typing import Annotated

from vortex_worker.sdk import Range

#: Any finite double.
Number = Annotated[float, Range(-sys.float_info.max, sys.float_info.max)]
#: Any signed 64-bit integer.
Integer = Annotated[int, Range(-(2**63), 2**63 - 1)]


def finite(value: float) -> float:
    """The value itself.

    Raises:
        OverflowError: it is infinite or not a number, which JSON cannot carry.
    """
    if not math.isfinite(value):
        raise OverflowError("the result is not a finite number")
    return value
