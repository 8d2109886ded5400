"""Inputs to begin with: real packets of every kind, the same at every call."""

from __future__ import annotations

from tests.fuzz.packets import HOST_ID
from tests.fuzz.targets import JOB_IDS, MADE_UP
from vortex_prefect.core.errors import GraphError, Problem, WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.nodespec import Bounds, Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.layout import DATA_OFFSET
from vortex_prefect.wire._pb import control_pb2
from vortex_prefect.wire.framing import frame
from vortex_prefect.wire.packets import encode
from vortex_prefect.wire.payloads import (
    Batch,
    Beat,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Preview,
    Probe,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
)

_SPEC = NodeSpec(
    type="t.node",
    title="Node",
    category="c",
    inputs=(InputSpec(name="in", type="LIST[TENSOR]", when=("p", 1)),),
    params=(ParamSpec(name="p", type="FLOAT", default=0.5, bounds=Bounds(min=0, max=1)),),
    outputs=(OutputSpec(name="out", type="TENSOR"),),
)
#: What the first request of a conversation is granted.
_REF = TensorRef(HOST_ID, 1, DATA_OFFSET, 64, (2, 3), "float32", 7)
_TENSOR = Value("TENSOR", _REF)
_LISTED = Value("LIST[TENSOR]", items=(_TENSOR, None, Value("INT", data=3)))
_PROBLEM = Problem("VE-010", "too large", "node", "p")

FROM_HOST: tuple[Payload, ...] = (
    Welcome(HOST_ID, "/dev/shm/a", "/o", "/s", worker_id="host/0", device="cpu"),
    Job("job-0", "e", "n", "t.node", params={"p": 0.5}, inputs={"in": (_LISTED, Value("JSON", data={"a": [1, "é"]}))}),
    Batch((Job("job-0", "e", "n", "t.node"), Job("job-1", "e", "m", "t.node", links={"in": ("out",)}))),
    Cancel("job-0"),
    Cancel("job-1", unless_begun=True),
    Probe(5, trim=True),
    RoomGrant(DATA_OFFSET, 64, 1),
    RoomGrant(error=WorkerError("WK-008", "full")),
)
FROM_WORKER: tuple[Payload, ...] = (
    Hello(4711, Catalogue((_SPEC,)).to_list()),
    RoomRequest(64),
    Progress("job-0", 0.5, "half"),
    JobLog("job-0", LogLine(20, "said", 5)),
    Preview("job-0", b"\xff\xd8\xff"),
    Beat(3, 1 << 28, "cpu", 1, 2, ("model",)),
    JobOutcome("job-0", {"out": _TENSOR, "in": _LISTED}, started_ms=1, finished_ms=2),
    JobOutcome("job-1", error=GraphError("VE-010", "too large", problems=(_PROBLEM,))),
)


def seeds(target: str) -> list[bytes]:
    """Inputs of a target."""
    return _SEEDS[target]()


def _body(payload: Payload) -> bytes:
    """Its packet, without what differs each time."""
    packet = control_pb2.ControlPacket.FromString(encode(payload))
    packet.request_id, packet.timestamp = "r", 1
    return packet.SerializeToString(deterministic=True)


def _bodies() -> list[bytes]:
    return [_body(payload) for payload in (*FROM_HOST, *FROM_WORKER)]


def _frames() -> list[bytes]:
    stream = frame(b"") + frame(b"abc") + frame(bytes(100)) + frame(b"end")
    pieces = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    in_pieces = b"".join(bytes([1, len(piece)]) + piece for piece in pieces)
    whole = bytes([1, len(stream)]) + stream
    return [in_pieces, whole, whole[:1] + bytes([len(stream) - 2]) + stream, bytes([0, 4]) + b"\x65\0\0\0", b"\1\4GET "]


def _raw(body: bytes) -> bytes:
    """A script's step that sends these bytes."""
    return b"\0" + len(body).to_bytes(2, "little") + body


def _conversations() -> list[bytes]:
    steps = [_raw(_body(payload)) for payload in FROM_WORKER[1:]]
    results = [_raw(_body(JobOutcome(job_id, started_ms=1, finished_ms=2))) for job_id in JOB_IDS]
    scripts = [b"".join(steps), b"".join(results), *steps, *map(_raw, _bodies()), results[0] * 2, b"\x30", b"\x38"]
    heads = (b"\0\0", b"\0\2", b"\1\1", b"\2\0")
    made_up = [bytes([64 + kind, kind]) + bytes(20) for kind in range(11)]
    return [head + script for head in heads for script in (*scripts[:2], scripts[-3])] + [
        heads[1] + script for script in (*scripts, *made_up)
    ]


def _introductions() -> list[bytes]:
    return [b"\0" + body for body in _bodies()] + [b"\x40" + _raw(body) for body in _bodies()[-8:]] + [
        b"\x80" + bytes([0, 0, 1, kind, 2, kind, kind, 1, kind]) + bytes(12) for kind in range(0, 256, 16)
    ]  # fmt: skip


def _sessions() -> list[bytes]:
    welcome = _raw(_body(FROM_HOST[0]))
    steps = [_raw(_body(payload)) for payload in FROM_HOST]
    job, batch, cancel, asked_back, probe, grant, full = steps[1:]
    served = [job + grant, job + full, job + cancel + grant, batch + grant + grant, batch + grant + cancel, probe * 3]
    served += [batch + asked_back + grant + grant, batch + grant + asked_back + grant]
    return [welcome + script for script in (*steps, *served, b"".join(served))] + list(map(_raw, _bodies()))


_SEEDS = {
    "frames": _frames,
    "packets": lambda: [*_bodies(), *[MADE_UP + bytes([kind]) + bytes(range(0, 240, 8)) for kind in range(11)]],
    "introductions": _introductions,
    "conversations": _conversations,
    "streams": lambda: [b"".join(map(frame, _bodies()[-7:])), *[frame(body) for body in _bodies()], b"\x10", b"GET / "],
    "sessions": _sessions,
}
