"""The end of a host. No other lives in this process meanwhile: what that one opens would count as left behind."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.host_jobs import code, config, job
from tests.integration.polling import eventually
from tests.integration.processes import descendants, descriptors
from vortex_prefect.core.job import JobOutcome
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel

pytestmark = pytest.mark.integration


def test_nothing_is_left_after_the_end(tmp_path: Path) -> None:
    """Neither process nor thread, descriptor, socket or segment; not with a silent peer or a job under way either."""
    threads, opened, children = set(threading.enumerate()), descriptors(), descendants()
    host = HostRuntime(config(tmp_path))
    host.start()
    outcomes: list[JobOutcome] = []
    began = threading.Event()
    asleep = threading.Thread(
        target=lambda: outcomes.append(host.run(job("sleep", seconds=600), Ears(progress=lambda progress: began.set())))
    )
    asleep.start()
    assert began.wait(60)
    assert len(descendants() - children) == 1
    with closing(UnixChannel.connect(host.config.run_dir / "workers.sock")) as silent:
        eventually(lambda: "vortex-greet" in [thread.name for thread in threading.enumerate()])
        host.close()
        host.close()
        with pytest.raises(ChannelClosed):
            silent.receive(10)
    asleep.join(30)
    assert [code(outcome) for outcome in outcomes] == ["WK-001"]
    assert descendants() == children
    assert eventually(lambda: set(threading.enumerate()) <= threads)
    assert descriptors() == opened
    assert not host.config.arena_path.exists()
    assert not (host.config.run_dir / "workers.sock").exists()
