from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.files.identity import FileIdentities
from vortex_prefect.files.roots import ANYWHERE, FileRoots


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Digests that were really computed."""
    found: list[str] = []
    compute = hashlib.file_digest

    def spy(file: Any, name: str) -> Any:
        digest = compute(file, name)
        found.append(digest.hexdigest())
        return digest

    monkeypatch.setattr(hashlib, "file_digest", spy)
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is so far on that what is written now was written long ago."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10_000_000_000)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.usefixtures("later")
def test_a_file_is_read_once_until_it_changes(tmp_path: Path, reads: list[str]) -> None:
    identities = FileIdentities(ANYWHERE)
    path = written(tmp_path / "a", b"one")
    assert identities(str(path)) == identities(str(path)) == sha256(b"one")
    assert reads == [sha256(b"one")]
    written(path, b"longer")
    assert identities(str(path)) == sha256(b"longer")


@pytest.mark.usefixtures("later")
def test_another_file_in_its_place_is_seen_though_size_and_time_are_the_same(tmp_path: Path) -> None:
    identities = FileIdentities(ANYWHERE)
    path = written(tmp_path / "a", b"one")
    assert identities(str(path)) == sha256(b"one")
    old = path.stat()
    other = written(tmp_path / "b", b"two")
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
    other.replace(path)
    assert identities(str(path)) == sha256(b"two")


@pytest.mark.usefixtures("later")
def test_a_time_set_back_deceives_nobody(tmp_path: Path) -> None:
    identities = FileIdentities(ANYWHERE)
    path = written(tmp_path / "a", b"one")
    os.utime(path, ns=(0, 0))
    assert identities(str(path)) == sha256(b"one")
    written(path, b"two")
    os.utime(path, ns=(0, 0))
    assert identities(str(path)) == sha256(b"two")


def test_a_file_that_just_changed_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    identities = FileIdentities(ANYWHERE)
    path = str(written(tmp_path / "a", b"one"))
    identities(path)
    identities(path)
    assert len(reads) == 2
    assert len(identities) == 0


@pytest.mark.usefixtures("later")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a", b"one")
    compute = hashlib.file_digest

    def meddle(file: Any, name: str) -> Any:
        digest = compute(file, name)
        written(path, b"other")
        return digest

    identities = FileIdentities(ANYWHERE)
    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", meddle)
        identities(str(path))
    assert identities(str(path)) == sha256(b"other")


@pytest.mark.usefixtures("later")
def test_the_file_that_was_not_asked_for_the_longest_is_forgotten(tmp_path: Path, reads: list[str]) -> None:
    identities = FileIdentities(ANYWHERE, capacity=2)
    paths = [str(written(tmp_path / name, name.encode())) for name in "abc"]
    for path in (paths[0], paths[1], paths[0], paths[2], paths[0]):
        identities(path)
    assert len(reads) == 3
    assert len(identities) == 2
    identities(paths[1])
    assert len(reads) == 4


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / "gone"):
        with pytest.raises(OSError, match=path.name):
            FileIdentities(ANYWHERE)(str(path))


def test_what_nodes_may_not_read_is_not_hashed_either(tmp_path: Path, reads: list[str]) -> None:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    written(tmp_path / "secret", b"secret")
    (root / "link").symlink_to(tmp_path / "secret")
    identities = FileIdentities(FileRoots((root,)))
    for path in (tmp_path / "secret", root / "link", root / ".." / "secret", tmp_path / "nowhere"):
        with pytest.raises(WorkerError) as caught:
            identities(str(path))
        assert caught.value.code == "WK-012"
    assert reads == []
    assert identities(str(written(root / "a", b"one"))) == sha256(b"one")
    # What was once inside, and was replaced by a link, is not told from memory.
    (root / "a").unlink()
    (root / "a").symlink_to(tmp_path / "secret")
    with pytest.raises(WorkerError):
        identities(str(root / "a"))
