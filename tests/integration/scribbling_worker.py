"""A worker with one node more: it writes into its input, as node code must not. Started in a worker's place."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from unittest import mock

import vortex_worker.__main__ as worker
from vortex_worker.packs import load_packs
from vortex_worker.sdk import Tensor, node, nodes_of
from vortex_worker.sdk.declare import NodeType


@node("test.scribble", category="test", outputs=("out",))
def scribble(in_: Tensor) -> Tensor:
    """Invert the input in place."""
    return in_.bitwise_not_()


def _packs(*, debug: bool) -> Sequence[NodeType]:
    return [*load_packs(debug=debug), *nodes_of([sys.modules[__name__]])]


if __name__ == "__main__":
    with mock.patch.object(worker, "load_packs", _packs):
        code = worker.main()
    os._exit(code)
