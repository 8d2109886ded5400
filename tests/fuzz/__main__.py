"""`python -m tests.fuzz TARGET [--seconds N]`: fuzz one surface, led by coverage, and keep what is worth keeping.

It needs the extra `fuzz`. Inputs that break something are written to `--found`,
and the exit status is 1 then; once mended, they belong into `tests/fuzz/broken/TARGET`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.inputs import corpus_of, replace_corpus
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

#: What is longer finds no more, and takes longer.
_MOST_INPUT_BYTES = 4096
#: An input that takes longer than this hangs.
_HANG_S = 10
_MOST_MIB = 4096


def main() -> int:
    """0 if nothing broke."""
    arguments = _arguments()
    target, found = arguments.target, arguments.found.resolve()
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        fresh, begun, merged = (Path(name, each) for each in ("fresh", "begun", "merged"))
        for folder in (fresh, begun, merged, corpus_of(target)):
            folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds(target)):
            (begun / str(number)).write_bytes(seed)
        known = [str(corpus_of(target)), str(begun)]
        broke = _fuzzer(
            target, [f"-max_total_time={arguments.seconds}", f"-artifact_prefix={found}/", str(fresh), *known]
        )
        if _fuzzer(target, ["-merge=1", f"-artifact_prefix={found}/", str(merged), str(fresh), *known]) == 0:
            replace_corpus(target, [path.read_bytes() for path in merged.iterdir()])
    return 1 if broke else 0


def _fuzzer(target: str, options: list[str]) -> int:
    limits = [f"-max_len={_MOST_INPUT_BYTES}", f"-timeout={_HANG_S}", f"-rss_limit_mb={_MOST_MIB}"]
    command = [sys.executable, "-m", "tests.fuzz.under_atheris", target, *limits, "-print_final_stats=1", *options]
    return subprocess.run(command, check=False).returncode


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=120, help="how long to look (default: %(default)s)")
    parser.add_argument("--found", type=Path, default=Path("fuzz-found"), help="where inputs go that break something")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
