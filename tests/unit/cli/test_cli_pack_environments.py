"""Packs in environments of their own: installed from folders, wheels and git, locked, checked and refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fakes.packs import wheel_of_pack, write_library, write_pack, write_wheel
from vortex_prefect.cli import checkout
from vortex_prefect.cli.main import app
from vortex_prefect.cli.pack_environment import Libraries, environment_of, make_environment, move_scripts
from vortex_prefect.cli.pack_source import lacking, opened
from vortex_prefect.cli.packs import lock_up
from vortex_prefect.client.catalogue import find_catalogue
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.environments import check, environments_in
from vortex_prefect.files.packs import LOCK, Manifest, Origin, read_lock

ROOT = Path(__file__).resolve().parents[3]
#: Declares a node without a start of torch.
PLAIN = """\
from {library} import VERSION
from vortex_worker.sdk import node


@node("{name}.version", category="test")
def version() -> str:
    \"\"\"Of the library.\"\"\"
    return VERSION
"""


@pytest.fixture(autouse=True)
def _found_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'workers'}")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other versions of what the base has."""
    folder = tmp_path_factory.mktemp("wheels")
    write_library(folder, "itsdangerous", "0.5")
    return folder


@pytest.fixture(scope="module")
def installed_once(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Iterator[Path]:
    """A home with the pack `old`."""
    folder = tmp_path_factory.mktemp("old")
    pack = write_pack(folder, "old", requires=["itsdangerous<1"], nodes=PLAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'workers'}")
        done = install(pack, folder / "home", wheels)
        assert done.exit_code == 0, (done.output, done.exception)
        yield folder / "home"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def old(installed_once: Path, home: Path) -> Path:
    """The folder of the pack `old`, in a home of one's own."""
    shutil.copytree(installed_once, home, symlinks=True)
    return home / "packs" / "old"


def vortex(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["nodes", *map(str, arguments)])


def install(source: object, home: Path, wheels: Path, *options: object) -> Any:
    return vortex("install", source, "--home", home, "--find-links", wheels, "--no-index", *options)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_the_base_lacks_is_what_is_not_there_or_of_another_version() -> None:
    has = ["itsdangerous>=2", "numpy", "psycopg[binary]"]
    lacks = ["itsdangerous<1", "no-such-library", "prefect[docker]", "numpy @ https://example.org/numpy.whl"]
    assert lacking([*has, *lacks]) == lacks


def test_the_lock_says_what_was_installed_and_from_what(old: Path, wheels: Path) -> None:
    environment = read_lock(old)["environment"]
    (library,) = environment["distributions"]
    assert (library["name"], library["version"]) == ("itsdangerous", "0.5")
    assert library["sha256"] == sha256(wheels / "itsdangerous-0.5-py3-none-any.whl")
    assert environment["requirements"] == ["itsdangerous<1"]
    on_disk = {
        path.relative_to(old / ".environment").as_posix()
        for path in (old / ".environment").rglob("*")
        if path.is_symlink() or path.is_file()
    }
    assert environment["files"].keys() == on_disk
    assert check(old).name == "old"
    assert "old.version" in {spec.type for spec in find_catalogue(Settings(old.parents[1])).all()}


def test_installed_from_a_wheel_with_the_right_hash_alone(tmp_path: Path, home: Path, wheels: Path) -> None:
    pack = write_pack(tmp_path, "old", isolated=True, nodes=PLAIN)
    wheel = wheel_of_pack(pack, ["itsdangerous<1", "nothing; extra == 'x'"])
    refused = install(wheel, home, wheels, "--sha256", "0" * 64)
    assert isinstance(refused.exception, SystemFault)
    assert list((home / "packs").iterdir()) == []
    done = install(wheel, home, wheels, "--sha256", sha256(wheel))
    assert done.exit_code == 0, (done.output, done.exception)
    assert "with itsdangerous 0.5" in " ".join(done.output.split())
    assert read_lock(home / "packs" / "old")["archive_sha256"] == sha256(wheel)
    assert vortex("verify", "--home", home).exit_code == 0
    assert vortex("remove", "old", "--home", home).exit_code == 0
    assert list((home / "packs").iterdir()) == []


def library_of(pack: Path) -> Path:
    return next((pack / ".environment").rglob("itsdangerous/__init__.py"))


def without_entry(pack: Path) -> None:
    """As a lock that misses a file's hash, and fits itself."""
    lock = json.loads((pack / LOCK).read_text())
    files = lock["environment"]["files"]
    del files[next(name for name in files if name.endswith("itsdangerous/__init__.py"))]
    (pack / LOCK).write_text(json.dumps(lock))


def lead_elsewhere(pack: Path) -> None:
    (pack / ".environment" / "bin" / "python").unlink()
    (pack / ".environment" / "bin" / "python").symlink_to("/bin/true")


def without_environment(pack: Path) -> None:
    lock = json.loads((pack / LOCK).read_text())
    (pack / LOCK).write_text(json.dumps({**lock, "environment": None}))


def other_digest(pack: Path) -> None:
    lock = json.loads((pack / LOCK).read_text())
    lock["environment"]["digest"] = "0" * 64
    (pack / LOCK).write_text(json.dumps(lock))


def other_base(pack: Path) -> None:
    lock = json.loads((pack / LOCK).read_text())
    lock["environment"]["base"] = "/elsewhere"
    (pack / LOCK).write_text(json.dumps(lock))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda pack: library_of(pack).write_text("VERSION = 1"), "itsdangerous/__init__.py has SHA-256"),
    "missing": (lambda pack: library_of(pack).unlink(), "itsdangerous/__init__.py is missing"),
    "added": (lambda pack: library_of(pack).with_name("x.pth").touch(), "itsdangerous/x.pth was not installed"),
    "no hash": (without_entry, "itsdangerous/__init__.py was not installed"),
    "no lock": (lambda pack: (pack / LOCK).unlink(), f"it has no {LOCK}"),
    "other interpreter": (lead_elsewhere, "bin/python has SHA-256 -> /bin/true, not -> python"),
    "no environment": (without_environment, ".environment was not installed with it"),
    "other digest": (other_digest, f"{LOCK} does not fit itself"),
    "other base": (other_base, "stands on Python .* at /elsewhere"),
    "pack": (lambda pack: (pack / "old_pack" / "nodes.py").unlink(), "old_pack/nodes.py is missing"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_as_it_was_installed_is_refused_and_the_file_is_named(old: Path, damage: str) -> None:
    harm, message = DAMAGE[damage]
    harm(old)
    with pytest.raises(SystemFault, match=message):
        check(old)


def test_another_lock_than_the_one_that_the_host_read_is_refused(old: Path) -> None:
    check(old, sha256(old / LOCK))
    with pytest.raises(SystemFault, match="was installed anew since this host started"):
        check(old, "0" * 64)


def test_declarations_that_are_not_those_of_the_lock_are_not_read(old: Path) -> None:
    file = old / ".environment" / "declarations.json"
    file.write_text(file.read_text().replace("old.version", "old.other"))
    found, (fault,) = environments_in(old.parent)
    assert found == {}
    assert ".environment/declarations.json has SHA-256" in fault.message


def test_a_lock_that_fits_cannot_declare_the_types_of_another_pack(old: Path) -> None:
    file = old / ".environment" / "declarations.json"
    file.write_text(file.read_text().replace("old.version", "image.blur"))
    lock = json.loads((old / LOCK).read_text())
    lock["environment"]["files"]["declarations.json"] = sha256(file)
    (old / LOCK).write_text(json.dumps(lock))
    found, (fault,) = environments_in(old.parent)
    assert found == {}
    assert "its node image.blur does not begin with old." in fault.message


def test_a_pack_that_fails_in_its_environment_is_reported_and_the_others_go_on(
    old: Path, tmp_path: Path, wheels: Path
) -> None:
    home = old.parents[1]
    pack = write_pack(tmp_path, "sad", isolated=True, nodes="raise RuntimeError('a broken pack')\n")
    done = install(pack, home, wheels)
    assert isinstance(done.exception, SystemFault)
    assert "RuntimeError: a broken pack" in str(done.exception)
    told = json.loads(vortex("verify", "--home", home, "--json").stdout)
    assert {each["pack"]: each["ok"] for each in told["packs"]} == {"old": True, "sad": False}
    assert "a broken pack" in next(each["message"] for each in told["packs"] if each["pack"] == "sad")
    found, (fault,) = environments_in(home / "packs")
    assert list(found) == ["old"]
    assert "could not be imported when it was installed" in fault.message


def test_what_is_required_and_not_to_be_had_leaves_nothing_behind(tmp_path: Path, home: Path, wheels: Path) -> None:
    pack = write_pack(tmp_path, "mine", requires=["itsdangerous==77"], nodes=PLAIN)
    done = install(pack, home, wheels)
    assert isinstance(done.exception, SystemFault)
    assert "No matching distribution found for itsdangerous==77" in str(done.exception)
    (pack / "pyproject.toml").write_text("[project]\ndependencies = ['???']\n")
    with pytest.raises(SystemFault, match="no requirement"):
        raise install(pack, home, wheels).exception
    assert list((home / "packs").iterdir()) == []


@pytest.mark.parametrize("right", [True, False])
def test_pinned_libraries_are_installed_with_their_hash_or_not_at_all(
    tmp_path: Path, home: Path, wheels: Path, right: bool
) -> None:
    pack = write_pack(tmp_path, "mine", requires=["itsdangerous<1"], nodes=PLAIN)
    pinned = sha256(wheels / "itsdangerous-0.5-py3-none-any.whl") if right else "0" * 64
    (pack / "mine_pack" / "requirements.lock").write_text(f"itsdangerous==0.5 --hash=sha256:{pinned}\n")
    done = install(pack, home, wheels)
    if right:
        assert done.exit_code == 0, (done.output, done.exception)
        return
    assert isinstance(done.exception, SystemFault)
    assert "DO NOT MATCH THE HASHES" in str(done.exception)
    assert list((home / "packs").iterdir()) == []


def test_scripts_of_libraries_name_the_interpreter_where_it_stays(tmp_path: Path) -> None:
    entry = {"tool/__init__.py": "VERSION = '1'\ndef main():\n    print('a tool')\n"}
    points = {"tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:main\n"}
    write_wheel(tmp_path / "wheels", "tool", "1.0", {**entry, **points})
    draft, target = tmp_path / "draft", tmp_path / "target"
    libraries = Libraries([str(tmp_path / "wheels")], no_index=True)
    (installed,) = make_environment(draft, Manifest("mine", "1", "mine_pack"), ["tool"], libraries)
    assert installed["name"] == "tool"
    move_scripts(draft, target)
    draft.rename(target)
    script = target / ".environment" / "bin" / "tool"
    assert subprocess.run([script], capture_output=True, text=True, check=True).stdout == "a tool\n"


def test_who_works_on_a_pack_keeps_its_environment_until_it_requires_something_else(
    old: Path, tmp_path: Path, wheels: Path
) -> None:
    draft = tmp_path / "old"
    shutil.copytree(old / "old_pack", draft / "old_pack")
    (draft / "old_pack" / "nodes.py").write_text(PLAIN.format(name="old", library="itsdangerous") + "# changed")
    manifest, origin = Manifest("old", "1.0.0", "old_pack"), Origin("here", development=True)
    assert environment_of(old, draft, manifest, ["itsdangerous<0.9"]) is None
    (draft / "old_pack" / "requirements.lock").write_text("itsdangerous==0.5\n")
    assert environment_of(old, draft, manifest, ["itsdangerous<1"]) is None
    (draft / "old_pack" / "requirements.lock").unlink()
    # There is no place from which it could be made anew.
    nowhere = Libraries(no_index=True)
    environment, wrong = lock_up(draft, old, manifest, ["itsdangerous<1"], origin, nowhere, reuse=True)
    assert (wrong, (environment or {})["distributions"]) == (None, read_lock(old)["environment"]["distributions"])
    assert library_of(draft).samefile(library_of(old))
    assert check(draft).revision == read_lock(draft)["digest"][:16]
    found, faults = environments_in(tmp_path)
    assert faults == []
    (spec,) = found["old"].catalogue.all()
    assert spec.revision == check(draft).revision
    assert check(old).revision == ""


# -- git ---------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """`packs/mine` at a tag `v1`, and changed since on `main` and on a branch `next`."""
    folder = tmp_path / "repository"
    pack = write_pack(folder / "packs", "mine", library="packaging", nodes="TAG = 'v1'\n")
    git(folder, "init", "-q")
    for tag in ("v1", "v2"):
        (pack / "mine_pack" / "nodes.py").write_text(f"TAG = {tag!r}\n")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", tag)
        git(folder, "tag", tag)
    git(folder, "branch", "next", "v1")
    return folder


@pytest.mark.parametrize("ref", ["v1", "next", "commit", ""])
def test_a_pack_from_git_is_that_of_its_commit(repository: Path, ref: str) -> None:
    name = "v1" if ref else "v2"
    commit = git(repository, "rev-parse", name)
    at = f"@{commit if ref == 'commit' else ref}" if ref else ""
    address = f"git+file://{repository}{at}#subdirectory=packs/mine"
    with opened(address) as source:
        assert source.origin == Origin(address, None, commit, modified=False)
        assert (source.path / "mine_pack" / "nodes.py").read_text() == f"TAG = {name!r}\n"
    assert not source.path.exists()


def test_a_folder_of_a_checkout_has_its_commit_in_the_lock_and_whether_it_was_changed(
    repository: Path, home: Path
) -> None:
    pack = repository / "packs" / "mine"
    commit = git(repository, "rev-parse", "HEAD")
    with opened(str(pack)) as source:
        assert source.origin == Origin(str(pack), None, commit, modified=False)
    (pack / "mine_pack" / "nodes.py").write_text("TAG = 'mine'\n")
    assert vortex("install", pack, "--home", home).exit_code == 0
    lock = read_lock(home / "packs" / "mine")
    assert (lock["commit"], lock["modified"]) == (commit, True)


def test_a_checkout_runs_nothing_by_being_looked_at(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(repository, "config", "core.fsmonitor", f"touch {ran} #")
    git(repository, "config", "filter.odd=name.clean", f"touch {ran}; cat")
    (repository / ".git" / "info" / "attributes").write_text("* filter=odd=name\n")
    # It is as it was, but not known to be: git compares what is in it.
    os.utime(repository / "packs" / "mine" / "mine_pack" / "nodes.py", (0, 0))
    with opened(str(repository / "packs" / "mine")):
        assert not ran.exists()


def test_addresses_that_name_nothing(repository: Path, home: Path) -> None:
    place = f"git+file://{repository}"
    for address, message in (
        (f"{place}@gone#subdirectory=packs/mine", "no branch, tag or commit gone"),
        (f"{place}@--upload-pack=x", "is no name of a branch"),
        (f"{place}#subdirectory=gone", "no folder gone"),
        (f"{place}#subdirectory=../..", "leads out of it"),
        (f"{place}/gone", "git clone failed: fatal: .*/repository/gone"),
        ("git+ext::sh -c true", "no address of a git repository"),
        (place, "0 of its folders"),
    ):
        with pytest.raises(SystemFault, match=message):
            raise vortex("install", address, "--home", home).exception
    assert list((home / "packs").iterdir()) == []


def test_without_git_a_checkout_is_not_installed(
    repository: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for source in (f"git+file://{repository}", repository / "packs" / "mine"):
        with pytest.raises(SystemFault, match="there is no command `git` here"):
            raise vortex("install", source, "--home", home).exception
    assert os.listdir(home / "packs") == []


def test_settings_of_git_in_the_environment_count_and_ours_come_after(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    settings = {"url.file:///.insteadOf": "https://packs.example.org/", "core.fsmonitor": f"touch {ran} #"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for at, (name, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{at}", name)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{at}", value)
    with opened(f"git+https://packs.example.org{repository}@v1#subdirectory=packs/mine") as source:
        assert (source.path / "mine_pack" / "nodes.py").read_text() == "TAG = 'v1'\n"
    with opened(str(repository / "packs" / "mine")) as source:
        assert source.origin.commit
    assert not ran.exists()


@pytest.mark.parametrize("count", ["two", "-1"])
def test_a_count_of_settings_that_is_no_number_is_said(
    repository: Path, monkeypatch: pytest.MonkeyPatch, count: str
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", count)
    for source in (f"git+file://{repository}", str(repository / "packs" / "mine")):
        with pytest.raises(SystemFault, match=f"GIT_CONFIG_COUNT is '{count}', no number"), opened(source):
            pass


def test_git_is_not_waited_for_without_end(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout, "_LIMIT_S", 0.0)
    for source, message in (
        (f"git+file://{repository}", "git clone took longer than 0 s; clone it by hand"),
        (str(repository / "packs" / "mine"), "git rev-parse took longer than 0 s; try `git rev-parse` there"),
    ):
        with pytest.raises(SystemFault, match=message) as caught, opened(source):
            pass
        assert caught.value.code == "SY-003"
