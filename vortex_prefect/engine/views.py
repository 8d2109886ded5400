"""The tensors that this process got by reference, so that it can pass them on by reference."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vortex_prefect.engine.shared_tensor import TORCH, SharedTensor, View
from vortex_prefect.shm.checksum import crc32
from vortex_prefect.shm.extent import detach


@dataclass(frozen=True, slots=True)
class _Known:
    tensor: weakref.ref[Any]
    shared: SharedTensor
    #: Only weak: the tensor keeps it.
    owner: weakref.ref[Any]
    #: Whether that is a mapping of the arena's file.
    mapped: bool
    lender: object


class Views:
    """Which objects are views of which tensors. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(
        self, view: View, shared: SharedTensor, on_end: Callable[[], object] | None = None, lender: object = None
    ) -> Any:
        """Take note of a view.

        Args:
            view: as it was mapped or read.
            shared: what it is a view of.
            on_end: called when nothing shares the view's memory any more.
            lender: whoever keeps the tensor until then; see `end`.

        Returns:
            The view's tensor.
        """
        key = id(view.tensor)
        self._known[key] = _Known(weakref.ref(view.tensor), shared, weakref.ref(view.owner), view.mapped, lender)
        at_end(view.tensor, self._forget, key, self._known[key])
        if on_end is not None:
            at_end(view.owner, on_end)
        return view.tensor

    def find(self, tensor: Any) -> SharedTensor | None:
        """The reference that stands for exactly this object, unless it has been changed meanwhile."""
        known = self._known.get(id(tensor))
        if known is None or known.tensor() is not tensor or not _unchanged(tensor, known):
            return None
        return known.shared

    def is_whole(self, tensor: Any) -> bool:
        """Whether a view still has the bytes that were sealed, although its arena may be gone."""
        known = self._known.get(id(tensor))
        owner = known.owner() if known is not None else None
        return (
            known is None
            or owner is None
            or crc32(memoryview(owner)[-known.shared.ref.nbytes :]) == known.shared.ref.crc
        )

    def end(self, lender: object) -> int:
        """Make the views of a lender that ends their own: from now on they share no memory with an arena.

        Returns:
            How many there were.
        """
        ours = [(key, known) for key, known in list(self._known.items()) if known.lender is lender]
        for key, known in ours:
            if known.mapped and (owner := known.owner()) is not None:
                detach(owner)
            self._forget(key, known)
        return len(ours)

    def _forget(self, key: int, known: _Known) -> None:
        # By then the id may be another's.
        if self._known.get(key) is known:
            del self._known[key]


def _unchanged(tensor: Any, known: _Known) -> bool:
    ref = known.shared.ref
    if tuple(tensor.shape) != ref.shape or str(tensor.dtype).removeprefix("torch.") != ref.dtype:
        return False
    if known.shared.library != TORCH:
        return bool(tensor.flags.c_contiguous)
    # A private mapping may have been written to, and torch counts only some of the ways.
    owner = known.owner()
    return owner is not None and tensor.is_contiguous() and crc32(memoryview(owner)[-ref.nbytes :]) == ref.crc


def at_end(obj: Any, call: Callable[..., object], *args: Any) -> None:
    """Call something when `obj` has been freed."""
    # Not at the interpreter's end, when connections are gone.
    weakref.finalize(obj, call, *args).atexit = False
