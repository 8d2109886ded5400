"""Logs stay within their bounds while somebody writes them."""

from __future__ import annotations

from pathlib import Path

from vortex_prefect.bootstrap.log_files import bound_logs


def test_a_log_above_the_limit_is_emptied_and_its_end_kept(tmp_path: Path) -> None:
    small, large = tmp_path / "small.log", tmp_path / "large.log"
    small.write_text("s" * 100)
    with large.open("ab", buffering=0) as writer:
        writer.write(b"a" * 50 + b"b" * 100)
        bound_logs(tmp_path, 100)
        writer.write(b"after")
    assert large.read_bytes() == b"after"
    assert (tmp_path / "large.log.1").read_bytes() == b"b" * 100
    assert small.read_text() == "s" * 100
    assert not (tmp_path / "small.log.1").exists()


def test_a_log_that_cannot_be_kept_is_emptied_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "large.log").write_bytes(b"a" * 200)
    (tmp_path / "large.log.1").mkdir()
    (tmp_path / "large.log.1" / "inside").touch()
    bound_logs(tmp_path, 100)
    assert (tmp_path / "large.log").read_bytes() == b""


def test_no_folder_is_no_failure(tmp_path: Path) -> None:
    bound_logs(tmp_path / "none")
