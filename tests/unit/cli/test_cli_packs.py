"""Packs of one's own: begun, tested, installed from a folder and from a wheel, locked, and refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vortex_prefect.cli.main import app
from vortex_prefect.client.catalogue import find_catalogue
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.packs import LOCK, check_lock

ROOT = Path(__file__).resolve().parents[3]


def vortex(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["nodes", *map(str, arguments)])


@pytest.fixture(autouse=True)
def _found_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'workers'}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="module")
def installed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the pack `well`: to install it takes a worker's start."""
    folder = tmp_path_factory.mktemp("well")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'workers'}")
        assert vortex("new", "well", "--output", folder).exit_code == 0
        assert vortex("install", folder / "well", "--home", folder / "home").exit_code == 0
    return folder / "home"


@pytest.fixture
def well(installed_once: Path, home: Path) -> Path:
    """A home of one's own with the pack `well`."""
    shutil.copytree(installed_once, home)
    return home


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    done = vortex("new", "mine", "--output", tmp_path)
    assert done.exit_code == 0, done.output
    return tmp_path / "mine"


def wheel(pack: Path) -> Path:
    """As hatchling would make one of the scaffold."""
    path = pack.parent / "vortex_mine-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((pack / "mine_pack").rglob("*")):
            archive.write(file, file.relative_to(pack))
        archive.writestr("vortex_mine-0.1.0.dist-info/METADATA", "Name: vortex-mine\n")
    return path


def types(home: Path) -> set[str]:
    return {spec.type for spec in find_catalogue(Settings(home)).all()}


def verdict(home: Path) -> dict[str, Any]:
    done = vortex("verify", "--home", home, "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (0 if told["ok"] else 1)
    return {pack["pack"]: pack["message"] for pack in told["packs"]}


def test_a_new_pack_passes_its_own_tests(mine: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=mine,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_names_that_no_pack_may_have(tmp_path: Path, mine: Path) -> None:
    for name, reason in (("image", "comes with VORTEX"), ("Mine", "small letters"), ("../x", "small letters")):
        with pytest.raises(SystemFault, match=reason):
            raise vortex("new", name, "--output", tmp_path).exception
    with pytest.raises(SystemFault, match="is there already"):
        raise vortex("new", "mine", "--output", tmp_path).exception


@pytest.mark.parametrize("form", ["folder", "wheel"])
def test_installed_with_the_right_hash(mine: Path, home: Path, form: str) -> None:
    source = mine if form == "folder" else wheel(mine)
    done = vortex("install", source, "--home", home)
    assert done.exit_code == 0, done.output
    told = "".join(done.output.split()).rpartition("SHA-256")[2][:64]
    assert "mine.posterize" in types(home)
    assert verdict(home) == {"mine": None}
    assert not (home / "packs" / "mine" / "tests").exists()
    assert not list((home / "packs").rglob("__pycache__"))
    # The same again, and the hash that it told is the one that it asks for.
    again = vortex("install", source, "--home", home, "--sha256", told)
    assert again.exit_code == 0, again.output
    assert vortex("remove", "mine", "--home", home).exit_code == 0
    assert "mine.posterize" not in types(home)


@pytest.mark.parametrize("form", ["folder", "wheel"])
def test_not_installed_with_a_wrong_hash(mine: Path, home: Path, form: str) -> None:
    done = vortex("install", mine if form == "folder" else wheel(mine), "--home", home, "--sha256", "0" * 64)
    assert isinstance(done.exception, SystemFault)
    assert f"not {'0' * 64}" in str(done.exception)
    assert list((home / "packs").iterdir()) == []


def change(path: Path) -> None:
    path.write_text(path.read_text() + "\nVALUE = 1\n")


def add(path: Path) -> None:
    path.with_name("more.py").write_text("raise SystemExit\n")


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (change, "well_pack/nodes.py has SHA-256"),
    "missing": (Path.unlink, "well_pack/nodes.py is missing"),
    "added": (add, "well_pack/more.py was not installed"),
    "unlocked": (lambda path: (path.parents[1] / LOCK).unlink(), f"it has no {LOCK}"),
    "broken lock": (lambda path: (path.parents[1] / LOCK).write_text("{"), f"{LOCK} cannot be read"),
    "linked": (lambda path: path.with_name("link.py").symlink_to("/etc/passwd"), "link.py is a link"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_as_it_was_installed_is_refused_and_the_file_is_named(well: Path, damage: str) -> None:
    assert check_lock(well / "packs" / "well").version == "0.1.0"
    harm, message = DAMAGE[damage]
    harm(well / "packs" / "well" / "well_pack" / "nodes.py")
    with pytest.raises(SystemFault, match=message):
        check_lock(well / "packs" / "well")


def test_what_is_not_as_it_was_installed_is_not_loaded(well: Path) -> None:
    mark = well / "it ran"
    nodes = well / "packs" / "well" / "well_pack" / "nodes.py"
    nodes.write_text(f"open({str(mark)!r}, 'w')\n" + nodes.read_text())
    assert "well_pack/nodes.py has SHA-256" in verdict(well)["well"]
    found = types(well)
    assert "well.posterize" not in found
    assert "core.add" in found
    assert not mark.exists()


def test_a_lock_that_was_rewritten_by_hand_does_not_fit_itself(well: Path) -> None:
    pack = well / "packs" / "well"
    change(pack / "well_pack" / "nodes.py")
    lock = json.loads((pack / LOCK).read_text())
    data = (pack / "well_pack" / "nodes.py").read_bytes()
    lock["files"]["well_pack/nodes.py"] = hashlib.sha256(data).hexdigest()
    (pack / LOCK).write_text(json.dumps(lock))
    with pytest.raises(SystemFault, match="does not fit itself"):
        check_lock(pack)


FAULTS = {
    "raises": ("raise RuntimeError('broken pack')", "RuntimeError: broken pack"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "imports": ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
    "syntax": ("def (", "SyntaxError"),
    "other name": ("TYPE = 'yours.posterize'", "yours.posterize does not begin with mine."),
    "bundled name": ("TYPE = 'image.blur'", "image.blur does not begin with mine."),
    "no nodes": ("def load(): return [1]", "gives int, not node types"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_pack_that_fails_is_reported_and_the_others_go_on(mine: Path, well: Path, fault: str) -> None:
    code, message = FAULTS[fault]
    if code.startswith("TYPE"):
        nodes = mine / "mine_pack" / "nodes.py"
        nodes.write_text(nodes.read_text().replace("mine.posterize", code.split("'")[1]))
    else:
        (mine / "mine_pack" / "__init__.py").write_text(code + "\n")
    done = vortex("install", mine, "--home", well)
    assert isinstance(done.exception, SystemFault)
    assert message in str(done.exception)
    if fault not in ("exits", "other name"):
        return  # each look takes a worker's start
    found = types(well)
    assert {"well.posterize", "image.blur"} <= found
    assert not any(name.startswith(("mine.", "yours.")) for name in found)


def test_a_package_that_is_called_as_another_is_refused(mine: Path, home: Path, tmp_path: Path) -> None:
    shutil.move(mine / "mine_pack", mine / "torch")
    done = vortex("install", mine, "--home", home)
    assert "is called as another that is installed" in str(done.exception)
    vortex("new", "other", "--output", tmp_path)
    shutil.move(tmp_path / "other" / "other_pack", tmp_path / "other" / "first_pack")
    (tmp_path / "other" / "first_pack" / "__init__.py").write_text("def load(): return []\n")
    assert vortex("install", tmp_path / "other", "--home", home).exit_code == 0


BAD = {
    "leads out": [("../evil.py", "x"), ("mine_pack/pack.toml", "[pack]\nname='mine'\nversion='1'")],
    "0 of its folders": [("mine_pack/__init__.py", "")],
    "2 of its folders": [("a/pack.toml", ""), ("b/pack.toml", "")],
    "has no .pack.": [("a/pack.toml", "name = 'x'")],
    "comes with VORTEX": [("a/pack.toml", "[pack]\nname='image'\nversion='1'")],
    "no name and version": [("a/pack.toml", "[pack]\nname='A b'\nversion='1'")],
    "no name of a Python package": [("a-b/pack.toml", "[pack]\nname='a'\nversion='1'")],
}


@pytest.mark.parametrize("message", BAD)
def test_archives_that_are_no_packs(tmp_path: Path, home: Path, message: str) -> None:
    path = tmp_path / "bad.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in BAD[message]:
            archive.writestr(name, text)
    with pytest.raises(SystemFault, match=message):
        raise vortex("install", path, "--home", home).exception
    assert list((home / "packs").iterdir()) == []
    assert not (tmp_path / "evil.py").exists()


def test_sources_that_are_none(tmp_path: Path, home: Path) -> None:
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"PK\x03\x04 not really")
    for source, message in ((broken, "no wheel or zip"), (tmp_path / "gone", "no such folder")):
        with pytest.raises(SystemFault, match=message):
            raise vortex("install", source, "--home", home).exception
    with pytest.raises(SystemFault, match="is not in"):
        raise vortex("remove", "gone", "--home", home).exception
    assert verdict(home) == {}
