"""When things happen, and that they hold."""

from __future__ import annotations

import datetime
import time
from typing import Annotated, NamedTuple

from vortex_worker.packs.core.text import as_text
from vortex_worker.sdk import Any, Context, Doc, Many, Range, Unit, Widget, node

#: How often a wait asks whether it was cancelled.
_LOOK_S = 0.05


class Moment(NamedTuple):
    seconds: Annotated[float, Doc("Since 1970 in UTC.")]
    text: Annotated[str, Doc("ISO 8601, in UTC.")]


class Timed(NamedTuple):
    out: Any
    seconds: Annotated[float, Doc("Since the moment.")]


@node("core.assert", category="flow", title="Make sure", outputs=("out",))
def make_sure(
    value: Any,
    condition: Annotated[bool, Doc("Connect a comparison.")] = True,
    message: Annotated[
        str, Widget("text"), Doc("What the error says; {value} is the value.")
    ] = "the condition does not hold",
) -> Any:
    """Pass a value on if a condition holds; fail if not."""
    if not condition:
        raise ValueError(message.replace("{value}", as_text(value)[:500]))
    return value


@node("core.barrier", category="flow", title="Cache barrier", volatile=True, outputs=("out",))
def barrier(value: Any) -> Any:
    """Pass a value on, and let all that comes after run anew every time."""
    return value


@node("core.after", category="flow", title="Wait for others", outputs=("out",))
def after(value: Any, others: Annotated[Many[Any], Doc("What has to be done first; not used otherwise.")]) -> Any:
    """Pass a value on once other nodes are done."""
    del others
    return value


@node("core.wait", category="flow", volatile=True, outputs=("out",))
def wait(value: Any, ctx: Context, seconds: Annotated[float, Range(0.0, 86400.0), Unit("s")] = 1.0) -> Any:
    """Pass a value on after a while."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        ctx.progress(waited / seconds)
        time.sleep(min(_LOOK_S, seconds - waited))
    return value


@node("core.now", category="flow", title="Time of day", volatile=True)
def now() -> Moment:
    """What the clock says when the node runs."""
    seconds = time.time()
    return Moment(seconds, datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat())


@node("core.timer", category="flow", volatile=True)
def timer(value: Any, since: Annotated[float, Range(0.0, 1e12), Doc("Seconds of core.now, before.")] = 0.0) -> Timed:
    """Pass a value on, and tell how long ago a moment was: how long what lies between took."""
    return Timed(value, time.time() - since)
