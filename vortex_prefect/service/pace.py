"""A stream that has to keep coming."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from vortex_prefect.core.errors import RequestError


@dataclass(frozen=True, slots=True)
class Pace:
    """What a sender has to keep up."""

    #: Seconds without anything.
    idle_s: float = 30.0
    #: Bytes a second over the whole, once `grace_s` has passed.
    least_bytes_s: int = 4096
    grace_s: float = 30.0


async def paced(chunks: AsyncIterator[bytes], pace: Pace) -> AsyncIterator[bytes]:
    """The chunks as they come.

    Raises:
        RequestError: RQ-001, they stopped, or come too slowly to be worth a place.
    """
    loop = asyncio.get_running_loop()
    began, size = loop.time(), 0
    while True:
        try:
            async with asyncio.timeout(pace.idle_s):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RequestError("RQ-001", f"nothing came for {pace.idle_s:g} s", "Send the file again.") from None
        size += len(chunk)
        took_s = loop.time() - began
        if took_s > pace.grace_s and size < took_s * pace.least_bytes_s:
            raise RequestError("RQ-001", f"it comes more slowly than {pace.least_bytes_s} bytes a second")
        yield chunk
