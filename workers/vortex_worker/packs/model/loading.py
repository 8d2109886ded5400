"""Models in files."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from pathlib import Path
from typing import Annotated

from vortex_worker.packs.model.handles import FORMATS, Format, Handle, require_hash
from vortex_worker.sdk import Choices, Doc, File, Model, node, open_input

_OF_SUFFIX: dict[str, Format] = {
    ".onnx": "onnx", ".safetensors": "safetensors", ".pt2": "export", ".jit": "torchscript", ".ts": "torchscript",
    ".torchscript": "torchscript",
}  # fmt: skip
_SHA256 = re.compile(r"[0-9a-f]{64}")


@node("model.load", category="model", title="Load model")
def load(
    path: Annotated[
        Path, File(), Doc("ONNX, safetensors, TorchScript, torch.export (.pt2), or weights (.pt, .pth, .ckpt).")
    ],
    sha256: Annotated[str, Doc("What the file must have, in hexadecimal; empty takes it as it is.")] = "",
    format: Annotated[str, Choices("auto", *FORMATS), Doc("auto goes by the file's name and content.")] = "auto",
) -> Model:
    """Name a model by its file and hash; the nodes that use it load it, once in each worker."""
    wanted = sha256.strip().lower()
    if wanted and not _SHA256.fullmatch(wanted):
        raise ValueError(f"{sha256!r:.80} is no SHA-256 of 64 hexadecimal digits")
    with open_input(path) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # it is a file
        nbytes = os.fstat(file.fileno()).st_size
        if wanted:
            require_hash(path, found, wanted)
        kind: Format = _guessed(path, file) if format == "auto" else format  # type: ignore[assignment]
    return Handle(str(path), found, kind, nbytes).to_json()


def _guessed(path: Path, file: object) -> Format:
    if (kind := _OF_SUFFIX.get(path.suffix.lower())) is not None:
        return kind
    # Torch's own archives are zip files; programs have a folder `code`, exported ones `models`.
    try:
        with zipfile.ZipFile(file) as archive:  # type: ignore[call-overload]
            parts = {part for name in archive.namelist() for part in name.split("/")[:-1]}
    except (zipfile.BadZipFile, OSError, ValueError):
        if path.suffix.lower() in (".pt", ".pth", ".ckpt", ".bin"):
            return "weights"
        raise ValueError(f"{path} is no model of a known format; choose one") from None
    if "code" in parts:
        return "torchscript"
    return "export" if "models" in parts else "weights"
