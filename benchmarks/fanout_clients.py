"""`python -m benchmarks.fanout_clients PORT GRAPH COUNT`: clients that only note when bytes came, and read them later.

It prints `ready`, and after a line on standard input one JSON object. `busy` is the share of one processor that it
took while it received: far below 1, the clients wait for the server and not the other way round.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Iterator

_QUIET_S = 1.0
#: Seconds from one sign of life of a client to its next: the bridge gives up one that shows none for 25 s, and on a
#: machine that is busy with other things the messages take longer than that.
_ALIVE_S = 5.0
_PONG = b"\x8a\x80\0\0\0\0"


def connect(port: int, graph_id: str) -> socket.socket:
    """A socket whose handshake is answered."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(
        f"GET /ws?graph_id={graph_id} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1)
    if not answer.startswith(b"HTTP/1.1 101"):
        raise SystemExit(f"no figure: {answer!r}")
    return client


def main() -> None:
    """Receive until a line comes on standard input, and then until nothing has come for a second."""
    port, graph_id, count = sys.argv[1:]
    clients = {client.fileno(): client for client in (connect(int(port), graph_id) for _ in range(int(count)))}
    if graph_id != "none":
        # The handshake is answered before the client has joined; once it has the graph, it misses nothing.
        for client in clients.values():
            client.recv(1, socket.MSG_PEEK)
    poll = select.epoll()
    for number in clients:
        poll.register(number, select.EPOLLIN)
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    print("ready", flush=True)
    print(json.dumps(_figures(*_receive(clients, poll))), flush=True)


Chunks = dict[int, list[tuple[int, bytes]]]


def _receive(clients: dict[int, socket.socket], poll: select.epoll) -> tuple[Chunks, float]:
    chunks: Chunks = {number: [] for number in clients}
    began, took, timeout = time.monotonic(), time.process_time(), -1.0
    alive, told = list(clients.values()), 0
    while ready := poll.poll(timeout):
        # One after the other: all at once would delay the messages that are measured.
        if timeout < 0 and time.monotonic() - began > told * _ALIVE_S / len(alive):
            alive[told % len(alive)].sendall(_PONG)
            told += 1
        for number, _ in ready:
            if number not in clients:
                poll.unregister(number)
                timeout = _QUIET_S
                continue
            data = clients[number].recv(1 << 18)
            chunks[number].append((time.monotonic_ns() // 1000, data))
            if not data:
                poll.unregister(number)
    return chunks, (time.process_time() - took) / (time.monotonic() - began)


def _figures(chunks: Chunks, busy: float) -> dict[str, object]:
    delays, certain, out_of_order, received, stamps = list[int](), list[int](), 0, 0, list[int]()
    for parts in chunks.values():
        last, found = 0, 0
        for stamp, text in _texts(parts):
            message = json.loads(text)
            if message["type"] == "graph.sync":
                continue
            out_of_order += message["seq"] <= last
            last = message["seq"]
            received += 1
            found += "n" in message["payload"]
            delays.append(stamp - message["ts_ms"])
            stamps.append(stamp)
        certain.append(found)
    return {
        "delays_us": sorted(delays), "certain": certain, "out_of_order": out_of_order, "received": received,
        "span_s": (max(stamps) - min(stamps)) / 1e6, "busy": busy,
    }  # fmt: skip


def _texts(parts: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Texts with the time at which their last byte came."""
    buffer = b""
    for stamp, data in parts:
        buffer += data
        while len(buffer) >= 2:
            head, length = (2, buffer[1]) if buffer[1] < 126 else (4, int.from_bytes(buffer[2:4], "big"))
            if len(buffer) < head + length:
                break
            if buffer[0] == 0x81:
                yield stamp, buffer[head : head + length]
            buffer = buffer[head + length :]


if __name__ == "__main__":
    main()
