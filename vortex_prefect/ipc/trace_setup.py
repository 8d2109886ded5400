"""Where a process's spans go, if anybody wants them: OpenTelemetry's SDK, set up from its own variables.

Without these variables nothing of the SDK is loaded, and it need not be installed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from opentelemetry import trace as api

from vortex_prefect.ipc.tracing import WANTED_TRACE_ID

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.id_generator import IdGenerator

logger = logging.getLogger(__name__)

EXPORTERS = "OTEL_TRACES_EXPORTER"
#: Beside what `EXPORTERS` names: a file to which each span that ends is added as a line.
TRACE_FILE = "VORTEX_TRACE_FILE"

_GROUP = "opentelemetry_traces_exporter"
#: Protocols of OTLP, and what the packages of their exporters are called: the name's end.
_OTLP = {"http/protobuf": "proto_http", "grpc": "proto_grpc"}


def configure_tracing(service: str, env: Mapping[str, str] = os.environ) -> bool:
    """Let this process's spans be recorded if the environment asks for it; whether they will be.

    What is asked for and not there is a warning: no process shall fail to start for that. Call it once, before the
    first span; a process in which somebody has set up a tracer before keeps that one.

    Args:
        service: what the process is called in traces (`service.name`).
    """
    names = [name for name in map(str.strip, env.get(EXPORTERS, "").split(",")) if name not in ("", "none")]
    path = env.get(TRACE_FILE, "")
    if not (names or path) or env.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if not isinstance(api.get_tracer_provider(), api.ProxyTracerProvider):
        logger.info("the tracer that is set up already is used")
        return False
    try:
        return _set_up(service, names, path, env)
    except ImportError as missing:
        logger.warning(
            "no traces: OpenTelemetry's SDK cannot be loaded (%s). Install the package opentelemetry-sdk, or unset %s",
            missing,
            EXPORTERS if names else TRACE_FILE,
        )
        return False


def _set_up(service: str, names: list[str], path: str, env: Mapping[str, str]) -> bool:
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415

    resource = Resource.create({SERVICE_NAME: service, SERVICE_NAMESPACE: "vortex"})
    # The sampler and all limits are the SDK's affair, which reads their variables.
    provider = TracerProvider(resource=resource, id_generator=_ids())
    exporters = [exporter for name in names if (exporter := _exporter(name, env)) is not None]
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    # Written at once: a process that is killed leaves the spans that had ended.
    at_once = _trace_file(path) if path else None
    if at_once is not None:
        provider.add_span_processor(SimpleSpanProcessor(at_once))
    if not exporters and at_once is None:
        return False
    api.set_tracer_provider(provider)
    return True


def _trace_file(path: str) -> SpanExporter | None:
    from vortex_prefect.ipc.trace_file import TraceFile  # noqa: PLC0415

    try:
        return TraceFile(path)
    except OSError as error:
        logger.warning("no traces in %s: %s", path, error.strerror)
        return None


def _exporter(name: str, env: Mapping[str, str]) -> SpanExporter | None:
    """The exporter that somebody's package offers under that name, as OpenTelemetry's own set-up finds them."""
    wanted = _otlp_names(env) if name == "otlp" else [name]
    offered = {entry.name: entry for entry in entry_points(group=_GROUP)}
    entry = next((offered[each] for each in wanted if each in offered), None)
    if entry is None:
        package = wanted[0].replace("otlp_", "opentelemetry-exporter-otlp-").replace("_", "-")
        known = f"Install the package {package}" if name == "otlp" else f"There are: {', '.join(sorted(offered))}"
        logger.warning("no traces through %s: no such exporter is installed. %s", name, known)
        return None
    return _made(entry)


def _made(entry: EntryPoint) -> SpanExporter | None:
    try:
        made: Any = entry.load()()
    except Exception as error:  # whatever is wrong with it, or with its own variables
        logger.warning("no traces through %s: %s: %s", entry.name, type(error).__name__, error)
        return None
    exporter: SpanExporter = made
    return exporter


def _otlp_names(env: Mapping[str, str]) -> list[str]:
    """The one that the environment names, else whichever is there."""
    asked = env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or env.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if asked in _OTLP:
        return [f"otlp_{_OTLP[asked]}"]
    return [f"otlp_{ending}" for ending in _OTLP.values()]


def _ids() -> IdGenerator:
    from opentelemetry.sdk.trace.id_generator import IdGenerator  # noqa: PLC0415

    class Ids(IdGenerator):
        """From the kernel: the SDK's own come from `random`, which nodes seed."""

        def generate_span_id(self) -> int:
            return int.from_bytes(os.urandom(8), "big") or 1

        def generate_trace_id(self) -> int:
            return WANTED_TRACE_ID.get() or int.from_bytes(os.urandom(16), "big") or 1

    return Ids()
