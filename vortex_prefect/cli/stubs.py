"""`vortex stubs`: a module `vortex_packs` whose `Graph` a type checker knows all packs of."""

from __future__ import annotations

from pathlib import Path

from vortex_prefect.client.graph import RESERVED
from vortex_prefect.client.stubs import MODULE, packs_stub
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.nodespec import Catalogue


def write_stubs(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write `vortex_packs.py` and `vortex_packs.pyi`; their paths.

    Raises:
        SystemFault: SY-006, the folder cannot be written to.
    """
    texts = {"vortex_packs.py": MODULE, "vortex_packs.pyi": packs_stub(catalogue, RESERVED, whole=True)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SystemFault("SY-006", f"cannot write to {folder}: {error.strerror}", "Choose another folder.") from error
    return [folder / name for name in texts]
