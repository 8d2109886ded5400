"""Runs of graphs from a flow, a script or a notebook."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import queue
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from vortex_prefect.client.bridge.clients import Bridge
from vortex_prefect.client.embedded import stack_url
from vortex_prefect.client.execution import Execution, Order, Progress
from vortex_prefect.client.inputs import AnyGraph, document_of, prepared
from vortex_prefect.client.prefect_link import linked
from vortex_prefect.client.results import Results
from vortex_prefect.client.uploads import upload_out_of_reach
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Settings

OnProgress = Callable[[Progress], None]


async def arun_graph(
    graph: AnyGraph,
    inputs: Mapping[str, Any] | None = None,
    targets: Sequence[str] | None = None,
    *,
    force: bool = False,
    timeout_s: float | None = None,
    on_progress: OnProgress | None = None,
    home: str | os.PathLike[str] | None = None,
) -> Results:
    """Run a graph and return its outputs; cancelling the task cancels the run.

    The stack that runs with the home is joined. If none does, one is started
    and kept for the lifetime of this process, which the first call has to wait
    for. Within a Prefect flow, the flow run gets an artifact that links to the
    graph's own flow run.

    Args:
        graph: a `Graph`, a GraphDSL document, or the path of a file that holds one.
        inputs: values for the graph's exposed inputs; paths are relative to the current folder.
        targets: names of the graph's outputs to compute; null for everything.
        force: run also what has not changed.
        timeout_s: seconds that the run may take; then it is cancelled.
        on_progress: told of every node that comes further.
        home: where state lives (`VORTEX_HOME`); null for the graph's, else the environment's.

    Raises:
        GraphError: the graph cannot run; with every problem.
        RunFailed: it ran, and did not complete; with the results that were reached. WK-005 after `timeout_s`.
        SystemFault: SY-…, there is no stack, and none can be started.
    """
    settings = Settings.from_env(os.environ, home=home or _home_of(graph))
    document, folder = document_of(graph)
    url = await asyncio.to_thread(stack_url, settings)
    async with AsyncExitStack() as resources:
        execution = await resources.enter_async_context(Execution(url, settings, on_progress))
        catalogue = await execution.catalogue()
        prepared_document, values = prepared(document, folder, inputs or {}, catalogue)
        await asyncio.to_thread(_upload, url, settings, prepared_document, values, catalogue)
        await resources.enter_async_context(linked(execution, prepared_document["name"]))
        named = None if targets is None else tuple(targets)
        return await execution.run(Order(prepared_document, values, named, force, timeout_s))


def run_graph(
    graph: AnyGraph,
    inputs: Mapping[str, Any] | None = None,
    targets: Sequence[str] | None = None,
    *,
    force: bool = False,
    timeout_s: float | None = None,
    on_progress: OnProgress | None = None,
    home: str | os.PathLike[str] | None = None,
) -> Results:
    """Run a graph and return its outputs; see `arun_graph`. Ctrl-C cancels the run.

    It may be called from any thread, also where an event loop runs, as in a
    notebook; that loop then waits. `on_progress` is called in the caller's thread.
    """
    told: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()
    tell = told.put if on_progress else None
    run = arun_graph(graph, inputs, targets, force=force, timeout_s=timeout_s, on_progress=tell, home=home)
    worker = _LoopThread(run, lambda: told.put(None))
    try:
        while (progress := told.get()) is not None:
            if on_progress is not None:
                on_progress(progress)
    except BaseException:
        worker.cancel()
        raise
    return worker.result()


def _home_of(graph: AnyGraph) -> str | os.PathLike[str] | None:
    # A path has a `home` as well, of another kind.
    return None if isinstance(graph, str | os.PathLike | Mapping) else graph.home


def _upload(
    url: str, settings: Settings, document: dict[str, Any], values: dict[str, Any], catalogue: Catalogue
) -> None:
    with Bridge(url, home=settings.home) as bridge:
        upload_out_of_reach(lambda file: bridge.upload_file(file).path, settings, document, values, catalogue)


class _LoopThread:
    """A coroutine on an event loop and a thread of its own, in the caller's context: there Prefect has its run."""

    def __init__(self, work: Coroutine[Any, Any, Results], on_end: Callable[[], None]) -> None:
        self._work = work
        self._on_end = on_end
        self._started = threading.Event()
        self._outcome: Results | BaseException | None = None
        self._cancel: Callable[[], object] | None = None
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._main,), name="vortex-run", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Cancel the coroutine, and wait for its end."""
        self._started.wait()
        if self._cancel is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                self._cancel()
        self._thread.join()

    def result(self) -> Results:
        """What it returned; raises what it raised."""
        self._thread.join()
        if isinstance(self._outcome, Results):
            return self._outcome
        raise self._outcome or RuntimeError("the run ended without an outcome")

    def _main(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._outcome = runner.run(self._run())
        except BaseException as error:
            self._outcome = error
        finally:
            self._started.set()
            self._on_end()

    async def _run(self) -> Results:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is not None:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        self._started.set()
        return await self._work
