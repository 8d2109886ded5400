"""Where spans go: decided by the environment, in processes of their own, since a process has one tracer for ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXECUTION = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"

SET_UP = """
import logging, sys
logging.basicConfig()
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.ipc.trace_setup import configure_tracing
from vortex_prefect.ipc.tracing import span
{first}
on = configure_tracing("host")
with span("execution", TraceContext.of_execution({execution!r}), {{"n": 1}}) as above:
    with span("host job", above.trace) as below:
        below.fail("WK-003", "no")
sdk = any(name.startswith("opentelemetry.sdk") for name in sys.modules)
print(on, sdk, above.trace.traceparent, below.trace.traceparent, file=sys.stdout, flush=True)
"""


def in_a_process(first: str = "", **env: str) -> tuple[str, str]:
    """What it prints, and its log."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "VORTEX_"))}
    code = SET_UP.format(first=first, execution=EXECUTION)
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={**inherited, **env}, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_TRACES_EXPORTER": " "},
        {"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"},
    ],
)
def test_nobody_asks_and_nothing_is_loaded(env: dict[str, str]) -> None:
    out, log = in_a_process(**env)
    on, sdk, above, below = out.split()
    assert (on, sdk, log) == ("False", "False", "")
    assert above.split("-")[1] == below.split("-")[1] == EXECUTION.replace("-", "")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_file_takes_the_spans_of_all_processes(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    for _ in range(2):
        on, sdk, above, below = in_a_process(VORTEX_TRACE_FILE=str(path))[0].split()
        assert (on, sdk) == ("True", "True")
    first, second = read(path)[2:]
    assert (first["name"], second["name"]) == ("host job", "execution")
    assert {span["service"] for span in read(path)} == {"host"}
    # The trace has the execution's id, with a tracer too.
    assert {span["trace_id"] for span in read(path)} == {EXECUTION.replace("-", "")}
    assert f"00-{second['trace_id']}-{second['span_id']}-01" == above
    assert f"00-{first['trace_id']}-{first['span_id']}-01" == below
    assert (second["parent_span_id"], first["parent_span_id"]) == (None, second["span_id"])
    assert second["start_ns"] <= first["start_ns"] <= first["end_ns"] <= second["end_ns"]
    assert (second["attributes"], second["status"]) == ({"n": 1}, "UNSET")
    assert (first["attributes"], first["status"], first["message"]) == ({"error.type": "WK-003"}, "ERROR", "no")
    assert path.stat().st_mode & 0o777 == 0o600


def test_spans_are_on_disk_when_they_end_though_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    killed = f"""
import os, signal
configure_tracing("host", {{"VORTEX_TRACE_FILE": {str(path)!r}}})
with span("execution", TraceContext()): pass
os.kill(os.getpid(), signal.SIGKILL)
"""
    with pytest.raises(AssertionError):
        in_a_process(killed)
    assert [span["name"] for span in read(path)] == ["execution"]


def test_ids_do_not_repeat_where_a_node_seeds_random(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    for _ in range(2):
        in_a_process("import random; random.seed(1)", VORTEX_TRACE_FILE=str(path))
    assert len({span["span_id"] for span in read(path)}) == 4


def test_the_console() -> None:
    out, log = in_a_process(OTEL_TRACES_EXPORTER="console")
    assert out.startswith("True True")
    assert '"host job"' in out
    assert '"service.name": "host"' in out
    assert log == ""


def test_both_at_once(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    out, _ = in_a_process(OTEL_TRACES_EXPORTER="console", VORTEX_TRACE_FILE=str(path))
    assert '"host job"' in out
    assert len(read(path)) == 2


@pytest.mark.parametrize(
    ("env", "package"),
    [
        ({}, "opentelemetry-exporter-otlp-proto-http"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "opentelemetry-exporter-otlp-proto-grpc"),
    ],
)
def test_a_missing_exporter_is_named_and_the_process_goes_on(env: dict[str, str], package: str) -> None:
    # What this machine has installed is not the test's to know.
    hidden = "from vortex_prefect.ipc import trace_setup; trace_setup.entry_points = lambda group: ()"
    out, log = in_a_process(hidden, OTEL_TRACES_EXPORTER="otlp", **env)
    assert out.startswith("False")
    assert log.count("WARNING") == 1
    assert f"Install the package {package}\n" in log


def test_an_exporter_that_nobody_knows() -> None:
    out, log = in_a_process(OTEL_TRACES_EXPORTER="pigeon,console")
    assert out.startswith("True")
    assert "no traces through pigeon" in log
    assert "console" in log


def test_a_missing_sdk_is_named_and_the_process_goes_on() -> None:
    out, log = in_a_process("sys.modules['opentelemetry.sdk.trace'] = None", OTEL_TRACES_EXPORTER="console")
    assert out.startswith("False")
    assert "Install the package opentelemetry-sdk, or unset OTEL_TRACES_EXPORTER" in log


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    out, log = in_a_process(VORTEX_TRACE_FILE=str(tmp_path))
    assert out.startswith("False")
    assert f"no traces in {tmp_path}: Is a directory" in log


def test_a_tracer_that_somebody_has_set_up_stays() -> None:
    mine = "from opentelemetry import trace\nfrom opentelemetry.sdk.trace import TracerProvider\n"
    mine += "trace.set_tracer_provider(TracerProvider())"
    out, log = in_a_process(mine, OTEL_TRACES_EXPORTER="console")
    assert out.startswith("False True")
    assert "host job" not in out
    assert "Overriding" not in log
