"""Nodes of the packs in a real worker: tables and sounds from one to the next, and files that are broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.integration.host_jobs import config, job, running
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.files.roots import FileRoots
from vortex_prefect.host.runtime import HostRuntime

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packs").resolve()


@pytest.fixture(scope="module")
def host(folder: Path) -> Iterator[HostRuntime]:
    with running(config(folder, roots=FileRoots((folder,), base=folder))) as found:
        yield found


def run(host: HostRuntime, kind: str, inputs: dict[str, Value] | None = None, **params: Any) -> JobOutcome:
    base = job("value")
    ports: dict[str, tuple[Value, ...]] = {port: (value,) for port, value in (inputs or {}).items()}
    return host.run(Job(base.job_id, base.execution_id, "node", kind, params=params, inputs=ports))


def given(outcome: JobOutcome) -> Value:
    assert outcome.error is None, outcome.error
    (value,) = outcome.outputs.values()
    return value


def test_a_table_goes_from_node_to_node(host: HostRuntime) -> None:
    rows = Value("JSON", data=[{"kind": "a", "price": 2.0}, {"kind": "b", "price": 1.0}, {"kind": "a", "price": 4.0}])
    table = given(run(host, "table.from_json", {"value": rows}))
    assert (table.type, table.data) == ("TABLE", None)
    sums = given(run(host, "table.aggregate", {"table": table}, keys=["kind"], values={"price": "sum"}))
    assert given(run(host, "table.to_json", {"table": sums})).data == [
        {"kind": "a", "price_sum": 6.0},
        {"kind": "b", "price_sum": 1.0},
    ]
    assert given(run(host, "core.passthrough", {"value": sums})) == sums
    data, media_type = host.read(sums, "arrow")
    assert pa.ipc.open_stream(data).read_all().num_rows == 2
    assert media_type == "application/vnd.apache.arrow.stream"
    said = given(run(host, "core.to_string", {"value": table})).data
    assert said == "table of 3 rows with the columns kind, price"


def test_a_sound_goes_from_node_to_node_and_through_a_file(host: HostRuntime, folder: Path) -> None:
    tone = given(run(host, "audio.tone", frequency=100.0, duration=0.5, rate=8000))
    assert tone.type == "AUDIO"
    path = given(run(host, "audio.save", {"audio": tone}, filename="tone.flac")).data
    again = given(run(host, "audio.load", path=path))
    level = run(host, "audio.measure", {"audio": again})
    assert level.outputs["peak"].data == pytest.approx(-6.02, abs=0.01)
    picture = given(run(host, "plot.waveform", {"audio": again}, width=64, height=64))
    assert picture.type == "IMAGE"


def test_a_value_of_another_type_is_refused_before_the_node_runs(host: HostRuntime) -> None:
    tone = given(run(host, "audio.tone", duration=0.01))
    for kind, port in (("tensor.info", "tensor"), ("table.info", "table"), ("image.info", "image")):
        outcome = run(host, kind, {port: tone})
        assert outcome.error is not None
        assert outcome.error.code == "WK-002"
        assert f"is AUDIO, not {port.upper()}" in outcome.error.message


@pytest.mark.parametrize(("kind", "name"), [
    ("image.load", "x.png"), ("audio.load", "x.wav"), ("video.load", "x.mp4"), ("table.read_parquet", "x.parquet"),
    ("table.read_arrow", "x.arrow"), ("tensor.load", "x.npy"), ("tensor.load", "x.safetensors"), ("text.load", "x.txt"),
    ("table.read_csv", "x.csv"),
])  # fmt: skip
def test_broken_files_cost_their_node_alone(host: HostRuntime, folder: Path, kind: str, name: str) -> None:
    before = host.statistics().workers[0]["pid"]
    (folder / name).write_bytes(b"\xff\x00PAR1\x00broken\xfe" * 9)
    outcome = run(host, kind, path=str(folder / name))
    assert outcome.error is not None
    assert outcome.error.code == "WK-003"
    assert name in outcome.error.message
    outside = run(host, kind, path="/etc/passwd")
    assert outside.error is not None
    assert outside.error.code == "WK-012"
    assert host.statistics().workers[0]["pid"] == before
    assert given(run(host, "core.add", a=1.0, b=2.0)).data == 3.0


@pytest.mark.parametrize("driven", [False, True], ids=["set", "by an edge"])
def test_what_is_no_number_is_in_no_range(host: HostRuntime, driven: bool) -> None:
    picture = given(run(host, "image.solid", width=4, height=4))
    nan = float("nan")
    inputs = {"image": picture, **({"radius": Value("FLOAT", data=nan)} if driven else {})}
    outcome = run(host, "image.blur", inputs, **({} if driven else {"radius": nan}))
    assert outcome.error is not None
    (problem,) = outcome.error.problems
    assert (outcome.error.code, problem.node_id, problem.port) == ("VE-010", "node", "radius")
    assert "radius = nan is not a number" in outcome.error.message
