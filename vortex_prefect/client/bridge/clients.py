"""The clients of the bridge."""

from __future__ import annotations

import os
import ssl
from typing import Self, TypeVar

from vortex_prefect.client.bridge import access, graphs, operations, procedures
from vortex_prefect.client.bridge.attempts import Attempts, Patience
from vortex_prefect.client.bridge.course import Course
from vortex_prefect.client.bridge.exchange import Call, Steps
from vortex_prefect.client.bridge.memory import Memory
from vortex_prefect.client.bridge.methods import AsyncMethod, AsyncPages, Method, Pages
from vortex_prefect.client.bridge.site import site_of
from vortex_prefect.client.bridge.streams import AsyncMessageStream, MessageStream
from vortex_prefect.client.bridge.transport import AsyncTransport, Transport

T = TypeVar("T")


class _Client:
    """What both clients are made of: a site, and how calls to it are tried."""

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        home: str | os.PathLike[str] | None = None,
        timeout_s: float = 60.0,
        retry_for_s: float = 10.0,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._site = site_of(url, token, home, timeout_s, verify, os.environ)
        self._attempts = Attempts(self._site.url, Patience(retry_for_s), Memory())

    @property
    def url(self) -> str:
        """The bridge's address."""
        return self._site.url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def _course(self, graph_id: str, reconnect_for_s: float) -> Course:
        return Course(self._site, graph_id, Patience(reconnect_for_s))


class Bridge(_Client):
    """The bridge, for code without an event loop. Threads may share one; close it, or use it as a context manager.

    Args:
        url: its address; null for the stack that runs with the home.
        token: sent to it; null for `VORTEX_TOKEN`, else the one that the running stack has left under the home.
        home: where the stack's state lives; null for `VORTEX_HOME`, else the user's data directory.
        timeout_s: seconds without a sign of life after which an answer is given up.
        retry_for_s: seconds for which calls are tried again, those that do no more when they are done twice.
        verify: how the certificate of an https address is checked.

    Raises:
        VortexError: every method raises what the bridge refuses, with its code, hint and problems; SY-004 if it does
            not answer, SY-007 if what answers is no bridge. Making a client, SY-004 without a URL and a stack.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        home: str | os.PathLike[str] | None = None,
        timeout_s: float = 60.0,
        retry_for_s: float = 10.0,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        super().__init__(url, token=token, home=home, timeout_s=timeout_s, retry_for_s=retry_for_s, verify=verify)
        self._transport = Transport(self._site)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, but those of `messages`, which are closed on their own."""
        self._transport.close()

    def run(self, operation: Call[T] | Steps[T]) -> T:
        """Carry out an operation of `operations` or `procedures`."""
        return self._transport.run(self._attempts.run(operation))

    def messages(self, graph_id: str, *, reconnect_for_s: float = 60.0) -> MessageStream:
        """The messages of a graph from now on; a context manager, and an iterator.

        Raises:
            VortexError: RQ-002 there is no such graph; SY-004, no connection within `reconnect_for_s` of the last one.
        """
        return MessageStream(self._site, self._course(graph_id, reconnect_for_s))

    create_graph = Method(graphs.create_graph)
    list_graphs = Pages(graphs.list_graphs)
    get_graph = Method(graphs.get_graph)
    put_graph = Method(graphs.put_graph)
    delete_graph = Method(graphs.delete_graph)
    clone_graph = Method(graphs.clone_graph)
    save_graph = Method(graphs.save_graph)
    validate_graph = Method(graphs.validate_graph)
    plan_graph = Method(graphs.plan_graph)
    import_graph = Method(graphs.import_graph)
    list_versions = Pages(graphs.list_versions)
    get_version = Method(graphs.get_version)
    compare_versions = Method(graphs.compare_versions)
    restore_graph = Method(graphs.restore_graph)
    deploy_graph = Method(graphs.deploy_graph)
    publish_graph = Method(graphs.publish_graph)
    get_published_graph = Method(graphs.get_published_graph)
    withdraw_node_type = Method(graphs.withdraw_node_type)
    list_events = Pages(graphs.list_events)
    execute_graph = Method(operations.execute_graph)
    list_executions = Pages(operations.list_executions)
    get_execution = Method(operations.get_execution)
    get_executed_graph = Method(operations.get_executed_graph)
    cancel_execution = Method(operations.cancel_execution)
    get_output = Method(operations.get_output)
    save_output = Method(operations.save_output)
    pin_output = Method(operations.pin_output)
    unpin_output = Method(operations.unpin_output)
    get_preview = Method(operations.get_preview)
    get_queue = Method(operations.get_queue)
    pause_queue = Method(operations.pause_queue)
    resume_queue = Method(operations.resume_queue)
    move_in_queue = Method(operations.move_in_queue)
    remove_from_queue = Method(operations.remove_from_queue)
    upload_file = Method(operations.upload_file)
    get_file = Method(operations.get_file)
    save_file = Method(operations.save_file)
    get_session = Method(access.get_session)
    issue_code = Method(access.issue_code)
    list_tokens = Method(access.list_tokens)
    create_token = Method(access.create_token)
    revoke_token = Method(access.revoke_token)
    list_audit = Pages(access.list_audit)
    list_node_types = Method(operations.list_node_types)
    get_node_type = Method(operations.get_node_type)
    reload_nodes = Method(operations.reload_nodes)
    list_workers = Method(operations.list_workers)
    list_worker_events = Pages(operations.list_worker_events)
    get_arena = Method(operations.get_arena)
    get_stack = Method(operations.get_stack)
    run_retention = Method(operations.run_retention)
    get_debug_count = Method(operations.get_debug_count)
    healthz = Method(operations.healthz)
    readyz = Method(operations.readyz)
    metrics = Method(operations.metrics)
    store_graph = Method(procedures.store_graph)
    wait = Method(procedures.wait)
    get_content = Method(procedures.get_content)
    save_content = Method(procedures.save_content)


class AsyncBridge(_Client):
    """The bridge, for code on an event loop. Tasks may share one; close it, or use it as a context manager.

    Args:
        url: its address; null for the stack that runs with the home.
        token: sent to it; null for `VORTEX_TOKEN`, else the one that the running stack has left under the home.
        home: where the stack's state lives; null for `VORTEX_HOME`, else the user's data directory.
        timeout_s: seconds without a sign of life after which an answer is given up.
        retry_for_s: seconds for which calls are tried again, those that do no more when they are done twice.
        verify: how the certificate of an https address is checked.

    Raises:
        VortexError: every method raises what the bridge refuses, with its code, hint and problems; SY-004 if it does
            not answer, SY-007 if what answers is no bridge. Making a client, SY-004 without a URL and a stack.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        home: str | os.PathLike[str] | None = None,
        timeout_s: float = 60.0,
        retry_for_s: float = 10.0,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        super().__init__(url, token=token, home=home, timeout_s=timeout_s, retry_for_s=retry_for_s, verify=verify)
        self._transport = AsyncTransport(self._site)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections, but those of `messages`, which are closed on their own."""
        await self._transport.close()

    async def run(self, operation: Call[T] | Steps[T]) -> T:
        """Carry out an operation of `operations` or `procedures`."""
        return await self._transport.run(self._attempts.run(operation))

    def messages(self, graph_id: str, *, reconnect_for_s: float = 60.0) -> AsyncMessageStream:
        """The messages of a graph from now on; a context manager, and an iterator.

        Raises:
            VortexError: RQ-002 there is no such graph; SY-004, no connection within `reconnect_for_s` of the last one.
        """
        return AsyncMessageStream(self._site, self._course(graph_id, reconnect_for_s))

    create_graph = AsyncMethod(graphs.create_graph)
    list_graphs = AsyncPages(graphs.list_graphs)
    get_graph = AsyncMethod(graphs.get_graph)
    put_graph = AsyncMethod(graphs.put_graph)
    delete_graph = AsyncMethod(graphs.delete_graph)
    clone_graph = AsyncMethod(graphs.clone_graph)
    save_graph = AsyncMethod(graphs.save_graph)
    validate_graph = AsyncMethod(graphs.validate_graph)
    plan_graph = AsyncMethod(graphs.plan_graph)
    import_graph = AsyncMethod(graphs.import_graph)
    list_versions = AsyncPages(graphs.list_versions)
    get_version = AsyncMethod(graphs.get_version)
    compare_versions = AsyncMethod(graphs.compare_versions)
    restore_graph = AsyncMethod(graphs.restore_graph)
    deploy_graph = AsyncMethod(graphs.deploy_graph)
    publish_graph = AsyncMethod(graphs.publish_graph)
    get_published_graph = AsyncMethod(graphs.get_published_graph)
    withdraw_node_type = AsyncMethod(graphs.withdraw_node_type)
    list_events = AsyncPages(graphs.list_events)
    execute_graph = AsyncMethod(operations.execute_graph)
    list_executions = AsyncPages(operations.list_executions)
    get_execution = AsyncMethod(operations.get_execution)
    get_executed_graph = AsyncMethod(operations.get_executed_graph)
    cancel_execution = AsyncMethod(operations.cancel_execution)
    get_output = AsyncMethod(operations.get_output)
    save_output = AsyncMethod(operations.save_output)
    pin_output = AsyncMethod(operations.pin_output)
    unpin_output = AsyncMethod(operations.unpin_output)
    get_preview = AsyncMethod(operations.get_preview)
    get_queue = AsyncMethod(operations.get_queue)
    pause_queue = AsyncMethod(operations.pause_queue)
    resume_queue = AsyncMethod(operations.resume_queue)
    move_in_queue = AsyncMethod(operations.move_in_queue)
    remove_from_queue = AsyncMethod(operations.remove_from_queue)
    upload_file = AsyncMethod(operations.upload_file)
    get_file = AsyncMethod(operations.get_file)
    save_file = AsyncMethod(operations.save_file)
    get_session = AsyncMethod(access.get_session)
    issue_code = AsyncMethod(access.issue_code)
    list_tokens = AsyncMethod(access.list_tokens)
    create_token = AsyncMethod(access.create_token)
    revoke_token = AsyncMethod(access.revoke_token)
    list_audit = AsyncPages(access.list_audit)
    list_node_types = AsyncMethod(operations.list_node_types)
    get_node_type = AsyncMethod(operations.get_node_type)
    reload_nodes = AsyncMethod(operations.reload_nodes)
    list_workers = AsyncMethod(operations.list_workers)
    list_worker_events = AsyncPages(operations.list_worker_events)
    get_arena = AsyncMethod(operations.get_arena)
    get_stack = AsyncMethod(operations.get_stack)
    run_retention = AsyncMethod(operations.run_retention)
    get_debug_count = AsyncMethod(operations.get_debug_count)
    healthz = AsyncMethod(operations.healthz)
    readyz = AsyncMethod(operations.readyz)
    metrics = AsyncMethod(operations.metrics)
    store_graph = AsyncMethod(procedures.store_graph)
    wait = AsyncMethod(procedures.wait)
    get_content = AsyncMethod(procedures.get_content)
    save_content = AsyncMethod(procedures.save_content)
