"""A client's hold on a tensor of the arena, for as long as its connection to the engine stands."""

from __future__ import annotations

import socket
import weakref
from pathlib import Path
from typing import Any

import msgpack

from vortex_prefect.core.errors import SystemFault, VortexError, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.ipc.engine_link import LENGTH, pack

_TIMEOUT_S = 10.0
#: An answer is a reference and a path.
_MAX_ANSWER_BYTES = 1 << 20


class Lease:
    """Keeps a tensor, or those of a list, from being evicted, until `close`.

    The end of the last reference to this closes it, and the end of this process, however that comes.

    Attributes:
        value: the tensor or the list, by reference.
        arena_path: the file that it lies in.
    """

    def __init__(self, connection: socket.socket, value: Value, arena_path: Path) -> None:
        self._end = weakref.finalize(self, connection.close)
        self.value = value
        self.arena_path = arena_path

    @classmethod
    def take(cls, engine: Path, execution_id: str, node: str, port: str) -> Lease:
        """Hold an output of an execution, through the engine that answers at a socket.

        Raises:
            VortexError: SY-004 no engine answers there, RQ-002 it knows no such output, WK-002 it is gone.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(engine))
            connection.sendall(pack({"id": 1, "op": "hold", "args": [execution_id, node, port]}))
            value, arena_path = _answer(connection)
            return cls(connection, Value.from_dict(value), Path(arena_path))
        except OSError as error:
            connection.close()
            raise SystemFault("SY-004", f"nothing answers at {engine}: {error}") from error
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Let go. Repeating does nothing."""
        self._end()


def _answer(connection: socket.socket) -> Any:
    (length,) = LENGTH.unpack(_read(connection, LENGTH.size))
    if length > _MAX_ANSWER_BYTES:
        raise WorkerError("WK-010", f"an answer announces {length} bytes")
    message = msgpack.unpackb(_read(connection, length))
    if "error" in message:
        raise VortexError.from_dict(message["error"])
    return message["result"]


def _read(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        if not (more := connection.recv(length - len(data))):
            raise ConnectionResetError("the engine closed the connection")
        data += more
    return bytes(data)
