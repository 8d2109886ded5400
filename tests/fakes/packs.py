"""Packs and libraries that tests make themselves, so that nothing has to be downloaded."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

#: A node that tells in which process, with which library and from where it runs, and others to be disturbed.
NODES = '''\
import os
import time
from pathlib import Path
from typing import Any

import torch
from {library} import VERSION
from vortex_worker.sdk import Context, Json, Tensor, node


@node("{name}.tell", category="test")
def tell(tag: str = "") -> Json:
    """Tell where this runs."""
    import {library}

    return {{"version": VERSION, "pid": os.getpid(), "file": {library}.__file__, "tag": tag}}


@node("{name}.double", category="test")
def double(tensor: Tensor) -> Tensor:
    """Twice the tensor."""
    return tensor * 2


@node("{name}.wait", category="test", volatile=True)
def wait(ctx: Context, begun: str = "", ended: str = "") -> Json:
    """Say that it has begun, and wait until a file is there."""
    Path(begun).write_text(str(os.getpid()))
    while not Path(ended).exists():
        ctx.progress(0.5)
        time.sleep(0.01)
    return os.getpid()
'''


def write_pack(
    folder: Path,
    name: str,
    *,
    requires: Sequence[str] = (),
    library: str = "itsdangerous",
    isolated: bool | None = None,
    nodes: str = NODES,
) -> Path:
    """A pack's folder, as `vortex nodes new` makes one."""
    package = folder / name / f"{name}_pack"
    package.mkdir(parents=True)
    flag = "" if isolated is None else f"isolated = {str(isolated).lower()}\n"
    (package / "pack.toml").write_text(f'[pack]\nname = "{name}"\nversion = "1.0.0"\n{flag}')
    (package / "nodes.py").write_text(nodes.format(name=name, library=library))
    (package / "__init__.py").write_text(
        "from vortex_worker.sdk import nodes_of\n\n\ndef load():\n"
        "    from . import nodes\n\n    return nodes_of([nodes])\n"
    )
    listed = ", ".join(f'"{each}"' for each in ["vortex-prefect[worker]", *requires])
    (folder / name / "pyproject.toml").write_text(
        f'[project]\nname = "vortex-{name}"\nversion = "1.0.0"\ndependencies = [{listed}]\n'
    )
    return folder / name


def wheel_of_pack(pack: Path, requires: Sequence[str] = ()) -> Path:
    """The wheel that is built of such a folder."""
    package = pack / f"{pack.name}_pack"
    files = {path.relative_to(pack).as_posix(): path.read_text() for path in sorted(package.rglob("*.*"))}
    return write_wheel(pack.parent, f"vortex_{pack.name}", "1.0.0", files, ["vortex-prefect[worker]", *requires])


def write_library(folder: Path, name: str, version: str) -> Path:
    """The wheel of a library that only tells its version."""
    return write_wheel(folder, name, version, {f"{name}/__init__.py": f"VERSION = {version!r}\n"})


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, str], requires: Sequence[str] = ()) -> Path:
    """A wheel of pure Python."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_record_hash(text)},{len(text.encode())}" for path, text in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in content.items():
            archive.writestr(inner, text)
    return path


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
