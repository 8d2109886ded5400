"""Packets that a hostile peer might make up: of the right shape, with anything in their fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.fuzz.dice import Dice
from vortex_prefect.core.errors import CODES
from vortex_prefect.wire._pb import control_pb2, job_pb2, tensor_pb2
from vortex_prefect.wire.payloads import PROTOCOL_VERSION, RoomGrant

HOST_ID = "host"
_PORTS = ("out", "in", "other")
_PORT_TYPES = ("ANY", "TENSOR", "LIST[TENSOR]", "JSON", "INT")
_DTYPES = ("float32", "uint8", "bool", "nothing")
_CODES = (*sorted(CODES), "XX-999", "")
_DEEPEST = 4


@dataclass(slots=True)
class Known:
    """What the peer knows, and uses to seem honest."""

    pid: int
    job_ids: Sequence[str] = ()
    grants: list[RoomGrant] = field(default_factory=list)


def packet(dice: Dice, known: Known) -> bytes:
    """A serialised ControlPacket with a payload of any kind."""
    made = control_pb2.ControlPacket()
    dice.pick(_MAKERS)(made, dice, known)
    _trace(made.trace_context, dice)
    return made.SerializeToString()


def handshake(dice: Dice, known: Known) -> bytes:
    """A serialised ControlPacket with a Handshake."""
    made = control_pb2.ControlPacket()
    _handshake(made, dice, known)
    _trace(made.trace_context, dice)
    return made.SerializeToString()


def _trace(target: job_pb2.TraceContext, dice: Dice) -> None:
    kind = dice.byte()
    if kind < 128:
        target.trace_id, target.span_id, target.parent_span_id = b"t" * 16, b"s" * 8, b"p" * 8
    elif kind < 192:
        parts = [dice.take(dice.byte() & 31) for _ in range(3)]
        target.trace_id, target.span_id, target.parent_span_id = parts


def _handshake(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    target = made.handshake
    target.protocol = PROTOCOL_VERSION if dice.byte() < 224 else dice.u32()
    target.pid = known.pid if dice.byte() < 224 else dice.u32()
    if dice.chance():
        target.catalogue_json = _catalogue(dice)
    target.worker_id, target.device, target.host_id = dice.text(), dice.text(["cpu"]), dice.text([HOST_ID])
    target.index, target.beat_ms, target.spin_us = dice.u32(), dice.u32(), dice.u32()
    target.capabilities.extend(dice.some(lambda: dice.text(["batch", "preview", "probe"])))
    if dice.byte() > 192:
        _error(target.error, dice)


def _catalogue(dice: Dice) -> bytes:
    """A list of declarations, or what looks like one."""
    if dice.byte() > 160:
        return dice.json()
    nodes = []
    for _ in range(dice.byte() % 3):
        fields = [b'"type":"t.node"', b'"title":"T"', b'"category":"c"']
        fields += [b'"%s":%s' % (name, dice.json()) for name in dice.some(lambda: dice.pick(_SPEC_FIELDS), 2)]
        param = b'[{"name":"p","type":"JSON","default":%s,"bounds":%s}]' % (dice.json(), dice.json())
        nodes.append(b'{%s,"params":%s}' % (b",".join(fields), param if dice.chance() else b"[]"))
    return b"[%s]" % b",".join(nodes)


_SPEC_FIELDS = (b"version", b"inputs", b"outputs", b"doc", b"files", b"volatile", b"title", b"category", b"what")


def _job(target: job_pb2.JobSubmit, dice: Dice, known: Known) -> None:
    target.job_id, target.execution_id = dice.text(known.job_ids), dice.text()
    target.node_id, target.node_type = dice.text(), dice.text()
    target.attempt, target.fingerprint = dice.u32(), dice.byte() > 240
    target.params_json = b"{}" if dice.byte() < 128 else dice.json()
    for _ in range(dice.byte() % 3):
        port = target.inputs.add(name=dice.text(_PORTS))
        for _ in range(dice.byte() % 3):
            _value(port.values.add(), dice, known)
    for _ in range(dice.byte() % 3):
        target.links.add(port=dice.text(_PORTS), outputs=dice.some(lambda: dice.text(_PORTS), 2))


def _batch(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    made.job_batch.SetInParent()
    for _ in range(dice.byte() % 4):
        job = made.job_batch.jobs.add()
        _job(job, dice, known)
        _trace(job.trace_context, dice)


def _result(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    target = made.job_result
    target.job_id = dice.text(known.job_ids)
    target.started_ms, target.finished_ms = dice.i64(), dice.i64()
    if dice.byte() > 192:
        _error(target.error, dice)
    for _ in range(dice.byte() % 3):
        _value(target.outputs.add(name=dice.text(_PORTS)).value, dice, known)


def _value(target: tensor_pb2.Value, dice: Dice, known: Known, depth: int = 0) -> None:
    target.type = dice.text(_PORT_TYPES)
    kind = dice.byte() % 8
    if kind < 3:
        target.json = dice.json()
    elif kind < 6:
        _ref(target.ref, dice, known)
    elif kind == 6 and depth < _DEEPEST:
        target.list.SetInParent()
        for _ in range(dice.byte() % 3):
            _value(target.list.items.add(), dice, known, depth + 1)


def _ref(target: tensor_pb2.TensorRef, dice: Dice, known: Known) -> None:
    """A reference: mostly to a block that was granted, else to none."""
    target.host, target.dtype, target.crc = dice.text([HOST_ID]), dice.text(_DTYPES), dice.u32()
    if known.grants and dice.byte() < 192:
        grant = dice.pick(known.grants)
        target.offset, target.nbytes, target.generation = grant.offset, grant.nbytes, grant.generation
    else:
        target.offset, target.nbytes, target.generation = dice.number(), dice.number(), dice.u32()
    if dice.byte() > 224:
        target.nbytes = dice.number()
    target.shape.extend(dice.some(dice.i64))


def _error(target: job_pb2.JobError, dice: Dice) -> None:
    target.code, target.message, target.traceback = dice.text(_CODES), dice.text(), dice.text()
    kind = dice.byte()
    if kind > 192:
        target.problems_json = dice.json()
    elif kind > 64:
        target.problems_json = b'[{"code":"VE-010","message":"m","%s":%s}]' % (
            dice.pick((b"code", b"message", b"node_id", b"port", b"path", b"hint", b"what")),
            dice.json(),
        )


def _beat(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    target = made.heartbeat
    target.tick, target.rss_bytes, target.device = dice.number(), dice.number(), dice.text(["cpu"])
    target.device_bytes, target.device_free_bytes = dice.number(), dice.number()
    target.residents.extend(dice.some(dice.text))
    target.probe, target.trim = dice.byte() > 192, dice.byte() > 192


def _progress(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    target = made.job_progress
    target.job_id, target.fraction, target.note = dice.text(known.job_ids), dice.fraction(), dice.text()


def _log(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    target = made.job_log
    target.job_id, target.text, target.at_ms = dice.text(known.job_ids), dice.blob(), dice.i64()
    target.level = (dice.number() & 0xFFFF_FFFF) - (1 << 31)


def _preview(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    made.job_preview.job_id, made.job_preview.jpeg = dice.text(known.job_ids), dice.blob()


def _cancel(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    made.job_cancel.job_id, made.job_cancel.unless_begun = dice.text(known.job_ids), dice.chance()


def _request(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    made.arena_request.nbytes = dice.number()


def _grant(made: control_pb2.ControlPacket, dice: Dice, known: Known) -> None:
    target = made.arena_grant
    target.offset, target.nbytes, target.generation = dice.number(), dice.number(), dice.u32()
    if dice.byte() > 192:
        _error(target.error, dice)


_MAKERS: tuple[Callable[[control_pb2.ControlPacket, Dice, Known], None], ...] = (
    _result,
    _request,
    _progress,
    _beat,
    _log,
    _preview,
    lambda made, dice, known: _job(made.job_submit, dice, known),
    _batch,
    _handshake,
    _cancel,
    _grant,
)
