"""Every failure that a user can meet, with a stable code.

The tree::

    VortexError
    ├── GraphError      VE-…  the graph cannot run; carries every problem found
    ├── WorkerError     WK-…  a node's job did not finish; says which node
    ├── RequestError    RQ-…  the request is refused (HTTP 4xx)
    └── SystemFault     SY-…  the machine or the installation is not fit

A foreign exception is translated where it enters; above that line only these
are raised. All of them pickle, so that they cross process borders unchanged.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of the catalogue of codes, from which `docs/errors.md` is generated."""

    code: str
    title: str
    hint: str
    #: True if the same call may succeed when repeated without any change.
    retryable: bool = False
    #: Status that the HTTP bridge answers with.
    http_status: int = 400


_CATALOGUE = (
    ErrorCode("VE-001", "malformed graph", "Compare the document with the GraphDSL schema vortex.graph/1."),
    ErrorCode("VE-002", "cycle", "Remove one of the edges of the loop that the message names."),
    ErrorCode("VE-003", "unknown node type", "`vortex nodes list` prints the types that are installed."),
    ErrorCode("VE-004", "unknown port or parameter", "`vortex nodes show TYPE` prints a node's ports and parameters."),
    ErrorCode("VE-005", "edge to a missing node", "Delete the edge or restore the node."),
    ErrorCode("VE-006", "port types do not match", "Insert a node that converts, or connect another port."),
    ErrorCode("VE-007", "required input not connected", "Connect the input that the message names."),
    ErrorCode("VE-008", "more than one edge into a single input", "Keep one of the edges."),
    ErrorCode("VE-009", "wrong parameter type", "Give a value of the type that the message names."),
    ErrorCode("VE-010", "parameter out of bounds", "Give a value within the bounds that the message names."),
    ErrorCode(
        "VE-011", "graph hash mismatch", "The graph changed after it was queued; execute it again.", http_status=409
    ),
    ErrorCode("VE-012", "a limit exceeded", "Split the graph, or raise the limit in the settings."),
    ErrorCode("VE-013", "subgraph within itself", "Remove the node that leads back into the graph."),
    ErrorCode(
        "WK-001", "worker lost", "The node's process died; its log says why. Retries start a fresh one.", True, 500
    ),
    ErrorCode("WK-002", "input handle not valid", "The tensor is no longer in the arena; execute again.", True, 500),
    ErrorCode("WK-003", "node raised", "The traceback shows the line in the node's code.", True, 500),
    ErrorCode("WK-004", "out of device memory", "Use smaller inputs, or fewer workers on one device.", True, 500),
    ErrorCode("WK-005", "timed out", "Raise the node's timeout_s, or give it less to do.", True, 500),
    ErrorCode("WK-006", "cancelled", "Somebody cancelled the execution.", False, 409),
    ErrorCode("WK-007", "checksum mismatch", "The tensor was damaged in memory; execute again.", True, 500),
    ErrorCode("WK-008", "arena full", "Free memory, raise the arena's budget, or use smaller inputs.", True, 507),
    ErrorCode("WK-009", "model hash mismatch", "The model file is not the one that was locked.", False, 500),
    ErrorCode(
        "WK-010", "protocol violation", "The peer speaks another version, or is not a VORTEX worker.", False, 500
    ),
    ErrorCode(
        "WK-011",
        "node in quarantine",
        "It killed its worker again and again; mend it, or wait until it is tried again.",
        False,
        500,
    ),
    ErrorCode(
        "WK-012",
        "file outside the permitted folders",
        "Upload it, or name its folder in VORTEX_FILE_ROOTS.",
        False,
        403,
    ),
    ErrorCode(
        "WK-013", "model files damaged or missing", "Fetch the file that the message names once more.", False, 500
    ),
    ErrorCode("WK-014", "model of another kind", "Use a model of the architecture that the message names.", False, 500),
    ErrorCode(
        "WK-015",
        "result is not a number",
        "Compute in float32, or with other settings; half precision overflows in some models.",
        False,
        500,
    ),
    ErrorCode("RQ-001", "malformed request", "The problems say which field is wrong."),
    ErrorCode("RQ-002", "not found", "Check the id.", http_status=404),
    ErrorCode("RQ-003", "version conflict", "Read the graph again and repeat the change.", http_status=409),
    ErrorCode("RQ-004", "queue full", "Wait until an execution ends.", True, 429),
    ErrorCode("RQ-005", "request too large", "Send less at once, or raise the limit in the settings.", http_status=413),
    ErrorCode("RQ-006", "output no longer held", "Execute the graph again.", http_status=410),
    ErrorCode("RQ-007", "not possible in this state", "The message names the state.", http_status=409),
    ErrorCode("RQ-008", "request refused", "Only the editor's own pages may drive this server.", http_status=403),
    ErrorCode("RQ-009", "too many requests", "Wait as long as `Retry-After` says.", True, 429),
    ErrorCode("RQ-010", "not authenticated", "Send a token: `vortex token create` makes one.", http_status=401),
    ErrorCode("RQ-011", "not permitted", "Use a token that has the scope which the message names.", http_status=403),
    ErrorCode(
        "SY-001", "port in use", "Choose another with --port, or stop the process that holds it.", http_status=500
    ),
    ErrorCode(
        "SY-002", "a process of the stack did not start", "Its log, named in the message, says why.", http_status=500
    ),
    ErrorCode("SY-003", "missing or unsuitable software", "`vortex doctor` names what to install.", http_status=500),
    ErrorCode("SY-004", "engine not reachable", "It restarts by itself; `vortex status` shows it.", True, 503),
    ErrorCode(
        "SY-005", "already running", "A stack with this home runs; join it, or choose another --home.", http_status=409
    ),
    ErrorCode("SY-006", "state store not usable", "Check the disk and the rights of VORTEX_HOME.", True, 500),
    ErrorCode("SY-007", "internal error", "This is a defect; the log has the traceback.", False, 500),
    ErrorCode("SY-008", "Prefect's server not reachable", "Start it, or check PREFECT_API_URL.", True, 503),
    ErrorCode(
        "SY-009",
        "would be open to everybody",
        "Make a token with `vortex token create`, or set VORTEX_TOKEN.",
        http_status=500,
    ),
    ErrorCode(
        "SY-010",
        "the bridge that owns the state does not answer",
        "Ask again in a moment: another takes over when it is gone; one that stands still has to be ended.",
        True,
        503,
    ),
)

#: code → catalogue row.
CODES: dict[str, ErrorCode] = {row.code: row for row in _CATALOGUE}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    `path` is a JSON pointer into the document that was sent; `node_id` and
    `port` (a port or a parameter) are null where no node is concerned.
    """

    code: str
    message: str
    node_id: str | None = None
    port: str | None = None
    path: str | None = None
    hint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the hint falls back to the code's own."""
        return {**asdict(self), "hint": self.hint or CODES[self.code].hint}


@dataclass(eq=False)
class VortexError(Exception):
    """Base of all failures: a stable `code`, a message, and what to do about it."""

    code: str
    message: str
    hint: str | None = None
    problems: tuple[Problem, ...] = field(default=())
    node_id: str | None = None
    #: Traceback of the node's own code (WK-003), as text.
    traceback: str | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"unknown error code {self.code!r}")
        # args must be what __init__ takes, or the exception does not survive pickling.
        self.args = (self.code, self.message, self.hint, self.problems, self.node_id, self.traceback)

    def __str__(self) -> str:
        return f"{self.code} {self.message}"

    @property
    def info(self) -> ErrorCode:
        """The catalogue row of this error's code."""
        return CODES[self.code]

    def to_dict(self) -> dict[str, Any]:
        """JSON form as `error` in HTTP answers, WebSocket messages and results."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint or self.info.hint,
            "problems": [problem.to_dict() for problem in self.problems],
            "node_id": self.node_id,
            "traceback": self.traceback,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> VortexError:
        """Rebuild the error, of its own class, from `to_dict`."""
        kind = _CLASS_OF_PREFIX[data["code"][:2]]
        return kind(
            data["code"],
            data["message"],
            data.get("hint"),
            tuple(Problem(**problem) for problem in data.get("problems", ())),
            data.get("node_id"),
            data.get("traceback"),
        )


class GraphError(VortexError):
    """The graph cannot run. `problems` lists everything found, not the first only."""

    @classmethod
    def of(cls, problems: list[Problem]) -> GraphError:
        """One error for a non-empty list of problems; its code is the first one's."""
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return cls(first.code, first.message + more, problems=tuple(problems))


class WorkerError(VortexError):
    """A job did not finish."""


class RequestError(VortexError):
    """The request is refused."""


class SystemFault(VortexError):
    """The machine, the installation or a process of the stack is at fault."""


_CLASS_OF_PREFIX: dict[str, type[VortexError]] = {
    "VE": GraphError,
    "WK": WorkerError,
    "RQ": RequestError,
    "SY": SystemFault,
}
