"""Lines of the log: one record is one line, whatever it says, and carries what it belongs to."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest

from vortex_prefect.core.trace import TraceContext
from vortex_prefect.ipc.log_setup import JsonFormatter, PrintedLines, TextFormatter
from vortex_prefect.ipc.tracing import span

FORGED = "a name\n2026-01-01 00:00:00.000 ERROR vortex: forged\r\x1b[2K\u2028\x85end"
PARENT = TraceContext(b"t" * 16, b"s" * 8)


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("vortex.\nlogger", logging.WARNING, "", 0, "%s", (message,), info)


def raised(message: str) -> Exception:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_no_text_forges_a_line() -> None:
    (line,) = TextFormatter().format(record(FORGED)).splitlines()
    assert "forged" in line
    assert "\x1b" not in line
    first, *rest = TextFormatter().format(record("m", raised(FORGED))).splitlines()
    assert first.endswith("m")
    assert any("forged" in line for line in rest)
    assert all(line.startswith("    ") for line in rest)


def test_json_is_one_line_that_says_all() -> None:
    text = JsonFormatter("engine").format(record(FORGED, raised(FORGED)))
    assert text.splitlines() == [text]
    told: dict[str, Any] = json.loads(text)
    assert (told["message"], told["level"], told["role"], told["pid"]) == (FORGED, "WARNING", "engine", os.getpid())
    assert told["exception"].startswith("Traceback")
    assert told["ts"].endswith("Z")
    assert len(told["ts"]) == len("2026-01-01T00:00:00.000Z")
    assert "trace_id" not in told


def test_lines_within_a_span_carry_its_trace() -> None:
    with span("outer", PARENT, {"vortex.execution_id": "e", "vortex.node_id": "n"}) as begun:
        told = json.loads(JsonFormatter("worker").format(record("m")))
        text = TextFormatter().format(record("m"))
        with span("inner", begun.trace) as inner:
            below = json.loads(JsonFormatter("worker").format(record("m")))
    after = json.loads(JsonFormatter("worker").format(record("m")))
    assert (told["trace_id"], told["span_id"]) == (PARENT.trace_id.hex(), begun.trace.span_id.hex())
    assert (told["execution_id"], told["node_id"]) == ("e", "n")
    assert below["span_id"] == inner.trace.span_id.hex()
    assert f"[{PARENT.trace_id.hex()}]" in text
    assert "trace_id" not in after


def test_what_is_printed_becomes_whole_records() -> None:
    stream = io.StringIO()
    printed = PrintedLines(stream, "stdout", JsonFormatter("worker"))
    print("one\ntwo", end=" and ", file=printed)
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["one"]
    print("a half", file=printed)
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["one", "two and a half"]


@pytest.mark.parametrize(("level", "expected"), [("", ["info", "error"]), ("ERROR", ["error"]), ("DEBUG", None)])
def test_a_process_logs_as_it_is_told(level: str, expected: list[str] | None) -> None:
    program = (
        "from vortex_prefect.ipc.log_setup import configure_logging\nimport logging\nconfigure_logging('role')\n"
        "logger = logging.getLogger('vortex_prefect.x')\n"
        "for name in ('debug', 'info', 'error'): getattr(logger, name)(name)\n"
        "print('printed')\nraise RuntimeError('at the end')"
    )
    env = {**os.environ, "VORTEX_LOG_FORMAT": "json", "VORTEX_LOG_LEVEL": level}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["message"] for line in told] == [*(expected or ["debug", "info", "error"]), "the process ends"]
    assert "at the end" in told[-1]["exception"]
    assert json.loads(done.stdout)["message"] == "printed"
