"""How long a packet takes to a worker and back."""

from __future__ import annotations

import time

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_span_id, new_trace_id
from vortex_prefect.core.job import TraceContext
from vortex_prefect.ipc.channel import Channel
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Beat, Probe

_PATIENCE_S = 10.0
#: Beats that the worker sends of its own accord count from 1.
_FIRST_TICK = 1 << 40


def round_trips_us(channel: Channel, count: int) -> list[float]:
    """Times of `count` packets, one after the other, in microseconds: built, sent, parsed, answered, parsed.

    Raises:
        ChannelClosed: the worker died.
        WorkerError: WK-001, it does not answer; WK-010, it answers something else.
    """
    trace = TraceContext(new_trace_id(), new_span_id())
    taken = []
    for tick in range(_FIRST_TICK, _FIRST_TICK + count):
        started = time.perf_counter_ns()
        channel.send(encode(Probe(tick), trace))
        while _tick(channel) != tick:
            pass  # a beat
        taken.append((time.perf_counter_ns() - started) / 1000)
    return taken


def _tick(channel: Channel) -> int:
    body = channel.receive(_PATIENCE_S)
    if body is None:
        raise WorkerError("WK-001", f"the worker has not answered within {_PATIENCE_S:g} s")
    beat = decode(body)
    if not isinstance(beat, Beat):
        raise WorkerError("WK-010", f"the worker answered a probe with {type(beat).__name__}")
    return beat.tick
