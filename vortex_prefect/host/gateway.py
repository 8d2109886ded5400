"""Where workers come in: accepts them, agrees on the protocol, hands over their channels."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.ipc.channel import Channel, ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel, UnixListener
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import PROTOCOL_VERSION, Hello, Welcome

logger = logging.getLogger(__name__)

#: A peer that has not said hello by then is not a worker.
_HELLO_TIMEOUT_S = 10.0
#: Peers that are greeted at once; more are sent away.
_MOST_GREETED = 64

#: Called with the worker's hello, its catalogue and its channel; false refuses it. The welcome is the callee's to send.
Admit = Callable[[Hello, Catalogue, UnixChannel], bool]


class Gateway:
    """Listens at a socket in a thread of its own."""

    def __init__(self, path: Path, admit: Admit) -> None:
        self._admit = admit
        self._listener = UnixListener(path)
        self._lock = threading.Lock()
        #: Peers that have not introduced themselves, and the threads that wait for it.
        self._greeting: dict[UnixChannel, threading.Thread] = {}
        self._thread = threading.Thread(target=self._listen, name="vortex-gateway", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; channels that were handed over stay open."""
        self._listener.close()
        self._thread.join()
        with self._lock:
            greeting = dict(self._greeting)
        for channel, thread in greeting.items():
            channel.close()
            thread.join()

    def _listen(self) -> None:
        while True:
            try:
                channel = self._listener.accept()
            except ChannelClosed:
                return
            except WorkerError as refused:
                logger.warning("%s", refused)
                continue
            # Each peer has its own thread, so that a silent one keeps nobody else out.
            thread = threading.Thread(target=self._greet, args=(channel,), name="vortex-greet", daemon=True)
            with self._lock:
                crowded = len(self._greeting) >= _MOST_GREETED
                if not crowded:
                    self._greeting[channel] = thread
            if crowded:
                logger.warning("more than %d peers have not introduced themselves; one is sent away", _MOST_GREETED)
                channel.close()
            else:
                thread.start()

    def _greet(self, channel: UnixChannel) -> None:
        try:
            hello, catalogue = introduction(channel, channel.peer_pid)
            if not self._admit(hello, catalogue, channel):
                raise WorkerError("WK-010", f"nobody started a worker with the process id {hello.pid}")
        except ChannelClosed as closed:
            logger.warning("a worker left during the handshake: %s", closed)
            channel.close()
        except WorkerError as error:
            logger.warning("a peer was refused: %s", error)
            with contextlib.suppress(ChannelClosed):
                channel.send(encode(Welcome("", "", "", "", error=error)))
            channel.close()
        finally:
            with self._lock:
                self._greeting.pop(channel, None)


def introduction(channel: Channel, peer_pid: int) -> tuple[Hello, Catalogue]:
    """What a peer says of itself, checked.

    Raises:
        ChannelClosed: it left.
        WorkerError: WK-010, it is no worker, or none that this host can talk to.
    """
    body = channel.receive(_HELLO_TIMEOUT_S)
    hello = decode(body) if body is not None else None
    if not isinstance(hello, Hello):
        raise WorkerError("WK-010", "the peer did not introduce itself")
    if hello.protocol != PROTOCOL_VERSION:
        raise WorkerError("WK-010", f"the worker speaks protocol {hello.protocol}, this host {PROTOCOL_VERSION}")
    if hello.pid != peer_pid:
        raise WorkerError("WK-010", f"the peer says it is process {hello.pid}, but it is {peer_pid}")
    try:
        return hello, Catalogue.from_list(hello.catalogue)
    except ValidationError as error:
        raise WorkerError("WK-010", f"the worker's catalogue is malformed: {error}") from error
