"""Writing below a folder."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.files.output_folder import write_below

STEPS = st.sampled_from(["..", ".", "", "a", "b.png", "link", "linked.png", "/", "x" * 300, "nul\0", "ü"])


def test_names_are_kept_and_numbered(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert write_below(folder, "a/b.png", b"1") == folder / "a" / "b.png"
    assert write_below(folder, "a/b.png", b"2") == folder / "a" / "b_2.png"
    assert write_below(folder, "a/../a/b.png", b"3", overwrite=True) == folder / "a" / "b.png"
    assert (folder / "a" / "b.png").read_bytes() == b"3"
    assert sorted(os.listdir(folder / "a")) == ["b.png", "b_2.png"]
    assert write_below(folder, str(folder / "c"), b"4") == folder / "c"


@given(steps=st.lists(STEPS, max_size=6), overwrite=st.booleans())
def test_nothing_is_written_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], overwrite: bool
) -> None:
    tmp_path = tmp_path_factory.mktemp("w")
    folder, outside = tmp_path / "out", tmp_path / "outside"
    for place in (folder, outside):
        place.mkdir()
    (outside / "kept").write_bytes(b"kept")
    (folder / "link").symlink_to(outside)
    (folder / "linked.png").symlink_to(outside / "kept")
    try:
        written = write_below(folder, "/".join(steps), b"data", overwrite=overwrite)
    except (ValueError, OSError):
        pass
    else:
        assert written.resolve().is_relative_to(folder.resolve())
        assert written.read_bytes() == b"data"
    assert [path.name for path in outside.iterdir()] == ["kept"]
    assert (outside / "kept").read_bytes() == b"kept"
    assert sorted(os.listdir(tmp_path)) == ["out", "outside"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_leaves_nothing_of_it(tmp_path: Path, overwrite: bool) -> None:
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            write_below(tmp_path, "a", bytes(5000), overwrite=overwrite)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(tmp_path) == []
