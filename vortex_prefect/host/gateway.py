"""Where workers come in: accepts them, agrees on the protocol, hands over their channels."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.ipc.channel import Channel, ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel, UnixListener
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import PROTOCOL_VERSION, Hello, Welcome

logger = logging.getLogger(__name__)

#: A peer that has not said hello by then is not a worker.
_HELLO_TIMEOUT_S = 10.0
#: Peers that are greeted at once; for one more, the one that has been silent for longest is sent away.
_MOST_GREETED = 64
#: Of what is wrong with a catalogue, in characters.
_LONGEST_REASON = 2000

#: Called with the worker's hello, its catalogue and its channel; false refuses it. The welcome is the callee's to send.
Admit = Callable[[Hello, Catalogue, UnixChannel], bool]


class Gateway:
    """Listens at a socket in a thread of its own."""

    def __init__(self, path: Path, admit: Admit) -> None:
        self._admit = admit
        self._listener = UnixListener(path)
        self._lock = threading.Lock()
        #: Peers that are being greeted, and the threads that do it.
        self._greeting: dict[UnixChannel, threading.Thread] = {}
        #: Those of them that have not introduced themselves, in the order in which they came.
        self._silent: dict[UnixChannel, None] = {}
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
                crowded = len(self._silent) >= _MOST_GREETED
                # A worker says hello as soon as it has connected: who has waited for longest is the least likely one.
                sent_away = next(iter(self._silent)) if crowded else None
                if sent_away is not None:
                    del self._silent[sent_away]
                self._greeting[channel] = thread
                self._silent[channel] = None
            if sent_away is not None:
                logger.warning("more than %d peers have not introduced themselves; one is sent away", _MOST_GREETED)
                sent_away.close()
            thread.start()

    def _greet(self, channel: UnixChannel) -> None:
        admitted = False
        try:
            hello, catalogue = self._introduced(channel)
            if not self._admit(hello, catalogue, channel):
                raise WorkerError("WK-010", f"nobody started a worker with the process id {hello.pid}")
            admitted = True
        except ChannelClosed as closed:
            logger.warning("a worker left during the handshake: %s", closed)
        except WorkerError as error:
            logger.warning("a peer was refused: %s", error)
            with contextlib.suppress(ChannelClosed):
                channel.send(encode(Welcome("", "", "", "", error=error)))
        finally:
            if not admitted:
                channel.close()
            with self._lock:
                self._silent.pop(channel, None)
                self._greeting.pop(channel, None)

    def _introduced(self, channel: UnixChannel) -> tuple[Hello, Catalogue]:
        try:
            found = introduction(channel, channel.peer_pid)
        except OSError as error:  # it was sent away before its thread had begun
            raise ChannelClosed(str(error)) from error
        with self._lock:
            if channel not in self._silent:
                raise ChannelClosed("it was sent away")
            # From here on it is nobody's to send away.
            del self._silent[channel]
        return found


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
    except (ValueError, RecursionError) as error:  # pydantic's own are ValueErrors, and list every field
        why = str(error)[:_LONGEST_REASON]
        raise WorkerError("WK-010", f"the worker's catalogue is malformed: {why}") from error
