"""The table of ComfyUI's node types against the node types that are really there."""

from __future__ import annotations

import pytest

from vortex_prefect.core.nodespec import check_param
from vortex_prefect.graph.comfyui.table import ROWS, Param, Row, Through
from vortex_worker.packs import load_packs

SPECS = {node.spec.type: node.spec for node in load_packs(debug=False)}


@pytest.mark.parametrize("theirs", ROWS)
def test_a_row_names_what_its_node_type_has(theirs: str) -> None:
    row = ROWS[theirs]
    spec = SPECS[row.type]
    assert {port for port in row.inputs.values() if spec.input(port) is None} == set()
    assert {name for name in _params(row) if spec.param(name) is None} == set()
    assert {port for port in _outputs(row) if spec.output(port) is None} == set()
    fixed = {name: spec.param(name) for name in row.fixed}
    assert [name for name, param in fixed.items() if param is None or check_param(param, row.fixed[name])] == []
    for output in row.outputs:
        if isinstance(output, Through):
            assert SPECS[output.type].input(output.into)
            assert SPECS[output.type].output(output.out)
    # Every input that has to be there can be reached, else the node could never run.
    assert {port.name for port in spec.inputs if port.required} <= set(row.inputs.values())


def _params(row: Row) -> set[str]:
    return {param.name if isinstance(param, Param) else param for param in row.params.values()}


def _outputs(row: Row) -> set[str]:
    named = {output.output if isinstance(output, Through) else output for output in row.outputs}
    return {name for name in named if isinstance(name, str)} | ({row.result} if row.result else set())
