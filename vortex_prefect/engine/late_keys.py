"""Content keys that only the running execution can tell: of items of a list, and of what follows from values.

Such a key is made of the inputs themselves where they are plain values, else of
the key of what made them. So one more file in a folder makes one more item,
not all of them new, and what comes after a volatile node runs again only if
that gave something else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from vortex_prefect.core.job import Value
from vortex_prefect.graph.canonical import canonical_json
from vortex_prefect.graph.plan import Step


def identity(value: Value, origin: str | None) -> str | None:
    """What stands for an input in a key; null if nothing does. `origin` is the key of what made it, with its place."""
    if value.ref is None and value.items is None:
        try:
            return f"{value.type}={canonical_json(value.data).decode()}"
        except (TypeError, ValueError):
            return origin
    return origin


def list_identity(identities: Sequence[str | None]) -> str | None:
    """What stands for a list as a whole, made of what stands for its items."""
    if None in identities:
        return None
    return hashlib.sha256(canonical_json(list(identities))).hexdigest()


class KeyMaker:
    """Keys of one step, of which only some inputs differ from one call to the next."""

    def __init__(self, step: Step, constant: Mapping[str, Sequence[str | None]]) -> None:
        known = all(None not in identities for identities in constant.values())
        self._head = hashlib.sha256()
        self._usable = known and not step.volatile
        if self._usable:
            ports = sorted((port, list(identities)) for port, identities in constant.items())
            own = sorted(step.files.items())
            self._head.update(canonical_json([step.node_type, step.spec.edition, step.params, own, ports]))

    def key(self, inputs: Mapping[str, str | None], files: Mapping[str, str | None]) -> str | None:
        """The key for these further inputs and contents of files; null if one of them has none."""
        if not self._usable or None in inputs.values() or None in files.values():
            return None
        rest = self._head.copy()
        rest.update(canonical_json([sorted(inputs.items()), sorted(files.items())]))
        return rest.hexdigest()
