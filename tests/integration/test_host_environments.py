"""Packs with environments of their own in real workers: libraries that no other may see, deaths, removals."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fakes.packs import wheel_of_pack, write_library, write_pack
from tests.integration.host_jobs import config, job, output, running
from tests.integration.polling import eventually
from tests.integration.processes import state
from vortex_prefect.cli.main import app
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.files.packs import LOCK, digest, sha256_of
from vortex_prefect.host.members import Policy
from vortex_prefect.host.runtime import HostRuntime

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _found_by_workers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'workers'}")
        yield


def vortex(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["nodes", *map(str, arguments)])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`old`, from a folder, and `new`, from a wheel: each wants another version of what the base has, too."""
    folder = tmp_path_factory.mktemp("environments")
    for version in ("0.5", "9.0"):
        write_library(folder / "wheels", "itsdangerous", version)
    offline = ("--home", folder / "home", "--find-links", folder / "wheels", "--no-index")
    done = vortex("install", write_pack(folder, "old", requires=["itsdangerous<1"]), *offline)
    assert done.exit_code == 0, (done.output, done.exception)
    wheel = wheel_of_pack(write_pack(folder, "new"), ["itsdangerous>=9"])
    done = vortex("install", wheel, *offline)
    assert done.exit_code == 0, (done.output, done.exception)
    return folder / "home"


@pytest.fixture(scope="module")
def host(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostRuntime]:
    with running(config(tmp_path_factory.mktemp("host"), packs_dir=home / "packs", workers=2)) as found:
        yield found


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A copy of the packs that a test may damage."""
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def node(kind: str, inputs: dict[str, Value] | None = None, **params: Any) -> Job:
    """A job of a pack's node."""
    base = job("value", inputs)
    return Job(base.job_id, base.execution_id, kind, kind, params=params, inputs=base.inputs)


def told(host: HostRuntime, kind: str) -> Any:
    outcome = host.run(node(kind))
    assert outcome.error is None, outcome.error
    return outcome.outputs["json"].data


def workers(host: HostRuntime) -> dict[str | None, dict[str, Any]]:
    return {worker["environment"]: worker for worker in host.statistics().workers}


def refused(host: HostRuntime, kind: str) -> str:
    error = host.run(node(kind)).error
    assert error is not None
    assert error.code == "WK-001"
    return error.message


def while_it_waits(host: HostRuntime, folder: Path, then: Callable[[int], object]) -> JobOutcome:
    """What comes of `old.wait` if something is done to its process meanwhile."""
    begun, ended = folder / "begun", folder / "ended"
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(host.run, node("old.wait", begun=str(begun), ended=str(ended)))
        try:
            then(int(eventually(lambda: begun.exists() and begun.read_text())))
        finally:
            ended.touch()
        return future.result(60)


def test_each_environment_has_its_own_version_of_a_library_and_its_own_warm_worker(host: HostRuntime) -> None:
    old, new = told(host, "old.tell"), told(host, "new.tell")
    assert (old["version"], new["version"]) == ("0.5", "9.0")
    assert metadata.version("itsdangerous") not in ("0.5", "9.0")  # of this process, which is the base's
    assert len({old["pid"], new["pid"], workers(host)[None]["pid"]}) == 3
    assert told(host, "old.tell")["pid"] == old["pid"]
    assert workers(host)["old"]["pid"] == old["pid"]


def test_the_catalogue_has_the_types_of_all_environments(host: HostRuntime) -> None:
    types = {spec.type for spec in host.catalogue().all()}
    assert {"old.tell", "new.tell", "image.blur", "debug.value"} <= types


def test_a_segment_goes_through_environments_and_tensors_stay_where_they_are(host: HostRuntime) -> None:
    made = host.run(job("allocate", mb=16, seed=1))
    doubled = host.run(node("old.double", {"tensor": output(made)}))
    before = host.statistics().socket_bytes
    first = node("old.double", {"tensor": output(made)})
    second = replace(node("new.double"), execution_id=first.execution_id, links={"tensor": ("tensor",)})
    third = replace(job("checksum"), execution_id=first.execution_id, links={"in": ("tensor",)})
    outcomes = host.run_segment([first, second, third])
    assert [outcome.error for outcome in outcomes] == [None, None, None]
    where = [str(outcome.worker_id).removeprefix(f"{host.config.host_id}/")[:3] for outcome in outcomes]
    assert where[:2] == ["old", "new"]
    assert where[2] in ("0", "1")
    assert host.statistics().socket_bytes - before < 100_000
    again = host.run(node("new.double", {"tensor": doubled.outputs["tensor"]}))
    assert output(outcomes[2]) == output(host.run(job("checksum", {"in": again.outputs["tensor"]})))


def test_two_jobs_at_once_have_two_workers_of_their_environment(host: HostRuntime, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    begun = [tmp_path / "first", tmp_path / "second"]
    with ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(host.run, node("old.wait", begun=str(each), ended=str(ended))) for each in begun]
        try:
            eventually(lambda: all(each.exists() for each in begun))
        finally:
            ended.touch()
        outcomes = [future.result(60) for future in futures]
    ids = {str(outcome.worker_id).removeprefix(host.config.host_id) for outcome in outcomes}
    assert ids == {"/old/0", "/old/1"}


def test_a_worker_of_an_environment_that_is_killed_at_work_costs_its_job(home: Path, tmp_path: Path) -> None:
    events: list[WorkerReport] = []
    wanted = config(tmp_path, packs_dir=home / "packs", quarantine_after=1)
    with running(wanted, on_event=events.append) as host:
        base = workers(host)[None]["pid"]
        outcome = while_it_waits(host, tmp_path, lambda pid: os.kill(pid, signal.SIGKILL))
        assert outcome.error is not None
        assert outcome.error.code == "WK-001"
        assert "killed by signal 9" in outcome.error.message
        again = host.run(node("old.wait", begun="never", ended="never")).error
        assert again is not None
        assert again.code == "WK-011"
        assert told(host, "old.tell")["version"] == "0.5"
        assert workers(host)[None]["pid"] == base
        (crashed,) = [event for event in events if event.event == "crashed"]
        assert (crashed.job or {})["node_id"] == "old.wait"
        assert eventually(lambda: [event for event in events if event.event == "recovered"])


def test_a_pack_that_is_removed_ends_its_job_and_gets_no_more(own_home: Path, tmp_path: Path) -> None:
    with running(config(tmp_path, packs_dir=own_home / "packs")) as host:

        def remove(pid: int) -> None:
            assert vortex("remove", "old", "--home", own_home).exit_code == 0
            assert not (own_home / "packs" / "old").exists()

        outcome = while_it_waits(host, tmp_path, remove)
        assert outcome.error is None
        os.kill(outcome.outputs["json"].data, signal.SIGKILL)
        eventually(lambda: "old" not in workers(host))
        assert "pack old: it is not installed any more" in refused(host, "old.tell")
        assert told(host, "new.tell")["version"] == "9.0"
        assert output(host.run(job("value", value=1))).data == 1


def forge_declarations(pack: Path) -> None:
    """As if the pack had declared something else when it was installed."""
    file, lock_file = pack / ".environment" / "declarations.json", pack / LOCK
    file.write_text(file.read_text().replace("Twice the tensor", "Thrice the tensor"))
    lock = json.loads(lock_file.read_text())
    files = lock["environment"]["files"]
    files["declarations.json"] = sha256_of(file)
    lock["environment"]["digest"] = digest(files)
    lock_file.write_text(json.dumps(lock))


def test_what_is_not_what_the_host_knows_is_not_run(own_home: Path, tmp_path: Path) -> None:
    forge_declarations(own_home / "packs" / "new")
    with running(config(tmp_path, packs_dir=own_home / "packs")) as host:
        library = next((own_home / "packs" / "old" / ".environment").rglob("itsdangerous/__init__.py"))
        mark = tmp_path / "it ran"
        library.write_text(f"open({str(mark)!r}, 'w')\nVERSION = '0.5'\n")
        why = refused(host, "old.tell")
        assert "/itsdangerous/__init__.py has SHA-256" in why
        assert "pack new declares other nodes than when it was installed" in refused(host, "new.tell")
        lock = own_home / "packs" / "new" / LOCK
        lock.write_text(lock.read_text() + " ")
        assert "it was installed anew since this host started" in refused(host, "new.tell")
        assert not mark.exists()
        assert output(host.run(job("value", value=1))).data == 1


def test_a_worker_that_has_no_jobs_ends_and_comes_again(home: Path, tmp_path: Path) -> None:
    policy = Policy(1, environment_idle_s=0.2)
    with running(config(tmp_path, packs_dir=home / "packs", policy=policy, beat_ms=50)) as host:
        pid = told(host, "old.tell")["pid"]
        eventually(lambda: "old" not in workers(host))
        eventually(lambda: not state(pid))
        assert told(host, "old.tell")["pid"] != pid


def test_packs_are_taken_up_anew_while_the_host_runs(own_home: Path, tmp_path: Path) -> None:
    packs = own_home / "packs"
    later = tmp_path / "later"
    os.rename(packs / "new", later)
    with running(config(tmp_path, packs_dir=packs)) as host:
        assert host.catalogue().get("new.tell") is None
        pid = told(host, "old.tell")["pid"]

        def change(_: int) -> None:
            os.rename(later, packs / "new")
            assert vortex("remove", "old", "--home", own_home).exit_code == 0
            types = {spec.type for spec in host.renew().all()}
            assert "new.tell" in types
            assert "old.tell" not in types

        assert while_it_waits(host, tmp_path, change).error is None
        eventually(lambda: not state(pid))
        assert told(host, "new.tell")["version"] == "9.0"
        assert host.run(node("old.tell")).error is not None
        assert "old" not in workers(host)
