"""What the packs declare, which is all that the control plane and the editor know of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest

from vortex_prefect.core.nodespec import Catalogue, NodeSpec, check_param, coerce_param
from vortex_worker.packs import load_packs
from vortex_worker.sdk import Any, Lazy, node

SPECS = [declared.spec for declared in load_packs(debug=True)]
PACKS = (
    "audio",
    "batch",
    "core",
    "debug",
    "diffusion",
    "image",
    "mask",
    "model",
    "plot",
    "table",
    "tensor",
    "text",
    "video",
)
every_node = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)


@every_node
def test_is_documented_and_gives_something(spec: NodeSpec) -> None:
    assert spec.doc.endswith(".")
    # Sources of algorithms stand below the sentence that people read first.
    assert len(spec.doc.partition("\n")[0]) < 200
    assert spec.outputs
    assert spec.type.split(".")[0] in PACKS


@every_node
def test_every_number_is_bounded(spec: NodeSpec) -> None:
    for param in spec.params:
        if param.type in ("FLOAT", "INT"):
            assert param.bounds is not None, param.name
            assert param.bounds.min is not None, param.name
            assert param.bounds.max is not None, param.name


@every_node
def test_defaults_satisfy_their_own_bounds(spec: NodeSpec) -> None:
    for param in spec.params:
        if not param.required:
            assert check_param(param, param.default) is None
            assert coerce_param(param, param.default) == param.default


@every_node
def test_port_and_parameter_names_are_unique(spec: NodeSpec) -> None:
    names = [port.name for port in spec.inputs] + [param.name for param in spec.params]
    assert len(set(names)) == len(names)
    assert not any(name.endswith("_") for name in names)


def test_catalogue_survives_its_json_form() -> None:
    catalogue = Catalogue(tuple(SPECS))
    assert len(catalogue) == len(SPECS)
    assert Catalogue.from_list(catalogue.to_list()).digest == catalogue.digest


def test_debug_nodes_come_only_when_asked_for() -> None:
    types = {declared.spec.type for declared in load_packs(debug=False)}
    debug = {spec.type for spec in SPECS} - types
    names = "value identity add sleep fail crash allocate checksum count fingerprint log oom paint"
    assert debug == {f"debug.{name}" for name in names.split()}


def test_debug_ports_chain() -> None:
    for spec in SPECS:
        if spec.type.startswith("debug."):
            assert [port.name for port in spec.outputs] == ["out"]
            assert {port.name for port in spec.inputs} <= {"in"}
    sources = {spec.type for spec in SPECS if (port := spec.input("in")) and not port.required}
    assert sources == {"debug.count", "debug.crash", "debug.fail", "debug.log", "debug.oom", "debug.sleep"}


def test_effects_outside_are_volatile_and_files_are_content() -> None:
    volatile = {spec.type for spec in SPECS if spec.volatile}
    saves = {spec.type for spec in SPECS if spec.type.split(".")[1].startswith(("save", "write_"))}
    assert volatile == saves | {"core.barrier", "core.now", "core.timer", "core.wait"}
    assert {spec.type for spec in SPECS if spec.takes_graph} == {"image.save", "video.save_animation"}
    assert {"image.save", "audio.save", "table.write_csv", "video.save", "tensor.save", "text.save"} <= saves
    reads = {spec.type: ("path",) for spec in SPECS if spec.param("path") and spec.type != "debug.fingerprint"}
    assert {spec.type: spec.files for spec in SPECS if spec.files} == {**reads, "model.embed_text": ("vocabulary",)}
    folders = {spec.type for spec in SPECS if spec.param("folder") or spec.param("config")}
    assert folders == {spec.type for spec in SPECS if spec.fingerprint and spec.type != "debug.fingerprint"}


def test_switch_computes_only_what_it_passes_on() -> None:
    switch = Catalogue(tuple(SPECS)).get("core.switch")
    assert switch is not None
    assert [(port.name, port.lazy, port.required, port.when) for port in switch.inputs] == [
        ("on_true", True, True, ("condition", True)),
        ("on_false", True, True, ("condition", False)),
    ]


def test_select_computes_only_what_it_passes_on() -> None:
    select = Catalogue(tuple(SPECS)).get("core.select")
    assert select is not None
    assert [port.when for port in select.inputs] == [("index", place) for place in range(8)]
    assert all(port.lazy and port.required for port in select.inputs)


def test_a_condition_that_is_no_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="is asked for by gone, which is no parameter"):

        @node("t.odd", category="t")
        def odd(value: Annotated[Any, Lazy(when=("gone", 1))], here: bool = True) -> Any:
            return value if here else None


def test_counts_are_read_without_torch() -> None:
    code = "import sys, vortex_worker.packs.debug.counting; print('torch' in sys.modules, 'kornia' in sys.modules)"
    workers = Path(__file__).parents[3] / "workers"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(workers)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["False", "False"]
