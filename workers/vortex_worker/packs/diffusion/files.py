"""The files of a checkpoint: which there are, whether they are whole, and their hashes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import WorkerError
from vortex_worker.packs.diffusion.handles import Handle
from vortex_worker.sdk import check_input, input_sha256, open_input

_SHA256 = re.compile(r"[0-9a-f]{64}")
#: Configurations and vocabularies are small; what is larger is none.
_MOST_JSON = 64 << 20
#: Files of Python objects: what reads them may run code.
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


def wanted_sha256(sha256: str) -> str:
    """A parameter as a hash, or empty; ValueError if it is neither."""
    wanted = sha256.strip().lower()
    if wanted and not _SHA256.fullmatch(wanted):
        raise ValueError(f"{sha256!r:.80} is no SHA-256 of 64 hexadecimal digits")
    return wanted


def sha256_of(path: Path) -> str:
    """Of a file's content.

    Raises:
        WorkerError: WK-013, it cannot be read; WK-012, it may not be.
    """
    try:
        return input_sha256(path)
    except OSError as error:
        raise WorkerError("WK-013", f"{path} cannot be read: {error.strerror or error}") from error


def require_sha256(path: Path, wanted: str) -> str:
    """The file's hash; WorkerError WK-009 if another was wanted."""
    found = sha256_of(path)
    if wanted and found != wanted:
        raise WorkerError("WK-009", f"{path} has SHA-256 {found}, not {wanted}")
    return found


def listing_sha256(files: dict[str, str], folder: Path) -> str:
    """Of the lines `hash, two spaces, name` that `sha256sum` prints for files of a folder, sorted by name."""
    lines = sorted((os.path.relpath(path, folder), digest) for path, digest in files.items())
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """A configuration.

    Raises:
        WorkerError: WK-013, it is not there or damaged.
    """
    try:
        with open_input(path) as file:
            found = json.loads(file.read(_MOST_JSON))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise WorkerError("WK-013", f"{path} cannot be read: {reason}") from error
    if not isinstance(found, dict):
        raise WorkerError("WK-013", f"{path} holds a {type(found).__name__}, not a configuration")
    return found


def weight_files(folder: Path, stem: str) -> list[Path]:
    """The safetensors files of one part of a pipeline, all of them whole; several where they were split.

    Of files in half precision (`stem.fp16.safetensors`) those are taken that are there.

    Raises:
        WorkerError: WK-013, there are none, or one is damaged.
    """
    names = sorted(path.name for path in folder.glob(f"{stem}*.safetensors"))
    if f"{stem}.safetensors" in names:
        found = [f"{stem}.safetensors"]
    elif f"{stem}.safetensors.index.json" in {path.name for path in folder.glob("*.json")}:
        index = read_json(folder / f"{stem}.safetensors.index.json").get("weight_map")
        found = sorted(set(index.values())) if isinstance(index, dict) else []
    else:
        found = [name for name in names if re.fullmatch(rf"{stem}\.\w+\.safetensors", name)][:1]
    if not found:
        raise WorkerError("WK-013", f"{folder} has no {stem}.safetensors{_instead(folder)}")
    for name in found:
        require_whole(folder / name)
    return [folder / name for name in found]


def variant_of(path: Path, stem: str) -> str | None:
    """`fp16` of `stem.fp16.safetensors`; null for the plain file."""
    found = re.fullmatch(rf"{re.escape(stem)}\.(\w+)\.safetensors", path.name)
    return found[1] if found else None


def _instead(folder: Path) -> str:
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in _PICKLES)
    return f"; {pickles[0]} may run code when it is read, and is not" if pickles else ""


def require_whole(path: Path) -> None:
    """Look at a safetensors file's header, and whether all that it names is there.

    Raises:
        WorkerError: WK-013, it is damaged, cut short, or no such file.
    """
    with open_weights(path):
        pass


@contextmanager
def open_weights(path: Path) -> Iterator[Any]:
    """A safetensors file, open to take tensors from by name.

    Raises:
        WorkerError: WK-013, it is damaged, cut short, or no such file.
    """
    import safetensors

    if path.suffix.lower() in _PICKLES:
        raise WorkerError("WK-013", f"{path} may run code when it is read, and is not; convert it to safetensors")
    try:
        # The very file that was permitted, whatever its name leads to by then.
        with open_input(path) as file, safetensors.safe_open(f"/proc/self/fd/{file.fileno()}", "pt") as opened:
            yield opened
    except OSError as error:
        raise WorkerError("WK-013", f"{path} cannot be read: {error.strerror or error}") from error
    except safetensors.SafetensorError as error:
        raise WorkerError("WK-013", f"{path} is damaged, or no safetensors file: {error}") from error


def tensors_below(path: Path, *prefixes: str) -> dict[str, Any]:
    """The tensors of a safetensors file whose names begin so."""
    with open_weights(path) as opened:
        return {name: opened.get_tensor(name) for name in opened.keys() if name.startswith(prefixes)}  # noqa: SIM118


def elements_of(path: Path) -> dict[str, int]:
    """How many elements each tensor of a safetensors file has, from its header alone.

    Raises:
        WorkerError: WK-013, it is damaged, cut short, or no such file.
    """
    with open_weights(path) as opened:
        return {name: math.prod(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118


@contextmanager
def checked(handle: Handle) -> Iterator[None]:
    """Within, the files are those that the handle names: they are looked at before and afterwards.

    Raises:
        WorkerError: WK-009, one has changed.
    """
    _check(handle)
    yield
    _check(handle)


def _check(handle: Handle) -> None:
    for path, digest in handle.files.items():
        require_sha256(Path(path), digest)


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Path → SHA-256."""
    return {str(path): sha256_of(path) for path in paths}


def stamps(*roots: Path | None) -> str:
    """Changes when a file below one of these folders may have: for fingerprints, which read no content."""
    lines = []
    for root in filter(None, roots):
        for path in sorted(check_input(root).rglob("*")):
            if path.is_file() and path.suffix in (".json", ".safetensors", ".txt", ".model"):
                found = path.stat()
                lines.append(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}")
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
