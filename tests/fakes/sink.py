"""Takes published messages, and lets a test wait for the one that it expects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vortex_prefect.service.messages import Message

#: Seconds after which a message that did not come fails the test; a disk may stand still for ten.
PATIENCE_S = 60.0


class MessageSink:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._seen = 0
        self._arrived = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._arrived.set()

    def types(self) -> list[str]:
        return [message.type for message in self.messages]

    def of(self, type: str) -> list[Message]:
        return [message for message in self.messages if message.type == type]

    async def next(self, type: str, where: Callable[[Message], bool] = lambda _: True) -> Message:
        """The first message of that type that no earlier call has passed by."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._seen < len(self.messages):
                    message = self.messages[self._seen]
                    self._seen += 1
                    if message.type == type and where(message):
                        return message
                self._arrived.clear()
                await self._arrived.wait()
