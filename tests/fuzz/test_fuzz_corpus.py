"""Every input that is kept, replayed; and what keeping it costs."""

from __future__ import annotations

import pytest

from tests.fuzz.inputs import MOST_BYTES, kept
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_no_input_that_is_kept_breaks_anything(target: str) -> None:
    inputs = kept(target)
    assert inputs, "no corpus"
    for path in inputs:
        try:
            TARGETS[target](path.read_bytes())
        except BaseException as error:
            error.add_note(f"for {path}")
            raise


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_no_seed_breaks_anything(target: str) -> None:
    assert seeds(target) == seeds(target)
    for seed in seeds(target):
        TARGETS[target](seed)


def test_the_corpora_are_small() -> None:
    sizes = [path.stat().st_size for target in TARGETS for path in kept(target)]
    assert sum(sizes) < MOST_BYTES
