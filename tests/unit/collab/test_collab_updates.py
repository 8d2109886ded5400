from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from tests.unit.graph.strategies import drafts
from vortex_prefect.collab.document import new_document, write
from vortex_prefect.collab.encoding import MOST_NESTED, Reader
from vortex_prefect.collab.projection import Projector
from vortex_prefect.collab.updates import _read_structs, check_update
from vortex_prefect.core.errors import RequestError
from vortex_prefect.graph.model import Graph


def nested_value(depth: int, level: bytes) -> bytes:
    """An update that sets `w` of `nodes` to a value with so many levels."""
    return bytes([1, 1, 1, 0, 0x28, 1]) + b"\x05nodes" + b"\x01w" + b"\x01" + level * depth + b"\x7e" + b"\x00"


def nested_types(depth: int, *, beside: bool = False) -> bytes:
    """An update with so many maps in one another, or lists of which each lies beside a text in the last."""
    doc: Doc[Any] = Doc()
    root = doc.get("nodes", type=Map)
    with doc.transaction():
        held: Any = root
        for _ in range(depth):
            inner: Any = Array(["x"]) if beside else Map()
            if isinstance(held, Map):
                held["k"] = inner
            else:
                held.append(inner)
            held = inner
    return doc.get_update()


ARRAY, OBJECT = b"\x75\x01", b"\x76\x01\x01a"


@pytest.mark.parametrize("level", [ARRAY, OBJECT])
def test_values_that_are_nested_too_deep_are_refused(level: bytes) -> None:
    # The container of the outermost counts as one.
    fits = nested_value(MOST_NESTED - 1, level)
    check_update(fits)
    doc: Doc[Any] = Doc()
    doc.apply_update(fits)
    for depth in (MOST_NESTED, 100_000):
        with pytest.raises(RequestError, match=r"RQ-001 .*nested more than"):
            check_update(nested_value(depth, level))


@pytest.mark.parametrize("beside", [False, True])
def test_types_that_are_nested_too_deep_are_refused(beside: bool) -> None:
    check_update(nested_types(MOST_NESTED, beside=beside))
    with pytest.raises(RequestError, match=r"RQ-001 .*shared types"):
        check_update(nested_types(MOST_NESTED + 2, beside=beside))


def test_long_updates_that_are_none_are_refused() -> None:
    update = new_document(Graph(name="x" * 20_000)).get_update()
    check_update(update)
    for broken in (update[:-4_000], b"\xff" * 5_000, b"\x01\x01\x01\x00\x1f" * 1_000):
        with pytest.raises(RequestError, match="RQ-001"):
            check_update(broken)


def rest_of(update: bytes) -> int:
    """How many bytes stand behind the structs and the deletions."""
    reader = Reader(update)
    _read_structs(reader)
    for _ in range(reader.number()):
        reader.number()
        for _ in range(reader.number()):
            reader.id()
    return len(update) - reader.at


def test_every_kind_of_content_is_passed_over_to_the_byte() -> None:
    doc: Doc[Any] = Doc()
    root = doc.get("nodes", type=Map)
    text = Text("naïve 😀")
    root["text"], root["doc"], root["bytes"] = text, Doc(), b"abc"
    text.insert(2, "bold", {"bold": True})
    text.insert_embed(1, {"a": [1, 2]})
    root["xml"] = XmlFragment([XmlElement("p", {"a": "1"}, [XmlText("x")])])
    values: list[Any] = [
        None,
        True,
        False,
        0,
        -1,
        63,
        64,
        -64,
        1 << 40,
        (1 << 60) + 1,
        0.5,
        0.1,
        1e300,
        "ü",
        {"a": {}},
        [],
    ]
    root["list"] = Array([*values, Map({"b": 1})])
    for value in values:
        root["value"] = value
    del root["bytes"]
    assert rest_of(doc.get_update()) == 0
    # Texts count in UTF-16 code units, else what lies behind one could not be found.
    last = _read_structs(Reader(doc.get_update())).spans[doc.client_id][-1][1]
    root["one more"] = 1
    state = Reader(doc.get_state())
    assert (state.number(), state.number(), state.number()) == (1, doc.client_id, last + 2)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drafts, drafts)
def test_updates_of_graphs_are_passed_over_to_the_byte(first: Graph, second: Graph) -> None:
    doc = new_document(first)
    write(doc, second)
    assert rest_of(doc.get_update()) == 0


def test_edits_far_below_a_root_are_noticed() -> None:
    doc = new_document(Graph())
    projector = Projector(doc)
    held: Map[Any] = doc.get("nodes", type=Map)
    for _ in range(5):
        inner: Map[Any] = Map()
        held["k"] = inner
        held = inner
    assert projector.deepest == 4
    projector.close()
