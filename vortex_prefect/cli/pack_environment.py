"""Makes the Python environment of a pack: what the pack requires, and behind it all that the base has."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.files.environments import DECLARATIONS, python_of, section_of, worker_in
from vortex_prefect.files.packs import ENVIRONMENT, Manifest, unusable

#: In the pack's package, in pip's form: what is required with the hashes of the only files that will do.
PINNED = "requirements.lock"
_BASE_FILE = "_vortex_base.pth"


@dataclass(frozen=True, slots=True)
class Libraries:
    """Where libraries come from, beside what pip's own settings say."""

    find_links: Sequence[str] = ()
    no_index: bool = False

    def to_arguments(self) -> list[str]:
        """pip's options."""
        links = [option for place in self.find_links for option in ("--find-links", place)]
        return [*links, "--no-index"] if self.no_index else links


def make_environment(
    folder: Path, manifest: Manifest, requirements: Sequence[str], libraries: Libraries
) -> list[dict[str, Any]]:
    """Make the environment of the pack in `folder`, with what it requires.

    Returns:
        What was installed, each with name, version, url and sha256 of the file that it came in.

    Raises:
        SystemFault: SY-003, no environment can be made, or something that is required cannot be installed.
    """
    place = folder / ENVIRONMENT
    with_pip = importlib.util.find_spec("pip") is None
    try:
        venv.EnvBuilder(symlinks=True, with_pip=with_pip).create(place)
    except (OSError, subprocess.CalledProcessError) as error:
        raise unusable(manifest.name, f"no environment can be made for it: {error}") from error
    for script in place.glob("bin/[Aa]ctivate*"):
        script.unlink()
    _show_base(place)
    pinned = folder / manifest.module / PINNED
    wanted = ["--require-hashes", "-r", str(pinned)] if pinned.is_file() else list(requirements)
    return _install(folder, manifest, [*libraries.to_arguments(), *wanted], with_pip) if wanted else []


def environment_of(
    installed: Path, folder: Path, manifest: Manifest, requirements: Sequence[str]
) -> list[dict[str, Any]] | None:
    """Give the pack in `folder` the environment of the one that is installed, if that was made of the same.

    Its files are linked, not copied: nobody writes to them.

    Returns:
        What was installed in it; null if it is another's, or there is none.
    """
    try:
        found = section_of(installed)
    except SystemFault:
        return None
    pinned = [place / manifest.module / PINNED for place in (installed, folder)]
    texts = {file.read_bytes() if file.is_file() else b"" for file in pinned}
    if found["requirements"] != list(requirements) or len(texts) != 1:
        return None
    shutil.copytree(installed / ENVIRONMENT, folder / ENVIRONMENT, symlinks=True, copy_function=os.link)
    (folder / ENVIRONMENT / DECLARATIONS).unlink(missing_ok=True)
    return list(found["distributions"])


def move_scripts(folder: Path, target: Path) -> None:
    """Have the scripts of an environment name the interpreter that will be theirs in `target`."""
    old, new = os.fsencode(folder), os.fsencode(target)
    for script in (folder / ENVIRONMENT / "bin").iterdir():
        if script.is_file() and not script.is_symlink() and (text := script.read_bytes()).startswith(b"#!"):
            script.write_bytes(text.replace(old, new))


def declare(folder: Path) -> str | None:
    """Write what the pack declares beside it, once and for all; what is wrong with it, or null."""
    arguments, variables = worker_in(folder)
    done = subprocess.run([*arguments, "--catalogue"], capture_output=True, text=True, check=False, env=variables)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or [f"it exited with status {done.returncode}"]
        return said[0].removeprefix("without ")
    (folder / ENVIRONMENT / DECLARATIONS).write_text(done.stdout, encoding="utf-8")
    return None


def _show_base(place: Path) -> None:
    """What the environment does not have, it finds where the base has it; what it has comes first."""
    inner = sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)})
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    # `addsitedir`, and not the paths themselves: the base may be shown things in this way, too.
    lines = [f"import site; site.addsitedir({folder!r})\n" for folder in folders]
    (Path(inner) / _BASE_FILE).write_text("".join(lines), encoding="utf-8")


def _install(folder: Path, manifest: Manifest, wanted: list[str], own_pip: bool) -> list[dict[str, Any]]:
    python = str(python_of(folder))
    pip = [python, "-m", "pip"] if own_pip else [sys.executable, "-m", "pip", "--python", python]
    with tempfile.TemporaryDirectory(prefix="vortex-pip-") as temporary:
        report = Path(temporary) / "report.json"
        options = ["--no-input", "--disable-pip-version-check", "--no-warn-conflicts", "--no-user", "--prefer-binary"]
        command = [*pip, "install", *options, "--report", str(report), *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [done.stderr[-500:]]
            raise unusable(manifest.name, f"what it requires cannot be installed: {' '.join(said)}")
        return [_distribution(item) for item in json.loads(report.read_text(encoding="utf-8"))["install"]]


def _distribution(item: dict[str, Any]) -> dict[str, Any]:
    """Of pip's report: https://pip.pypa.io/en/stable/reference/installation-report/."""
    told = item["download_info"]
    hashes = told.get("archive_info", {}).get("hashes", {})
    return {
        "name": item["metadata"]["name"],
        "version": item["metadata"]["version"],
        "url": told["url"],
        "sha256": hashes.get("sha256"),
        "commit": told.get("vcs_info", {}).get("commit_id"),
    }
