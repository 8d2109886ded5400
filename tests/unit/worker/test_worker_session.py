"""The worker's end of a job: what it sends, in which order, and who sends it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.core.log_line import LINES_A_JOB
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import decode, decode_traced, encode
from vortex_prefect.wire.payloads import (
    BATCH,
    PREVIEW,
    PROTOCOL_VERSION,
    Batch,
    Beat,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Preview,
    Probe,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
)
from vortex_worker import session as module
from vortex_worker.sdk.context import Cancelled
from vortex_worker.session import HostSession

JOB = Job("j", "e", "n", "t")
STATE = Beat(0, 7, "cuda:0", 5, 6, ("model",))
WELCOME = Welcome("h", "arena", "outputs", "state", worker_id="h/0")

Run = Callable[[HostSession], None]


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Heartbeats that end their own thread instead of this process; the codes with which they did."""
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        raise SystemExit

    beat = HostSession._beat

    def beat_until_the_end(session: HostSession) -> None:
        with contextlib.suppress(SystemExit):
            beat(session)

    monkeypatch.setattr(module, "os", SimpleNamespace(_exit=end))
    monkeypatch.setattr(HostSession, "_beat", beat_until_the_end)
    yield codes
    _await_heartbeats()


def _await_heartbeats() -> None:
    for thread in threading.enumerate():
        if thread.name == "heartbeat":
            thread.join(10)


@pytest.fixture(autouse=True)
def no_heartbeat(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the process when its host is gone; and what is said is to be said for one reason only."""
    if "beating" not in request.fixturenames:
        monkeypatch.setattr(HostSession, "_beat", lambda session: None)


class Peer:
    """The host's end of a session that serves in a thread.

    Args:
        run: what becomes of a job.
        welcome: null for a session that never shook hands.
    """

    def __init__(self, run: Callable[[HostSession, Job], JobOutcome], welcome: Welcome | None = None) -> None:
        self._channel, there = MemoryChannel.pair()
        self.session = HostSession(there)
        self.trims = 0
        self.failure: BaseException | None = None
        if welcome is not None:
            self.say(welcome)
            self.session.open(Hello(1, []))
            assert isinstance(self.hear(), Hello)
        self._run = run
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self.session.serve(lambda job: self._run(self.session, job), lambda: STATE, self._trim)
        except (ChannelClosed, WorkerError, RecursionError) as error:
            self.failure = error
            self.session._channel.close()

    def _trim(self) -> None:
        self.trims += 1

    def say(self, *payloads: Payload) -> None:
        for payload in payloads:
            self._channel.send(encode(payload))

    def hear(self) -> Payload:
        return self.hear_traced()[0]

    def hear_traced(self) -> tuple[Payload, TraceContext]:
        body = self._channel.receive(10)
        assert body is not None, "the worker says nothing"
        return decode_traced(body)

    def hear_all(self, results: int) -> list[Payload]:
        """Everything up to so many results."""
        heard: list[Payload] = []
        while sum(isinstance(payload, JobOutcome) for payload in heard) < results:
            heard.append(self.hear())
        return heard

    def hear_nothing_more(self) -> None:
        """See that there is nothing between what was heard and the answer to a question."""
        self.say(Probe(9999))
        assert self.hear() == STATE._replace(tick=9999)

    def close(self) -> None:
        self._channel.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


Connect = Callable[..., Peer]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes peers, and hangs up in the end."""
    peers: list[Peer] = []

    def make(run: Callable[[HostSession, Job], JobOutcome], welcome: Welcome | None = None) -> Peer:
        peers.append(Peer(run, welcome))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


def _gives_one(session: HostSession, job: Job) -> JobOutcome:
    return JobOutcome(job.job_id, {"out": Value("INT", data=1)})


def told_of(run: Run) -> list[Payload]:
    """Everything that the host hears of one job, its outcome last."""

    def job(session: HostSession, job: Job) -> JobOutcome:
        run(session)
        return _gives_one(session, job)

    peer = Peer(job)
    peer.say(JOB)
    heard = peer.hear_all(1)
    peer.close()
    return heard


def lines(heard: list[Payload]) -> list[tuple[str, str]]:
    return [(packet.job_id, packet.line.text) for packet in heard if isinstance(packet, JobLog)]


# -- the handshake -----------------------------------------------------------------------------


def _opened(answer: Payload) -> tuple[HostSession, Welcome]:
    here, there = MemoryChannel.pair()
    session = HostSession(there)
    here.send(encode(answer))
    return session, session.open(Hello(1, []))


def test_a_welcome_is_taken_as_it_comes() -> None:
    welcome = replace(WELCOME, index=3, device="cuda:1", beat_ms=250, spin_us=50, capabilities=frozenset({PREVIEW}))
    assert _opened(welcome)[1] == welcome


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (replace(WELCOME, error=WorkerError("WK-010", "nobody started you")), "nobody started you"),
        (replace(WELCOME, protocol=PROTOCOL_VERSION + 1), f"the host speaks protocol {PROTOCOL_VERSION + 1}"),
        (Probe(1), "did not answer the handshake"),
    ],
    ids=["refused", "another protocol", "no welcome"],
)
def test_a_host_that_does_not_welcome_the_worker_is_left(answer: Payload, why: str) -> None:
    with pytest.raises(WorkerError, match="WK-010") as raised:
        _opened(answer)
    assert why in raised.value.message


# -- what a node says --------------------------------------------------------------------------


def test_what_a_node_says_comes_before_its_result() -> None:
    def run(session: HostSession) -> None:
        print("printed")
        logging.getLogger("n").warning("logged")
        print("begun", end="")

    assert lines(told_of(run)) == [("j", "printed"), ("j", "logged"), ("j", "begun")]


def test_how_much_was_dropped_is_said_before_the_result() -> None:
    def run(session: HostSession) -> None:
        for number in range(2 * LINES_A_JOB):
            print(number)

    heard = told_of(run)
    assert len(heard) <= LINES_A_JOB + 2
    assert "more lines were dropped" in lines(heard)[-1][1]


def test_a_note_of_progress_is_a_line_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 0.0)

    def run(session: HostSession) -> None:
        for fraction, note in ((0.1, "loading"), (0.2, "loading"), (0.3, ""), (0.4, "loading"), (0.5, "sampling")):
            session.report("j", fraction, note)

    heard = told_of(run)
    assert lines(heard) == [("j", "loading"), ("j", "sampling")]
    assert len([packet for packet in heard if isinstance(packet, Progress)]) == 5


def test_notes_are_throttled_as_progress_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 1000.0)

    def run(session: HostSession) -> None:
        for step in range(100):
            session.report("j", 0.5, f"step {step}")

    assert len(lines(told_of(run))) <= 1


def test_a_finaliser_that_speaks_while_a_packet_is_sent_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    send = MemoryChannel.send
    spoken: list[bool] = []

    def interrupted(channel: MemoryChannel, body: bytes) -> None:
        if isinstance(decode(body), Progress) and not spoken:
            spoken.append(True)
            print("from a finaliser")
        send(channel, body)

    monkeypatch.setattr(MemoryChannel, "send", interrupted)
    assert lines(told_of(lambda session: session.report("j", 0.5, ""))) == [("j", "from a finaliser")]


def test_a_packet_that_is_too_long_is_its_senders_affair() -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        HostSession(MemoryChannel.pair()[0])._send(bytes((16 << 20) + 1))


@pytest.mark.parametrize(
    ("welcome", "seen"),
    [
        (replace(WELCOME, capabilities=frozenset({PREVIEW, BATCH})), [Preview("j", b"jpeg")]),
        (replace(WELCOME, capabilities=frozenset({BATCH})), []),
        (None, []),
    ],
    ids=["both can", "the host cannot", "before any handshake"],
)
def test_previews_are_sent_to_a_host_that_wants_them(
    connect: Connect, welcome: Welcome | None, seen: list[Payload]
) -> None:
    def run(session: HostSession, job: Job) -> JobOutcome:
        session.show(job.job_id, b"jpeg")
        return _gives_one(session, job)

    peer = connect(run, welcome)
    peer.say(JOB)
    assert peer.hear_all(1) == [*seen, _gives_one(peer.session, JOB)]


# -- results -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ({"out": Value("JSON", data=object())}, "not JSON serializable"),
        ({"out": Value("STRING", data="x" * MAX_FRAME_BYTES)}, "above the limit of 16777216"),
        ({"\ud800": Value("INT", data=1)}, "has no form on the wire"),
    ],
    ids=["no JSON", "too long", "no UTF-8"],
)
def test_a_result_that_cannot_be_sent_is_a_failure_of_the_node(
    connect: Connect, outputs: dict[str, Value], why: str
) -> None:
    peer = connect(lambda session, job: JobOutcome(job.job_id, outputs, started_ms=3, finished_ms=4))
    peer.say(JOB)
    result = peer.hear()
    assert isinstance(result, JobOutcome)
    assert (result.job_id, result.outputs, result.started_ms, result.finished_ms) == ("j", {}, 3, 4)
    assert result.error is not None
    assert result.error.code == "WK-003"
    assert result.error.message.startswith("a result cannot be sent: ")
    assert why in result.error.message
    peer.hear_nothing_more()


def test_a_result_that_is_too_deep_is_a_failure_of_the_node(connect: Connect) -> None:
    deep = Value("INT", data=1)
    for _ in range(5000):
        deep = Value("ANY", items=(deep,))
    peer = connect(lambda session, job: JobOutcome(job.job_id, {"out": deep}))
    peer.say(JOB)
    result = peer.hear()
    assert isinstance(result, JobOutcome)
    assert result.error is not None
    assert result.error.code == "WK-003"


def test_the_traces_of_jobs_go_into_the_packets_that_they_cause(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 0.0)
    first, second = (TraceContext(bytes([n]) * 16, bytes([n]) * 8, bytes([n + 1]) * 8) for n in (1, 3))

    def run(session: HostSession, job: Job) -> JobOutcome:
        print("said")
        session.report(job.job_id, 0.5, "")
        session.show(job.job_id, b"jpeg")
        session.ask_room(8)
        return _gives_one(session, job)

    peer = connect(run, WELCOME)
    peer.say(Batch((replace(JOB, trace=first), replace(JOB, job_id="k", trace=second))))
    heard: list[tuple[type, TraceContext]] = []
    for _ in range(10):
        payload, trace = peer.hear_traced()
        heard.append((type(payload), trace))
        if isinstance(payload, RoomRequest):
            peer.say(RoomGrant(64, 8, 1))
    kinds = [JobLog, Progress, Preview, RoomRequest, JobOutcome]
    assert [kind for kind, _ in heard] == [*kinds, *kinds]
    for traces, job_trace in ((heard[:5], first), (heard[5:], second)):
        # The worker's own span, under the one that the job came with.
        (span,) = {trace for _, trace in traces}
        assert (span.trace_id, span.parent_span_id) == (job_trace.trace_id, job_trace.span_id)


def test_what_the_host_says_out_of_turn_ends_the_session(connect: Connect) -> None:
    peer = connect(_gives_one)
    peer.say(RoomGrant())
    peer.close()
    assert isinstance(peer.failure, WorkerError)
    assert peer.failure.code == "WK-010"


def test_a_cancel_of_a_job_that_is_over_is_nothing_to_the_next(connect: Connect) -> None:
    peer = connect(_gives_one)
    peer.say(JOB)
    peer.hear_all(1)
    peer.say(Cancel("j"), JOB)
    assert peer.hear_all(1) == [_gives_one(peer.session, JOB)]


# -- batches -----------------------------------------------------------------------------------


def _batch(*names: str) -> Batch:
    return Batch(tuple(Job(name, "e", f"node {name}", "t") for name in names))


def test_each_job_of_a_batch_gets_what_it_links_to_from_the_one_before(connect: Connect) -> None:
    ran: list[Job] = []

    def run(session: HostSession, job: Job) -> JobOutcome:
        ran.append(job)
        return JobOutcome(job.job_id, {name: Value("STRING", data=f"{name} of {job.job_id}") for name in ("a", "b")})

    given: dict[str, tuple[Value, ...]] = {"kept": (Value("INT", data=1),)}
    one = Job("one", "e", "n", "t")
    two = Job("two", "e", "n", "t", inputs=given, links={"in": ("a",), "many": ("b", "a")})
    three = Job("three", "e", "n", "t", links={"in": ("b",)})
    peer = connect(run)
    peer.say(Batch((one, two, three)))
    heard = peer.hear_all(3)
    assert [result.job_id for result in heard if isinstance(result, JobOutcome)] == ["one", "two", "three"]
    a, b, b2 = (Value("STRING", data=text) for text in ("a of one", "b of one", "b of two"))
    assert [job.inputs for job in ran] == [{}, {**given, "in": (a,), "many": (b, a)}, {"in": (b2,)}]
    assert all(not job.links for job in ran)


def test_a_batch_ends_with_its_first_failure(connect: Connect) -> None:
    ran: list[str] = []

    def run(session: HostSession, job: Job) -> JobOutcome:
        ran.append(job.job_id)
        error = WorkerError("WK-003", "raised") if job.job_id == "two" else None
        return JobOutcome(job.job_id, error=error)

    peer = connect(run)
    peer.say(_batch("one", "two", "three"))
    one, two = peer.hear_all(2)
    assert isinstance(two, JobOutcome)
    assert (one, two.job_id) == (JobOutcome("one"), "two")
    peer.hear_nothing_more()
    assert ran == ["one", "two"]


def test_a_result_that_cannot_be_sent_ends_its_batch(connect: Connect) -> None:
    peer = connect(lambda session, job: JobOutcome(job.job_id, {"out": Value("JSON", data=object())}))
    peer.say(_batch("one", "two"))
    (one,) = peer.hear_all(1)
    assert isinstance(one, JobOutcome)
    assert one.error is not None
    peer.hear_nothing_more()


def test_a_job_that_links_to_nothing_is_a_failure_of_that_job(connect: Connect) -> None:
    linked = Job("two", "e", "n", "t", links={"in": ("missing",)})
    peer = connect(_gives_one)
    peer.say(Batch((Job("one", "e", "n", "t"), linked)))
    *_, two = peer.hear_all(2)
    assert isinstance(two, JobOutcome)
    assert two.error is not None
    assert two.error.code == "WK-002"


def test_what_is_said_belongs_to_the_job_that_says_it(connect: Connect) -> None:
    def run(session: HostSession, job: Job) -> JobOutcome:
        print(f"in {job.job_id}")
        return _gives_one(session, job)

    peer = connect(run)
    peer.say(_batch("one", "two"))
    assert lines(peer.hear_all(2)) == [("one", "in one"), ("two", "in two")]


class Turns:
    """Runs jobs that begin when they are told to; each reports once and then ends."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.may_report = threading.Semaphore(0)
        self.running = threading.Semaphore(0)

    def run(self, session: HostSession, job: Job) -> JobOutcome:
        self.began.append(job.job_id)
        self.running.release()
        assert self.may_report.acquire(timeout=10)
        try:
            session.report(job.job_id, 0.5, "")
        except Cancelled:
            return JobOutcome(job.job_id, error=WorkerError("WK-006", "cancelled while it ran"))
        return JobOutcome(job.job_id)


def _errors(heard: list[Payload]) -> list[tuple[str, str | None]]:
    results = [payload for payload in heard if isinstance(payload, JobOutcome)]
    return [(result.job_id, result.error.message if result.error else None) for result in results]


def test_a_later_job_of_a_batch_that_is_cancelled_does_not_begin(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(_batch("one", "two", "three"))
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("two"))
    turns.may_report.release()
    assert _errors(peer.hear_all(2)) == [("one", None), ("two", "cancelled before it began")]
    peer.hear_nothing_more()
    assert turns.began == ["one"]


def test_a_cancel_that_comes_after_the_last_report_keeps_the_next_job_from_beginning(connect: Connect) -> None:
    """Only the look between two jobs can find it."""
    running, cancelled = threading.Event(), threading.Event()

    def run(session: HostSession, job: Job) -> JobOutcome:
        assert job.job_id == "one"
        running.set()
        assert cancelled.wait(10)
        return JobOutcome(job.job_id)

    peer = connect(run)
    peer.say(_batch("one", "two"))
    assert running.wait(10)
    peer.say(Cancel("two"))
    cancelled.set()
    heard = peer.hear_all(2)
    assert _errors(heard) == [("one", None), ("two", "cancelled before it began")]
    assert isinstance(heard[-1], JobOutcome)
    assert heard[-1].error is not None
    assert heard[-1].error.code == "WK-006"


def test_a_cancel_is_noticed_at_the_next_report(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(JOB)
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("j"))
    turns.may_report.release()
    assert _errors(peer.hear_all(1)) == [("j", "cancelled while it ran")]


def test_a_cancel_that_comes_before_room_is_noticed_at_the_next_report(connect: Connect) -> None:
    def run(session: HostSession, job: Job) -> JobOutcome:
        assert session.ask_room(8) == RoomGrant(64, 8, 1)
        with pytest.raises(Cancelled):
            session.report(job.job_id, 0.5, "")
        return JobOutcome(job.job_id)

    peer = connect(run)
    peer.say(JOB)
    assert peer.hear() == RoomRequest(8)
    peer.say(Cancel("j"), Probe(3), RoomGrant(64, 8, 1))
    assert peer.hear_all(1) == [STATE._replace(tick=3), JobOutcome("j")]


def test_a_cancel_of_another_job_lets_this_one_go_on(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(_batch("one", "two"))
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("elsewhere"))
    turns.may_report.release(2)
    assert _errors(peer.hear_all(2)) == [("one", None), ("two", None)]


# -- probes and beats --------------------------------------------------------------------------


def test_a_probe_is_answered_with_its_tick_and_trims_only_when_that_is_asked(connect: Connect) -> None:
    peer = connect(_gives_one)
    peer.say(Probe(41))
    assert peer.hear() == STATE._replace(tick=41)
    assert peer.trims == 0
    peer.say(Probe(42, trim=True))
    assert peer.hear() == STATE._replace(tick=42)
    assert peer.trims == 1


def test_a_probe_during_a_job_is_answered_and_trims_nothing(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(JOB)
    assert turns.running.acquire(timeout=10)
    peer.say(Probe(43, trim=True))
    turns.may_report.release()
    heard = peer.hear_all(1)
    assert heard[0] == STATE._replace(tick=43)
    assert _errors(heard) == [("j", None)]
    assert peer.trims == 0


def test_beats_go_on_between_jobs_and_during_them(beating: list[int], connect: Connect) -> None:
    running, may_end = threading.Event(), threading.Event()

    def run(session: HostSession, job: Job) -> JobOutcome:
        running.set()
        assert may_end.wait(10)
        return _gives_one(session, job)

    peer = connect(run, replace(WELCOME, beat_ms=1))
    assert [peer.hear() for _ in range(3)] == [STATE._replace(tick=tick) for tick in (1, 2, 3)]
    peer.say(JOB)
    assert running.wait(10)
    before = [peer.hear() for _ in range(20)]
    may_end.set()
    heard = peer.hear_all(1)
    assert all(isinstance(beat, Beat) for beat in before + heard[:-1])
    after = [peer.hear() for _ in range(3)]
    beats = [beat for beat in (*before, *heard, *after) if isinstance(beat, Beat)]
    assert [beat.tick for beat in beats] == list(range(4, 4 + len(beats)))


def test_a_worker_whose_host_is_gone_ends_whatever_it_does(beating: list[int]) -> None:
    running = threading.Event()

    def run(session: HostSession, job: Job) -> JobOutcome:
        running.set()
        _await_heartbeats()
        return _gives_one(session, job)

    peer = Peer(run, replace(WELCOME, beat_ms=1))
    peer.say(JOB)
    assert running.wait(10)
    peer.close()
    assert beating == [1]
