"""The watch: a thread that starts, seats, hears and buries workers, as the supervision decides."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.host.crew import Attached, Crew
from vortex_prefect.host.members import BASE, Announce, Beaten, Condemned, Died, Kill, Retire, Seat, Spawn
from vortex_prefect.host.process import (
    WorkerCommand,
    death_of,
    kernel_kills,
    kill_worker,
    last_words,
    log_of,
    start_worker,
)
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Beat, Welcome

logger = logging.getLogger(__name__)

#: Frames that an idle worker may have sent since somebody last looked.
_IDLE_FRAMES = 200


class Watch:
    """One thread for all workers of a host.

    Args:
        crew: the workers.
        command: what they are started with.
        welcome: what they are told; name, index and capabilities are filled in here.
        on_event: told what happens to workers.
        on_tick: called about as often as workers beat.
    """

    def __init__(
        self,
        crew: Crew,
        command: WorkerCommand,
        welcome: Welcome,
        on_event: Callable[[WorkerReport], None],
        on_tick: Callable[[], None],
    ) -> None:
        self._crew = crew
        self._command = command
        self._welcome = welcome
        self._on_event = on_event
        self._on_tick = on_tick
        self._selector = selectors.DefaultSelector()
        self._selector.register(crew.wake_fd, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="vortex-supervisor", daemon=True)

    def start(self) -> None:
        """Bring up all workers."""
        self._thread.start()

    def close(self) -> None:
        """End all workers, once the crew is closing."""
        self._crew.wake()
        if self._thread.ident is not None:
            self._thread.join()
        with self._crew.changed:
            attached = list(self._crew.attached.values())
        for each in attached:
            if each.channel is not None:
                each.channel.close()
            kill_worker(each.process)
            os.close(each.pidfd)
        with self._crew.changed:
            for each in attached:
                each.death = death_of(each.process.returncode)
                self._crew.forget(each.member)
            self._crew.changed.notify_all()
        self._selector.close()
        os.close(self._crew.wake_fd)

    def _run(self) -> None:
        beat_s = self._welcome.beat_ms / 1000
        while not self._crew.closing:
            try:
                self._watch_once(beat_s)
            except Exception:
                # Without a watch no worker would ever come back.
                logger.exception("the supervisor has a defect")
                time.sleep(beat_s)

    def _watch_once(self, beat_s: float) -> None:
        with self._crew.changed:
            self._crew.todo += self._crew.machine.tick(time.monotonic())
        self._carry_out()
        self._on_tick()
        with self._crew.changed:
            wait_s = min(self._crew.machine.due(time.monotonic()), beat_s)
        for key, _ in self._selector.select(wait_s):
            if key.fd == self._crew.wake_fd:
                os.eventfd_read(self._crew.wake_fd)
            elif key.fd == key.data.pidfd:
                self._bury(key.data)
        self._hear_idle()

    def _carry_out(self) -> None:
        while True:
            with self._crew.changed:
                if not self._crew.todo or self._crew.closing:
                    return
                instruction = self._crew.todo.popleft()
            match instruction:
                case Spawn():
                    self._spawn(instruction)
                case Seat():
                    self._seat(instruction)
                case Retire():
                    self._retire(instruction)
                case Kill():
                    self._kill(instruction)
                case Announce():
                    self._announce(instruction)

    def _spawn(self, instruction: Spawn) -> None:
        member_id = instruction.member
        with self._crew.changed:
            environment = self._crew.environments.get(instruction.environment)
            gone = instruction.environment != BASE and environment is None
        command = replace(self._command, environment=environment)
        try:
            if gone:
                raise OSError(f"the pack {instruction.environment} is not installed any more")
            process = start_worker(command, member_id)
            try:
                pidfd = os.pidfd_open(process.pid)
            except OSError:
                kill_worker(process)
                raise
        except OSError as error:
            logger.error("a worker cannot be started: %s", error)
            with self._crew.changed:
                self._crew.take_in(member_id, Died(f"it could not be started: {error}"))
            return
        attached = Attached(member_id, process, pidfd, kernel_kills())
        with self._crew.changed:
            self._crew.attached[member_id] = attached
        self._selector.register(pidfd, selectors.EVENT_READ, attached)

    def _seat(self, instruction: Seat) -> None:
        with self._crew.changed:
            attached = self._crew.attached.get(instruction.member)
        if attached is None or attached.channel is None:
            return
        attached.worker_id = instruction.worker_id
        welcome = replace(
            self._welcome,
            worker_id=instruction.worker_id,
            index=instruction.index,
            capabilities=attached.capabilities,
        )
        try:
            attached.channel.send(encode(welcome))
            attached.channel.spin(self._welcome.spin_us)
            # Its first beat makes it ready: that is worth hearing at once.
            self._selector.register(attached.channel, selectors.EVENT_READ, attached)
        except (ChannelClosed, ValueError) as error:  # it left, and its descriptor is none any more
            logger.warning("worker %s left before its welcome: %s", attached.worker_id, error)
            attached.process.kill()

    def _retire(self, instruction: Retire) -> None:
        with self._crew.changed:
            attached = self._crew.attached.get(instruction.member)
        if attached is not None and attached.channel is not None:
            name, size = attached.worker_id or "that waits", _mib(attached.beat)
            logger.info("worker %s is let go at %d MiB: %s", name, size, instruction.why)
            attached.channel.close()

    def _kill(self, instruction: Kill) -> None:
        with self._crew.changed:
            attached = self._crew.attached.get(instruction.member)
        if attached is not None and attached.death is None:
            logger.warning("worker %s is killed: %s", attached.worker_id or "that starts", instruction.why)
            with contextlib.suppress(ProcessLookupError):
                attached.process.kill()

    def _bury(self, attached: Attached) -> None:
        returncode = attached.process.wait()
        self._selector.unregister(attached.pidfd)
        os.close(attached.pidfd)
        self._unwatch(attached)
        starved = returncode == -signal.SIGKILL and kernel_kills() > attached.kernel_kills
        how = death_of(returncode)
        if starved:
            how += f", it seems by the kernel for want of memory; it last had {_mib(attached.beat)} MiB"
        if attached.channel is None and (said := last_words(log_of(self._command, attached.member))):
            how += f"; its log ends with: {said}"
        with self._crew.changed:
            member = self._crew.machine.members.get(attached.member)
            doom = member.doom if member else None
            attached.starved = starved and doom is None
            self._crew.take_in(attached.member, Died(how))
            self._crew.forget(attached.member)
            attached.death = doom or how
            self._crew.changed.notify_all()
        # After the note of its death: a thread that reads from it then knows why it ends.
        if attached.channel is not None:
            attached.channel.close()
        if not self._crew.closing:
            logger.warning("worker %s: %s", attached.worker_id or "that started", attached.death)
        self._carry_out()

    def _announce(self, instruction: Announce) -> None:
        with self._crew.changed:
            job = next((self._crew.told[job_id] for job_id in instruction.job_ids if job_id in self._crew.told), None)
            for job_id in instruction.job_ids:
                self._crew.told.pop(job_id, None)
        self._on_event(
            WorkerReport(
                instruction.event,  # type: ignore[arg-type]
                instruction.worker_id,
                self._crew.host_id,
                instruction.pid,
                instruction.device,
                instruction.reason,
                job,
                None if instruction.down_s is None else round(1000 * instruction.down_s),
                now_ms(),
                new_id(),
            )
        )

    # -- workers without a job -------------------------------------------------------------

    def _hear_idle(self) -> None:
        with self._crew.changed:
            members = [member for member in self._crew.machine.members.values() if member.seat and not member.job_ids]
            attached = [self._crew.attached[member.id] for member in members]
        for each in attached:
            if each.reading.acquire(blocking=False):
                try:
                    self._hear(each)
                except ChannelClosed:
                    self._unwatch(each)  # its death follows
                except WorkerError as error:
                    self._unwatch(each)
                    with self._crew.changed:
                        self._crew.take_in(each.member, Condemned(str(error)))
                finally:
                    each.reading.release()
        self._carry_out()

    def _hear(self, attached: Attached) -> None:
        if attached.channel is None:
            return
        for _ in range(_IDLE_FRAMES):
            if (body := attached.channel.receive(0)) is None:
                return
            beat = decode(body)
            if not isinstance(beat, Beat):
                raise WorkerError("WK-010", f"a worker without a job sent {type(beat).__name__}")
            self._note_idle(attached, beat)
        raise WorkerError("WK-010", "a worker without a job floods the host")

    def _note_idle(self, attached: Attached, beat: Beat) -> None:
        with self._crew.changed:
            joined = not attached.device
            attached.beat, attached.device = beat, beat.device
            self._crew.take_in(attached.member, Beaten(beat))
            if joined:
                self._unwatch(attached)
            self._crew.changed.notify_all()

    def _unwatch(self, attached: Attached) -> None:
        if attached.channel is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(attached.channel)


def _mib(beat: Beat) -> int:
    return beat.rss_bytes >> 20
