"""`python -m benchmarks.api_load`: HTTP requests at fixed times, whether or not the ones before are answered.

Standard input has one JSON object, `{port, rate, seconds, calls: [[name, weight, [[method, path, body], …]], …]}`; the
answer is one JSON object. A latency runs from the time at which its request was due until the last byte of the answer.
`busy` is the share of one processor that this process took, and `late_p99_ms` how long requests that were due lay here
before they were written: both far below the latencies, else the figures are the generator's own. That is why it is no
HTTP library but one thread that waits for sockets: it cuts an answer at its Content-Length and looks at its status.
"""

from __future__ import annotations

import heapq
import json
import random
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

#: Connections that are kept; a request beyond that many opens one more.
_CONNECTIONS = 16
_ANSWER_LIMIT_S = 30.0
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"

#: When it is due, in seconds from the start, its name, and its bytes.
Planned = tuple[float, str, bytes]


@dataclass(slots=True)
class Connection:
    """One kept connection and what it waits for."""

    socket: socket.socket
    name: str = ""
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))


@dataclass(slots=True)
class Tally:
    """What came of the requests."""

    latencies_ms: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    late_ms: list[float] = field(default_factory=list)

    def failed(self, name: str, what: str) -> None:
        """Count what is no answer, or not the one that it should be."""
        key = f"{name}: {what}"
        self.errors[key] = self.errors.get(key, 0) + 1


def plan(calls: list[Any], port: int, rate: float, seconds: float, seed: int = 0) -> list[Planned]:
    """Requests at equal distances, drawn by weight; the same for the same arguments."""
    draw = random.Random(seed)
    names = [name for name, _, _ in calls]
    weights = [weight for _, weight, _ in calls]
    texts = {name: [_request(port, *variant) for variant in variants] for name, _, variants in calls}
    turns = dict.fromkeys(names, 0)
    planned = []
    for number in range(int(rate * seconds)):
        [name] = draw.choices(names, weights)
        planned.append((number / rate, name, texts[name][turns[name] % len(texts[name])]))
        turns[name] += 1
    return planned


def _request(port: int, method: str, path: str, body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if content else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{kind}\r\n".encode() + content


class Load:
    """The requests on their way, on one epoll."""

    def __init__(self, port: int, connections: int = _CONNECTIONS) -> None:
        self._port = port
        self._connections = connections
        self._poll = select.epoll()
        self._busy: dict[int, Connection] = {}
        self._free: deque[Connection] = deque()
        self.tally = Tally()

    def run(self, planned: list[Planned]) -> Tally:
        """Send everything when it is due, and wait for the answers."""
        self._free.extend(self._open() for _ in range(self._connections))
        waiting = list(planned)
        heapq.heapify(waiting)
        began = time.perf_counter()
        last = waiting[-1][0] if waiting else 0.0
        while waiting or self._busy:
            now = time.perf_counter() - began
            while waiting and waiting[0][0] <= now:
                due, name, text = heapq.heappop(waiting)
                self._send(began + due, name, text)
                now = time.perf_counter() - began
            if now > last + _ANSWER_LIMIT_S:
                break
            timeout = max(0.0, waiting[0][0] - now) if waiting else 0.5
            for number, event in self._poll.poll(timeout):
                self._on_event(self._busy.get(number), event)
        for connection in tuple(self._busy.values()):
            self._drop(connection, "no answer")
        while self._free:
            self._free.popleft().socket.close()
        self._poll.close()
        return self.tally

    def _send(self, due: float, name: str, text: bytes) -> None:
        connection = self._free.popleft() if self._free else self._open()
        connection.name, connection.due, connection.unsent = name, due, memoryview(text)
        self._busy[connection.socket.fileno()] = connection
        self._poll.register(connection.socket.fileno(), select.EPOLLIN)
        self._write(connection)
        self.tally.late_ms.append(1000 * (time.perf_counter() - due))

    def _open(self) -> Connection:
        made = socket.create_connection(("127.0.0.1", self._port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        return Connection(made)

    def _write(self, connection: Connection) -> None:
        try:
            connection.unsent = connection.unsent[connection.socket.send(connection.unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self._drop(connection, type(error).__name__)
            return
        wanted = select.EPOLLIN | (select.EPOLLOUT if connection.unsent else 0)
        self._poll.modify(connection.socket.fileno(), wanted)

    def _on_event(self, connection: Connection | None, event: int) -> None:
        if connection is None:
            return
        if event & select.EPOLLOUT:
            self._write(connection)
        if not event & ~select.EPOLLOUT:
            return
        try:
            data = connection.socket.recv(1 << 20)
        except OSError as error:
            self._drop(connection, type(error).__name__)
            return
        if not data:
            self._drop(connection, "closed")
            return
        connection.received += data
        if (status := status_of(connection.received)) is not None:
            self._answered(connection, status)

    def _answered(self, connection: Connection, status: int) -> None:
        elapsed_ms = 1000 * (time.perf_counter() - connection.due)
        self.tally.latencies_ms.setdefault(connection.name, []).append(elapsed_ms)
        if not 200 <= status < 300:
            self.tally.failed(connection.name, str(status))
        self._release(connection)
        connection.received = bytearray()
        self._free.append(connection)

    def _drop(self, connection: Connection, what: str) -> None:
        self.tally.failed(connection.name, what)
        self._release(connection)
        connection.socket.close()

    def _release(self, connection: Connection) -> None:
        self._poll.unregister(connection.socket.fileno())
        del self._busy[connection.socket.fileno()]


def status_of(received: bytearray) -> int | None:
    """The status of an answer that is there as a whole; null while it is not."""
    head = received.find(_END)
    if head < 0:
        return None
    start = received.lower().find(_LENGTH, 0, head)
    length = int(received[start + len(_LENGTH) : received.find(b"\r", start)]) if start >= 0 else 0
    return int(received[9:12]) if len(received) >= head + len(_END) + length else None


def main() -> None:
    """One order, one answer."""
    order = json.loads(sys.stdin.readline())
    planned = plan(order["calls"], order["port"], order["rate"], order["seconds"], order.get("seed", 0))
    began, took = time.monotonic(), time.process_time()
    tally = Load(order["port"]).run(planned)
    busy = (time.process_time() - took) / (time.monotonic() - began)
    late = sorted(tally.late_ms)
    result = {"latencies_ms": tally.latencies_ms, "errors": tally.errors, "busy": busy}
    print(json.dumps({**result, "late_p99_ms": late[len(late) * 99 // 100]}), flush=True)


if __name__ == "__main__":
    main()
