"""The node types that graphs are validated against, known even while no worker runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from vortex_prefect.core.contracts import EnginePort, StorePort
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.nodespec import Catalogue, NodeSpec

_log = logging.getLogger(__name__)

_SETTING = "catalogue"


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """How a catalogue differs from the one before: node types."""

    digest: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    @classmethod
    def between(cls, before: Catalogue, after: Catalogue) -> CatalogueChange:
        """From one to the other."""
        old, new = ({spec.type: spec for spec in catalogue.all()} for catalogue in (before, after))
        return cls(
            after.digest,
            added=tuple([name for name in new if name not in old]),
            removed=tuple([name for name in old if name not in new]),
            changed=tuple([name for name in new if name in old and old[name] != new[name]]),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)


class CatalogueCache:
    """The engine's last catalogue, and published graphs; before the first, that of the last run of the stack.

    Attributes:
        live: the catalogue came from the engine, so a worker has been ready.
    """

    def __init__(self, store: StorePort, engine: EnginePort, *, timeout_s: float = 10.0) -> None:
        self._store = store
        self._engine = engine
        self._timeout_s = timeout_s
        #: As the engine gave it.
        self._known = Catalogue()
        self._published: tuple[NodeSpec, ...] = ()
        self._all = Catalogue()
        self._arrived = asyncio.Event()
        self._on_change: Callable[[Catalogue], None] = lambda _: None
        self.live = False

    def on_change(self, callback: Callable[[Catalogue], None]) -> None:
        """Call back with each catalogue that differs from the one before."""
        self._on_change = callback

    async def load(self) -> None:
        """Read what the store remembers."""
        stored = await self._store.read(lambda uow: uow.get_setting(_SETTING))
        if stored is None:
            return
        try:
            self._take(Catalogue.from_list(stored))
        except ValidationError:
            # Written by a version that declared nodes otherwise; the engine gives a fresh one.
            _log.warning("the stored catalogue of node types is not readable")

    async def current(self) -> Catalogue:
        """The catalogue; waits for the first one.

        Raises:
            SystemFault: SY-004, no worker came up in time.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._arrived.wait()
        except TimeoutError:
            raise SystemFault("SY-004", "no worker has declared its node types yet") from None
        return self._all

    def publish(self, specs: tuple[NodeSpec, ...]) -> CatalogueChange | None:
        """Take in the published graphs, all of them; what that changed, null for nothing, or for what nobody knew."""
        self._published = specs
        if not self._arrived.is_set():
            return None
        before = self._all
        self._merge()
        return None if before.digest == self._all.digest else CatalogueChange.between(before, self._all)

    async def refresh(self) -> None:
        """Ask the engine, and remember its answer; waits for the first worker.

        Raises:
            VortexError: SY-004 from the engine.
        """
        catalogue = await self._engine.catalogue()
        changed = self._known.digest != catalogue.digest
        self._take(catalogue)
        self.live = True
        if changed:
            await self._remember(catalogue)

    async def renew(self) -> CatalogueChange:
        """Have all workers replaced, since packs have changed; what that changed.

        Raises:
            VortexError: SY-004 from the engine, WK-001: no new worker has started, and the old ones stay.
        """
        known, before = self._known, self._all
        catalogue = await self._engine.renew()
        self._take(catalogue)
        self.live = True
        if catalogue.digest != known.digest:
            await self._remember(catalogue)
        return CatalogueChange.between(before, self._all)

    async def _remember(self, catalogue: Catalogue) -> None:
        try:
            await self._store.write(lambda uow: uow.put_setting(_SETTING, catalogue.to_list()))
        except VortexError:
            _log.warning("the catalogue of node types was not stored", exc_info=True)

    def _take(self, catalogue: Catalogue) -> None:
        self._known = catalogue
        self._arrived.set()
        self._merge()

    def _merge(self) -> None:
        before = self._all.digest
        self._all = Catalogue((*self._known.all(), *self._published)) if self._published else self._known
        if self._all.digest != before:
            self._on_change(self._all)
