"""A look for a cancel from within a model: a step takes seconds on a CPU, and nobody waits for that long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: The large parts of UNets and autoencoders.
_BLOCK = re.compile(r"(.*\.)?((down|up)_blocks\.\d+|mid_block)")


@contextmanager
def watched(model: Any, look: Callable[[], None]) -> Iterator[None]:
    """Within, `look` is called before each block of the model; what it raises ends the computation."""
    blocks = [module for name, module in model.named_modules() if _BLOCK.fullmatch(name)]
    hooks = [block.register_forward_pre_hook(lambda *_: look()) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
