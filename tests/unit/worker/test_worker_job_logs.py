"""What a node logs and prints is passed on, within limits, and nothing is left of it afterwards."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from vortex_prefect.core.log_line import LINE_BYTES, LINES_A_JOB, LINES_A_SECOND, LogLine
from vortex_worker.job_logs import JobLogs, captured

INFO, WARNING, ERROR = logging.INFO, logging.WARNING, logging.ERROR


class Ear:
    """Hears lines; `now` is the clock of the limits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[LogLine] = []
        self.logs = JobLogs(self.lines.append, lambda: self.now)

    def said(self) -> list[tuple[int, str]]:
        return [(line.level, line.text) for line in self.lines]

    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def stdout() -> io.StringIO:
    """For `redirect_stdout`: the process's own, under what stands for it while a job runs."""
    return io.StringIO()


@pytest.fixture(autouse=True)
def root_as_in_a_worker() -> Iterator[None]:
    """Pytest's handlers see records too, but the level is that of a fresh process."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.WARNING)
    yield
    root.setLevel(level)


# -- what is heard ---------------------------------------------------------------------------


def test_records_from_info_on_are_heard(ear: Ear) -> None:
    library = logging.getLogger("a.library")
    with captured(ear.logs):
        library.debug("not this")
        library.info("loaded %d weights", 3)
        library.error("broken")
    assert ear.said() == [(INFO, "loaded 3 weights"), (ERROR, "broken")]


def test_a_record_has_its_traceback(ear: Ear) -> None:
    with captured(ear.logs):
        try:
            raise ValueError("as told")
        except ValueError:
            logging.getLogger("n").exception("it failed")
    (text,) = ear.texts()
    assert text.startswith("it failed\nTraceback")
    assert text.endswith("ValueError: as told")


def test_the_workers_own_records_are_not_the_nodes(ear: Ear) -> None:
    with captured(ear.logs):
        for name in ("vortex_worker.session", "vortex_prefect.ipc.unix"):
            logging.getLogger(name).error("not this")
        logging.getLogger("vortex_worker.packs.debug.speech").info("this")
    assert ear.texts() == ["this"]


def test_printed_lines_are_heard_and_still_printed(ear: Ear, stdout: io.StringIO) -> None:
    with redirect_stdout(stdout), captured(ear.logs):
        print("one", "two")
        print("a\nb\n\nc", end="")
        print("!", file=sys.stderr)
        print(flush=True)
        print("no line break", end="")
    assert ear.said() == [(INFO, text) for text in ("one two", "a", "b", "!", "c", "no line break")]
    assert stdout.getvalue() == "one two\na\nb\n\nc\nno line break"


def test_of_a_progress_bar_the_last_drawing_is_heard(ear: Ear, stdout: io.StringIO) -> None:
    with redirect_stdout(stdout), captured(ear.logs):
        for percent in range(0, 101, 10):
            print(f"\r{percent}%", end="")
        print()
        print("10%\r20%\r\n", end="")
        print("half\r", end="")
        print("whole")
    assert ear.texts() == ["100%", "20%", "whole"]


def test_what_a_record_cannot_be_made_of_is_told(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's raise
    with captured(ear.logs):
        logging.getLogger("n").info("%d", "no number")
    assert any("no number" in text for text in ear.texts())


# -- limits ----------------------------------------------------------------------------------


def test_a_long_line_is_cut(ear: Ear, stdout: io.StringIO) -> None:
    with redirect_stdout(stdout), captured(ear.logs):
        print("x" * 10_000_000)
        for _ in range(3 * LINE_BYTES):
            print("y", end="")
        print()
        print("z" * LINE_BYTES)
    first, second, third = ear.texts()
    assert all(len(text.encode()) == LINE_BYTES and text.endswith(" … (cut)") for text in (first, second))
    assert third == "z" * LINE_BYTES


def test_only_so_many_lines_a_second(ear: Ear) -> None:
    for number in range(LINES_A_SECOND + 50):
        ear.logs.say(INFO, str(number))
    assert len(ear.lines) == LINES_A_SECOND
    ear.now += 1.0
    ear.logs.say(INFO, "the next second")
    ear.logs.end()
    assert ear.texts()[-2] == "the next second"
    assert ear.said()[-1] == (WARNING, ear.texts()[-1])
    assert ear.texts()[-1].startswith("50 more lines were dropped")


def test_only_so_many_lines_a_job(ear: Ear) -> None:
    for number in range(LINES_A_JOB + 7):
        ear.logs.say(INFO, str(number))
        ear.now += 0.01
    ear.logs.end()
    assert len(ear.lines) == LINES_A_JOB + 1
    assert ear.texts()[-1].startswith("7 more lines were dropped")


def test_nothing_is_said_after_the_end(ear: Ear) -> None:
    ear.logs.end()
    ear.logs.say(INFO, "too late")
    assert ear.lines == []


@pytest.mark.parametrize(("text", "heard"), [("a\0b", "a\ufffdb"), ("caf\udce9", "caf\\udce9")])
def test_every_text_can_travel(ear: Ear, text: str, heard: str) -> None:
    ear.logs.say(INFO, text)
    assert ear.texts() == [heard]


# -- no harm ---------------------------------------------------------------------------------


def test_everything_is_as_before_after_the_job(ear: Ear) -> None:
    root = logging.getLogger()
    before = (sys.stdout, sys.stderr, root.level, list(root.handlers))
    with contextlib.suppress(RuntimeError), captured(ear.logs):
        assert sys.stdout is not before[0]
        raise RuntimeError("the node failed")
    assert (sys.stdout, sys.stderr, root.level, list(root.handlers)) == before
    print("not heard")
    logging.getLogger("n").warning("not heard")
    assert ear.lines == []


def test_a_node_that_sets_logging_up_itself_keeps_its_level(ear: Ear) -> None:
    root = logging.getLogger()
    with captured(ear.logs):
        root.setLevel(ERROR)
    assert root.level == ERROR


def test_a_line_that_cannot_be_sent_is_lost_and_nothing_else() -> None:
    def broken(line: LogLine) -> None:
        raise OSError("gone")

    with captured(JobLogs(broken)):
        print("lost")
        logging.getLogger("n").error("lost too")


def test_a_stream_that_somebody_kept_stays_usable(ear: Ear, stdout: io.StringIO) -> None:
    with redirect_stdout(stdout), captured(ear.logs):
        kept: Any = sys.stdout
    ear.logs.end()
    kept.write("later\n")
    assert (ear.lines, stdout.getvalue()) == ([], "later\n")
    assert kept.getvalue() == "later\n"  # and whatever else the stream can do


def test_threads_of_a_node_are_heard_and_their_lines_do_not_mix(ear: Ear, stdout: io.StringIO) -> None:
    turns = threading.Barrier(4)

    def speak(name: str) -> None:
        for _ in range(10):
            turns.wait(10)
            print(name, end="")
            turns.wait(10)
            print(name)
            logging.getLogger(name).info(name)

    with redirect_stdout(stdout), captured(ear.logs):
        threads = [threading.Thread(target=speak, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(ear.texts()) == sorted([name * 2 for name in "abcd"] * 10 + list("abcd") * 10)


def test_a_forked_process_speaks_to_its_own_stdout_only(ear: Ear, stdout: io.StringIO) -> None:
    with redirect_stdout(stdout), captured(ear.logs):
        child = os.fork()
        if child == 0:
            print("from the child")
            logging.getLogger("n").error("from the child")
            os._exit(len(ear.lines))
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert ear.lines == []
