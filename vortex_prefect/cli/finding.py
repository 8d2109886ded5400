"""What one check of `vortex doctor` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `ok`, `warning` (works, but) or `problem` (does not work), and what to do."""

    check: str
    verdict: str
    detail: str
    advice: str = ""
