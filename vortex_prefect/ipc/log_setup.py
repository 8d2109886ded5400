"""How a process of the stack logs: text for people, or a JSON object a line; either way a record forges no other."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from vortex_prefect.core.log_context import LOG_CONTEXT

#: Everything that ends a line somewhere, or moves a terminal's cursor.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    0x09: "\t",
    0x0A: "\\n",
    0x0D: "\\r",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
#: Loggers that say too much at INFO.
_QUIET = ("httpx", "httpcore")


def configure_logging(role: str, env: Mapping[str, str] = os.environ) -> None:
    """Log to stderr as `VORTEX_LOG_FORMAT` (`text`, `json`) and `VORTEX_LOG_LEVEL` say. Call it once, at the start.

    Args:
        role: what the process is called in its lines.
    """
    level = logging.getLevelNamesMapping().get(env.get("VORTEX_LOG_LEVEL", "").upper(), logging.INFO)
    as_json = env.get("VORTEX_LOG_FORMAT", "").lower() == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(role) if as_json else TextFormatter())
    handler.setLevel(level)
    root = logging.getLogger()
    root.addHandler(handler)
    # Below that only we are worth hearing; and in a worker, a job raises it to INFO anyway.
    root.setLevel(logging.INFO)
    for ours in ("vortex_prefect", "vortex_worker"):
        logging.getLogger(ours).setLevel(min(level, logging.INFO))
    for quiet in _QUIET:
        logging.getLogger(quiet).setLevel(logging.WARNING)
    if as_json:
        formatter = JsonFormatter(role)
        sys.stdout, sys.stderr = (
            PrintedLines(sys.stdout, "stdout", formatter),
            PrintedLines(sys.stderr, "stderr", formatter),
        )
    sys.excepthook = _uncaught


class TextFormatter(logging.Formatter):
    """`time LEVEL logger [trace]: message`; what follows of a traceback is indented, so that it begins no record."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        context = LOG_CONTEXT.get()
        trace = f" [{context.trace.trace_id.hex()}]" if context is not None else ""
        at = datetime.fromtimestamp(record.created).isoformat(" ", "milliseconds")
        line = f"{at} {record.levelname} {_tame(record.name)}{trace}: {_tame(record.getMessage())}"
        if (text := _exception(self, record)) is not None:
            line += "".join(f"\n    {_tame(part)}" for part in text.splitlines())
        return line


class JsonFormatter(logging.Formatter):
    """A JSON object in one line of ASCII: time, level, logger, message, process, and what is known beside."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        told: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "role": self._role,
            "pid": os.getpid(),
        }
        if (context := LOG_CONTEXT.get()) is not None:
            told |= {"trace_id": context.trace.trace_id.hex(), "span_id": context.trace.span_id.hex()}
            for name in ("execution_id", "node_id"):
                if value := context.names.get(f"vortex.{name}"):
                    told[name] = value
        # What a record says in fields, besides its message: `logger.info(…, extra={"fields": {…}})`.
        told |= {name: value for name, value in getattr(record, "fields", {}).items() if name not in told}
        if (text := _exception(self, record)) is not None:
            told["exception"] = text
        return json.dumps(told)


class PrintedLines:
    """Stands for a text stream: each line that is printed becomes a record of its own."""

    def __init__(self, stream: Any, name: str, formatter: JsonFormatter) -> None:
        self._stream = stream
        self._name = name
        self._formatter = formatter
        #: Each thread's own line, so that they do not mix.
        self._begun = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's own, but whole lines only."""
        *ended, self._begun.text = (getattr(self._begun, "text", "") + text).split("\n")
        for line in filter(str.strip, ended):
            record = logging.LogRecord(self._name, logging.INFO, "", 0, line, None, None)
            self._stream.write(self._formatter.format(record) + "\n")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """As the stream's own."""
        for line in lines:
            self.write(line)


def _tame(text: str) -> str:
    return text.translate(_CONTROLS)


def _exception(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    return formatter.formatException(record.exc_info) if record.exc_info else None


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("vortex_prefect").critical("the process ends", exc_info=(kind, error, traceback))
