"""The node packs that come with VORTEX. Importing this loads no torch; `load_packs` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load_packs(debug: bool) -> list[NodeType]:
    """The node types of all packs, sorted by type; those of the pack `debug` only if asked for."""
    from vortex_worker.packs import audio, batch, core, diffusion, image, mask, model, plot, table, tensor, text, video
    from vortex_worker.packs import debug as debug_pack

    bundled = [audio, batch, core, diffusion, image, mask, model, plot, table, tensor, text, video]
    packs = [*bundled, debug_pack] if debug else bundled
    return sorted((declared for pack in packs for declared in pack.load()), key=lambda declared: declared.spec.type)
