"""What a client hears while no owner answers: SY-010, and when to come back."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Receive, Scope, Send

from vortex_prefect.bridge.problems import answer
from vortex_prefect.core.errors import SystemFault, VortexError

#: WebSocket close code: try again later.
TRY_LATER = 1013
#: A takeover takes about so many seconds.
_RETRY_AFTER_S = 1
_CLOSE_S = 1.0
_REASON_BYTES = 123


def no_owner(message: str) -> SystemFault:
    """SY-010."""
    return SystemFault("SY-010", message)


async def refuse(error: VortexError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the error; a WebSocket is opened for that, since browsers tell nobody of a handshake that failed."""
    if scope["type"] == "http":
        response = answer(error)
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
        await response(scope, receive, send)
        return
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": TRY_LATER, "reason": reason_of(str(error))})


def reason_of(text: str) -> str:
    """As much of it as a closing frame has room for."""
    return text.encode()[:_REASON_BYTES].decode(errors="ignore")
