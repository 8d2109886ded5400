"""Flows for `prefect deploy`: graphs as steps of ordinary Prefect flows, which run in any work pool beside a stack."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from vortex_prefect import run_graph

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@flow(name="photo grade, stored")
def photo_grade(photo: str = str(_EXAMPLES / "coffee.png")) -> str:
    """Grade a photo.

    Args:
        photo: path of the picture, on the stack's host.

    Returns:
        The path where the graded picture lies.
    """
    return str(run_graph(_EXAMPLES / "photo_grade.json", {"photo": photo}, ["saved"])["saved"])
