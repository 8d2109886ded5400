"""The graph as it was drawn, as text for the nodes that write it into their files."""

from __future__ import annotations

import logging

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.graph.png_text import graph_text

logger = logging.getLogger(__name__)

#: Half of what one packet to a worker may hold. A graph of the most nodes that may be has 3 MB, unless its parameters
#: hold more than numbers.
_MOST_BYTES = 8 << 20


def drawn_text(request: ExecutionRequest) -> str | None:
    """The document as JSON; null for one that no job can carry."""
    text = graph_text(request.as_drawn)
    if len(text.encode()) > _MOST_BYTES:
        logger.warning("the graph of execution %s is too large for the files that it writes", request.execution_id)
        return None
    return text
