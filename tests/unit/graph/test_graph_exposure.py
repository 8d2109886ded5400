from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.core.nodespec import Bounds, Catalogue, NodeSpec, ParamSpec
from vortex_prefect.graph.exposure import exposed_values, parameter_schema
from vortex_prefect.graph.model import Graph


def of_param(spec: ParamSpec, **params: Any) -> tuple[Graph, Catalogue]:
    """A graph of one node whose one parameter is exposed as `it`."""
    catalogue = Catalogue((NodeSpec(type="t.one", title="One", category="test", params=(spec,)),))
    subject = graph({"n": {"type": "one", "params": params}}, inputs=[exposed("it", "n", spec.name)])
    return subject, catalogue


def exposed(name: str, node: str, param: str) -> dict[str, str]:
    return {"name": name, "node": node, "param": param}


def field(spec: ParamSpec, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = parameter_schema(*of_param(spec, **params))["properties"]["it"]
    return found


@pytest.mark.parametrize(
    ("type", "default", "expected"),
    [
        ("FLOAT", 1.5, "number"),
        ("INT", 3, "integer"),
        ("BOOL", True, "boolean"),
        ("STRING", "a", "string"),
        ("PATH", "a.png", "string"),
    ],
)
def test_types(type: Any, default: Any, expected: str) -> None:
    found = field(ParamSpec(name="p", type=type, default=default))
    assert found == {"title": "it", "type": expected, "position": 0, "default": default}


def test_json_takes_anything() -> None:
    found = field(ParamSpec(name="p", type="JSON", default={"a": [1]}))
    assert found == {"title": "it", "position": 0, "default": {"a": [1]}}
    jsonschema.validate([None, 1], found)


def test_bounds_are_whole_where_they_can_be() -> None:
    found = field(ParamSpec(name="p", type="INT", default=3, bounds=Bounds(min=0, max=10)))
    assert (repr(found["minimum"]), repr(found["maximum"])) == ("0", "10")
    open_ended = field(ParamSpec(name="p", type="FLOAT", default=3, bounds=Bounds(min=0.5, max=None)))
    assert open_ended["minimum"] == 0.5
    assert "maximum" not in open_ended


def test_texts_name_the_unit() -> None:
    assert field(ParamSpec(name="p", type="FLOAT", default=1, doc="How far.", unit="px"))["description"] == (
        "How far. In px."
    )
    assert field(ParamSpec(name="p", type="FLOAT", default=1, unit="px"))["description"] == "In px."


def test_choices() -> None:
    assert field(ParamSpec(name="p", type="STRING", default="a", choices=("a", "b")))["enum"] == ["a", "b"]


def test_null_is_a_value_of_what_defaults_to_it() -> None:
    for spec in (
        ParamSpec(name="p", type="STRING"),
        ParamSpec(name="p", type="STRING", choices=("a", "b")),
        ParamSpec(name="p", type="INT", bounds=Bounds(min=1, max=2)),
    ):
        found = field(spec)
        assert found["default"] is None
        jsonschema.validate(None, found)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate([], found)


def test_what_has_no_value_is_required() -> None:
    subject, catalogue = of_param(ParamSpec(name="p", type="FLOAT", required=True))
    schema = parameter_schema(subject, catalogue)
    assert schema["required"] == ["it"]
    assert "default" not in schema["properties"]["it"]
    assert exposed_values(subject, catalogue) == {}
    # A value that the node would refuse is none.
    subject, catalogue = of_param(ParamSpec(name="p", type="FLOAT", default=1.0, bounds=Bounds(min=0, max=1)), p=7.0)
    assert parameter_schema(subject, catalogue)["required"] == ["it"]
    assert exposed_values(subject, catalogue) == {}


def test_64_bit_numbers_arrive_as_decimal_strings_and_leave_as_numbers() -> None:
    large = 2**63 + 1
    spec = ParamSpec(name="p", type="INT", default=0)
    assert field(spec, p=str(large))["default"] == large
    assert exposed_values(*of_param(spec, p=str(large))) == {"it": large}


def test_values_are_the_graphs_own_and_then_the_defaults() -> None:
    subject = graph(
        {"a": {"type": "blur", "params": {"radius": 7}}, "b": "blur"},
        inputs=[exposed("first", "a", "radius"), exposed("second", "b", "radius")],
    )
    assert exposed_values(subject, CATALOGUE) == {"first": 7.0, "second": 3.0}
    properties = parameter_schema(subject, CATALOGUE)["properties"]
    assert [(name, item["default"], item["position"]) for name, item in properties.items()] == [
        ("first", 7.0, 0),
        ("second", 3.0, 1),
    ]


def test_what_is_not_there_is_left_out() -> None:
    subject = graph(
        {"a": "blur", "odd": "unheard_of"},
        inputs=[exposed("node", "gone", "radius"), exposed("param", "a", "gone"), exposed("type", "odd", "x")],
    )
    assert parameter_schema(subject, CATALOGUE) == {
        "title": "Parameters",
        "type": "object",
        "properties": {},
        "required": [],
    }


_NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.none() | st.booleans() | _NUMBERS | st.text(max_size=5) | st.lists(st.none())
_SPECS = st.builds(
    ParamSpec,
    name=st.just("p"),
    type=st.sampled_from(["FLOAT", "INT", "BOOL", "STRING", "PATH"]),
    default=st.none(),
    required=st.booleans(),
) | st.builds(
    ParamSpec,
    name=st.just("p"),
    type=st.sampled_from(["FLOAT", "INT"]),
    default=st.none(),
    required=st.booleans(),
    bounds=st.builds(Bounds, min=st.none() | st.integers(-5, 0), max=st.none() | st.integers(1, 5)),
)


@settings(deadline=None)
@given(spec=_SPECS, value=_VALUES)
def test_a_schema_is_one_and_accepts_its_own_defaults(spec: ParamSpec, value: Any) -> None:
    subject, catalogue = of_param(spec, p=value)
    schema = parameter_schema(subject, catalogue)
    jsonschema.Draft202012Validator.check_schema(schema)
    values = exposed_values(subject, catalogue)
    if not schema["required"]:
        jsonschema.validate(values, schema)
    assert ("it" in values) != ("it" in schema["required"])
