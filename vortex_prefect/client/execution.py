"""One execution, asked for and followed to its end over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from vortex_prefect.client import AsyncBridge, Bridge
from vortex_prefect.client.bridge import answers
from vortex_prefect.client.bridge.messages import Gap, Message, NodeProgress
from vortex_prefect.client.results import Results, RunFailed, results_of
from vortex_prefect.core.errors import GraphError, VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import apply_inputs
from vortex_prefect.graph.model import parse_graph

#: How long a cancelled execution is waited for.
_CANCEL_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A node came further."""

    execution_id: str
    node_id: str
    #: `running`, `completed`, `cached`, …; see `core.reports.NodeState`.
    state: str
    #: Percent, 0 to 100.
    progress: float


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is asked for; `document` has an id, and its files are absolute."""

    document: dict[str, Any]
    inputs: Mapping[str, Any]
    targets: tuple[str, ...] | None = None
    force: bool = False
    timeout_s: float | None = None


class Execution:
    """Runs an order on the stack with this home, whose bridge is at `url`, on one event loop."""

    def __init__(self, url: str, settings: Settings, on_progress: Callable[[Progress], None] | None) -> None:
        self._home = settings.home
        self._engine = settings.engine_socket
        self._on_progress = on_progress
        self._bridge = AsyncBridge(url, home=settings.home)
        #: Set once it is queued.
        self.id = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._bridge.close()

    @property
    def url(self) -> str:
        """Where the bridge tells of it."""
        return f"{self._bridge.url}/api/execution/{self.id}"

    async def catalogue(self) -> Catalogue:
        """The stack's node types."""
        return await self._bridge.list_node_types()

    async def run(self, order: Order) -> Results:
        """Queue it, follow it, and return what it gave; a cancel of this task cancels the execution.

        Raises:
            GraphError: the graph cannot run; with every problem.
            RunFailed: it ran, and did not complete.
            VortexError: RQ-004 the queue is full, SY-004 the stack is gone.
        """
        await self._bridge.store_graph(order.document)
        try:
            async with asyncio.timeout(order.timeout_s):
                await self._follow(order)
                execution = await self._bridge.wait(self.id)
        except TimeoutError:
            results = await self._results(await self._cancel())
            message = f"execution {self.id} was not done within {order.timeout_s:g} s"
            raise RunFailed("WK-005", message, "Raise timeout_s.", results=results) from None
        except asyncio.CancelledError:
            if self.id:
                await asyncio.shield(self._cancel())
            raise
        results = await self._results(execution)
        if execution.status != "completed":
            raise RunFailed.of(execution.to_dict(), results)
        return results

    async def state(self) -> answers.Execution:
        """The execution as it stands."""
        return await self._bridge.get_execution(self.id)

    async def _follow(self, order: Order) -> None:
        """Queue it and tell of its progress until it ends."""
        graph_id = order.document["id"]
        # Connected first, so that nothing is missed.
        async with self._bridge.messages(graph_id) as stream:
            await self._queue(graph_id, order)
            async for message in stream:
                if isinstance(message, Gap) and (await self.state()).ended:
                    return
                if message.execution_id == self.id and self._take(message):
                    return

    def _take(self, message: Message) -> bool:
        """Tell of a message; whether it is the last one."""
        if isinstance(message, NodeProgress) and self._on_progress is not None:
            self._on_progress(Progress(self.id, message.node_id, message.state, message.progress))
        return message.final

    async def _queue(self, graph_id: str, order: Order) -> None:
        accepted = await self._bridge.execute_graph(
            graph_id, inputs=order.inputs, targets=order.targets, force=order.force
        )
        self.id = accepted.execution_id
        limits = Limits()
        ours = graph_hash(apply_inputs(parse_graph(order.document, limits), dict(order.inputs), limits))
        if (await self.state()).drawn_hash != ours:
            await self._cancel()
            raise GraphError(
                "VE-011", f"somebody changed the graph {graph_id} while it was being queued", "Run it again."
            )

    async def _cancel(self) -> answers.Execution:
        """Stop it; its state once it has ended, or after a while."""
        with contextlib.suppress(VortexError):  # it may have ended by itself
            await self._bridge.cancel_execution(self.id)
            return await self._bridge.wait(self.id, timeout_s=_CANCEL_PATIENCE_S)
        return await self.state()

    async def _results(self, execution: answers.Execution) -> Results:
        return await asyncio.to_thread(results_of, execution.to_dict(), self._engine, self._fetch)

    def _fetch(self, url: str) -> bytes:
        # Results outlive the run and its event loop, and are asked for their bytes in any thread.
        with Bridge(self._bridge.url, home=self._home) as bridge:
            return bridge.get_content(url).data
