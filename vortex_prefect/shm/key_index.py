"""Which outputs are known under which content key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef


class KeyIndex:
    """Content key → outputs of a node, at most `limit` of them, the longest unused forgotten first.

    Outputs are remembered whole: when one of their blocks goes, so does the key.

    Attributes:
        pinned: keys that are not forgotten for others; one that is forgotten with its block is in it no more.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.pinned: set[str] = set()
        self._outputs: OrderedDict[str, Mapping[str, Value]] = OrderedDict()
        #: offset of a block → keys whose outputs lie in it.
        self._keys_at: dict[int, set[str]] = {}

    def __len__(self) -> int:
        return len(self._outputs)

    def __contains__(self, key: str) -> bool:
        """Whether the key is known; to ask is not to use."""
        return key in self._outputs

    def put(self, key: str, outputs: Mapping[str, Value]) -> None:
        """Remember the outputs of `key`, instead of what was there."""
        self.forget(key)
        if len(self._outputs) >= self._limit:
            self.forget(next((known for known in self._outputs if known not in self.pinned), key))
        self._outputs[key] = dict(outputs)
        for ref in refs_of(outputs):
            self._keys_at.setdefault(ref.offset, set()).add(key)

    def get(self, key: str) -> dict[str, Value] | None:
        """The outputs of `key`, or null."""
        outputs = self._outputs.get(key)
        if outputs is None:
            return None
        self._outputs.move_to_end(key)
        return dict(outputs)

    def at(self, offset: int) -> list[str]:
        """Keys with an output in the block at `offset`."""
        return sorted(self._keys_at.get(offset, ()))

    def forget(self, key: str) -> None:
        """Forget one key, if it is known."""
        self.pinned.discard(key)
        for ref in refs_of(self._outputs.pop(key, {})):
            keys = self._keys_at.get(ref.offset)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._keys_at[ref.offset]

    def forget_block(self, offset: int) -> list[str]:
        """Forget every key with an output in the block at `offset`; which these were."""
        keys = list(self._keys_at.get(offset, ()))
        for key in keys:
            self.forget(key)
        return keys


def refs_of(outputs: Mapping[str, Value]) -> Iterator[TensorRef]:
    """The tensors among outputs."""
    return (ref for value in outputs.values() for ref in value.refs())
