"""Nodes of a worker that has been told what it may read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.files.roots import ANYWHERE, FileRoots
from vortex_worker.packs.core.lists import files
from vortex_worker.packs.debug.values import _text
from vortex_worker.packs.image.files import load, save
from vortex_worker.packs.image.lut import lut
from vortex_worker.sdk import Context, check_input, open_input
from vortex_worker.sdk.files import permit


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path.resolve() / "root"
    folder.mkdir()
    permit(FileRoots((folder,), base=folder))
    yield folder
    permit(ANYWHERE)


def test_no_node_opens_a_file_outside(root: Path, ctx: Context, tmp_path: Path) -> None:
    PIL.Image.new("RGB", (1, 1)).save(tmp_path / "out.png")
    (root / "link.png").symlink_to(tmp_path / "out.png")
    for path in (tmp_path / "out.png", root / "link.png", Path("../out.png"), Path("/etc/passwd")):
        for read in (lambda p: load(p, ctx), lambda p: lut(torch.zeros(1, 1, 1, 3), p), _text, open_input):
            with pytest.raises(WorkerError) as caught:
                read(path)
            assert caught.value.code == "WK-012"
    PIL.Image.new("RGB", (1, 1)).save(root / "in.png")
    assert load(Path("in.png"), ctx).image.shape == (1, 1, 1, 3)


def test_a_pipe_is_no_picture_and_holds_nobody_up(root: Path, ctx: Context) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(OSError, match="regular"):
        load(root / "pipe", ctx)


def test_a_folder_tells_only_of_files_that_may_be_read(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"")
    (root / "a").write_bytes(b"")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "out").symlink_to(tmp_path)
    assert files(root) == [root / "a"]
    assert files(root, "out/*") == [root / "out" / "root"] or files(root, "out/*") == []
    with pytest.raises(ValueError, match="leads out"):
        files(root, "../*")


def test_a_parameter_is_absolute_and_inside_before_a_node_gets_it(root: Path) -> None:
    assert check_input("x/../y") == root / "y"
    with pytest.raises(WorkerError):
        check_input("../y")


def test_nothing_is_saved_elsewhere(root: Path, ctx: Context, tmp_path: Path) -> None:
    (ctx.output_dir / "linked.png").symlink_to(tmp_path / "target.png")
    for overwrite in (False, True):
        saved = save(torch.zeros(1, 1, 1, 3), ctx, filename="linked.png", overwrite=overwrite)
        assert saved.path.parent == ctx.output_dir
    assert not (tmp_path / "target.png").exists()
