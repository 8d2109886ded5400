"""One target under atheris, with libFuzzer's own arguments; `python -m tests.fuzz` starts it as a process."""

from __future__ import annotations

import logging
import shlex
import sys

import atheris

with atheris.instrument_imports(include=["vortex_prefect", "vortex_worker", "tests.fuzz"]):
    from tests.fuzz.targets import TARGETS

    # What it imports late is to be instrumented too.
    TARGETS[sys.argv[1]](b"")


def main() -> None:
    """`TARGET [libFuzzer's arguments]`; never returns."""
    target = TARGETS[sys.argv[1]]
    logging.disable()
    # While it merges, libFuzzer starts itself again through a shell, by this name.
    command = shlex.join([sys.executable, "-m", "tests.fuzz.under_atheris", sys.argv[1]])
    atheris.Setup([command, *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
