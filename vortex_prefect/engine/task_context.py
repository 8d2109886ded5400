"""Prefect's run context inside a Dask worker: what `get_run_logger`, `prefect.runtime` and `log_prints` need.

Prefect's own `serialize_context` takes 23 to 42 ms a task, nearly all for the
settings; here they are pickled once a flow run, and unpickled once a worker.
Log records go back to the flow's process through Dask, so that a worker needs
no way to Prefect's API for them, and none are lost when it ends.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from prefect.client.schemas.objects import FlowRun, TaskRun
from prefect.context import FlowRunContext, SettingsContext, TagsContext, TaskRunContext, get_settings_context, tags
from prefect.flows import Flow
from prefect.logging.configuration import ensure_logging_setup
from prefect.logging.handlers import APILogWorker, set_api_log_sink
from prefect.logging.loggers import patch_print
from prefect.results import get_result_store
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

SendLog = Callable[[dict[str, Any]], object]

_send_log: ContextVar[SendLog | None] = ContextVar("vortex_send_log", default=None)


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a task's function may ask of its surroundings. Pickles small."""

    #: See `freeze_flow`.
    flow: bytes
    task_name: str
    task_run: TaskRun | None
    parameters: dict[str, Any]
    log_prints: bool
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class _FlowPart:
    settings: SettingsContext
    flow_run: FlowRun | None
    flow_name: str
    persist_result: bool


def freeze_flow() -> bytes:
    """Everything that all tasks of the current flow run share: its settings, its run, its name."""
    run = FlowRunContext.get()
    settings = get_settings_context()
    name = run.flow.name if run is not None and run.flow is not None else ""
    persist = run.persist_result if run is not None else False
    return pickle.dumps((settings.profile, settings.settings, run.flow_run if run else None, name, persist))


def current_context(flow: bytes) -> TaskContext:
    """The context of the task that runs in this thread, with its flow's part."""
    run, tagged = TaskRunContext.get(), TagsContext.get()
    names = frozenset(tagged.current_tags)
    if run is None:
        return TaskContext(flow, "", None, {}, log_prints=False, tags=names)
    return TaskContext(flow, run.task.name, run.task_run, run.parameters, run.log_prints, names)


@contextmanager
def entered(context: TaskContext, send_log: SendLog | None) -> Iterator[None]:
    """Make a task's context the current one, on a Dask worker.

    Args:
        context: of the task that is about to run.
        send_log: takes the task's log records, JSON-able; null: they go to Prefect's API from here.
    """
    part = _thaw_flow(context.flow)
    with ExitStack() as stack:
        # A copy, because a context that has been entered cannot be entered again meanwhile.
        stack.enter_context(part.settings.model_copy())
        ensure_logging_setup()
        set_api_log_sink(_sink)
        token = _send_log.set(send_log)
        stack.callback(_send_log.reset, token)
        # For tasks that a task submits: they run beside it.
        stack.enter_context(_flow_context(part, stack.enter_context(ThreadPoolTaskRunner())))
        stack.enter_context(tags(*context.tags))
        if context.task_run is not None:
            stack.enter_context(_task_context(context, context.task_run, persist_result=part.persist_result))
        if context.log_prints:
            stack.enter_context(patch_print())
        yield


def _sink(log: dict[str, Any]) -> None:
    if (send_log := _send_log.get()) is not None:
        send_log(log)
    else:
        APILogWorker.instance().send(log)


@lru_cache(maxsize=16)
def _thaw_flow(flow: bytes) -> _FlowPart:
    profile, settings, flow_run, name, persist = pickle.loads(flow)
    return _FlowPart(SettingsContext(profile=profile, settings=settings), flow_run, name, persist)


# Prefect's models validate a client and more; these are built without, and hold what task code can reach.


def _flow_context(part: _FlowPart, runner: ThreadPoolTaskRunner[Any]) -> FlowRunContext:
    return FlowRunContext.model_construct(
        flow=_named_flow(part.flow_name),
        flow_run=part.flow_run,
        task_runner=runner,
        parameters=part.flow_run.parameters if part.flow_run else {},
        detached=True,
        client=None,
        result_store=get_result_store(),
        persist_result=part.persist_result,
    )


def _task_context(context: TaskContext, task_run: TaskRun, *, persist_result: bool) -> TaskRunContext:
    return TaskRunContext.model_construct(
        task=_named_task(context.task_name),
        task_run=task_run,
        log_prints=context.log_prints,
        parameters=context.parameters,
        client=None,
        result_store=get_result_store(),
        persist_result=persist_result,
    )


@lru_cache(maxsize=1024)
def _named_task(name: str) -> Task[Any, Any]:
    return Task(fn=_nothing, name=name)


@lru_cache(maxsize=64)
def _named_flow(name: str) -> Flow[Any, Any]:
    return Flow(fn=_nothing, name=name or "flow")


def _nothing() -> None:
    return None
