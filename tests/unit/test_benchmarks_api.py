from __future__ import annotations

import select
import socket
import threading

import pytest

from benchmarks.api import quantile
from benchmarks.api_load import Load, plan, status_of

CALLS = [["read", 3, [["GET", "/a", None], ["GET", "/b", None]]], ["write", 1, [["POST", "/c", {"x": 1}]]]]


def test_requests_are_planned_at_equal_distances_and_the_same_each_time() -> None:
    planned = plan(CALLS, 1, rate=50.0, seconds=4.0)
    assert [due for due, _, _ in planned] == [number / 50 for number in range(200)]
    assert planned == plan(CALLS, 1, rate=50.0, seconds=4.0)
    assert 20 < sum(name == "write" for _, name, _ in planned) < 80
    paths = [text.split()[1] for _, name, text in planned if name == "read"]
    assert paths[:4] == [b"/a", b"/b", b"/a", b"/b"]


def test_a_body_travels_with_its_length() -> None:
    [(_, _, text), *_] = plan(CALLS[1:], 1, rate=1.0, seconds=1.0)
    assert b"Content-Length: 8\r\n" in text
    assert text.endswith(b'\r\n\r\n{"x": 1}')


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-le", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", None),
        (b"HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\nabc", 503),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    ],
)
def test_an_answer_is_cut_at_its_length(received: bytes, status: int | None) -> None:
    assert status_of(bytearray(received)) == status


def test_refusals_and_lost_connections_are_errors_and_refusals_have_a_latency() -> None:
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", b""]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(server, answers))
        thread.start()
        tally = Load(port, connections=1).run(plan(CALLS[1:], port, rate=100.0, seconds=0.03))
        thread.join(10)
    assert tally.errors == {"write: 500": 1, "write: closed": 1}
    assert len(tally.latencies_ms["write"]) == 2


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], part) for part in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 4.0, 4.0]


def _serve(server: socket.socket, answers: list[bytes]) -> None:
    """Answers requests in the order in which they come, on however many connections; nothing: the connection ends."""
    server.settimeout(10)
    poll, open_ = select.poll(), {server.fileno(): server}
    poll.register(server, select.POLLIN)
    for answer in answers:
        while (number := poll.poll(10_000)[0][0]) == server.fileno():
            made, _ = server.accept()
            open_[made.fileno()] = made
            poll.register(made, select.POLLIN)
        assert open_[number].recv(1 << 16)
        if answer:
            open_[number].sendall(answer)
        else:
            poll.unregister(number)
            open_.pop(number).close()
    del open_[server.fileno()]
    for connection in open_.values():
        connection.recv(1)  # the other side has ended it
        connection.close()
