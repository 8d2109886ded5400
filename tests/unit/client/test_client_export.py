"""Graphs as Python code: it rebuilds the same document, whatever the document holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.builders import CATALOGUE, document, graph
from tests.unit.graph.strategies import drafts, runnable
from vortex_prefect import Graph
from vortex_prefect.core.nodespec import Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph import model

#: Text that would do something if it got into code as it is.
EVIL = ['"); evil(); ("', "'''", '"""\nevil()\n"""', "\\", "\n\nevil()\n", "\r evil()", "{evil()}", "#", "\u2028evil()"]


def rebuilt(subject: model.Graph, catalogue: Catalogue = CATALOGUE) -> model.Graph:
    code = Graph.from_document(subject.to_document(), catalogue=catalogue).to_python()
    space: dict[str, Any] = {"evil": _evil}
    with patch("vortex_prefect.client.graph.find_catalogue", lambda _: catalogue):
        exec(compile(code, "<export>", "exec"), space)
        document = space["g"].to_document()
    return model.parse_graph(document, Limits())


def _evil() -> None:
    raise AssertionError("text of the document was run")


@given(subject=runnable())
def test_a_runnable_graph_is_rebuilt_in_full(subject: model.Graph) -> None:
    assert rebuilt(subject).to_document() == subject.to_document()


@given(subject=drafts)
def test_a_draft_is_rebuilt_with_all_that_is_wrong_with_it(subject: model.Graph) -> None:
    assert rebuilt(subject).to_document() == subject.to_document()


texts = st.sampled_from(EVIL) | st.text(min_size=1, max_size=8)
node_ids = texts.filter(lambda text: all(character not in text for character in "/\x7f") and min(text) > "\x1f")


@st.composite
def hostile(draw: st.DrawFn) -> model.Graph:
    """Arbitrary text wherever a document takes text."""
    first, second = draw(st.lists(node_ids, min_size=2, max_size=2, unique=True))
    value = draw(st.recursive(texts, lambda inner: st.dictionaries(texts, inner, max_size=2) | st.lists(inner)))
    nodes = {
        first: {"type": "t.tag", "params": {"data": value, draw(texts): draw(texts)}, "title": draw(texts)},
        second: {"type": draw(st.sampled_from(["t.identity", "t.blur"]) | texts), "params": {"in": draw(texts)}},
    }
    ends = [(first, "out", second, "in"), (first, draw(texts), second, draw(texts))]
    return model.parse_graph(
        {
            "schema": model.SCHEMA,
            "id": draw(texts),
            "name": draw(texts),
            "nodes": nodes,
            "edges": [{"source": {"node": a, "port": b}, "target": {"node": c, "port": d}} for a, b, c, d in ends],
            "inputs": [{"name": draw(texts), "node": first, "param": draw(texts)}],
            "outputs": [{"name": draw(texts), "node": first, "port": draw(texts)}],
            "groups": [{"id": second, "title": draw(texts), "color": draw(texts)}],
            "notes": [{"id": first, "text": draw(texts)}],
        },
        Limits(),
    )


@given(subject=hostile())
def test_no_text_of_a_document_becomes_code(subject: model.Graph) -> None:
    assert rebuilt(subject).to_document() == subject.to_document()


@pytest.mark.parametrize("text", EVIL)
def test_evil_names_stay_names(text: str) -> None:
    subject = graph({"a": {"type": "canvas", "title": text}}, name=text, notes=[{"id": "n", "text": text}])
    assert rebuilt(subject).to_document() == subject.to_document()


def _odd() -> Iterator[NodeSpec]:
    """Declared names that Python or the builder has taken, or cannot spell."""
    names = ["self", "id", "title", "at", "type", "class", "a b", "", "_x", "check"]
    yield NodeSpec(
        type="save.class",
        title="Odd",
        category="test",
        inputs=tuple(InputSpec(name=f"{name}!", type="ANY", required=False) for name in names),
        params=tuple(ParamSpec(name=name, type="STRING", default="") for name in names if name),
        outputs=tuple(OutputSpec(name=name, type="STRING") for name in (*names, "params") if name),
    )


def test_odd_names_of_a_node_type_are_spelled() -> None:
    spec = next(_odd())
    nodes: Any = {
        "one": {"type": spec.type, "params": {param.name: "x" for param in spec.params}},
        "two": {"type": spec.type},
    }
    edges = [
        {"source": {"node": "one", "port": out.name}, "target": {"node": "two", "port": param.name}}
        for out, param in zip(spec.outputs, spec.params, strict=False)
    ]
    subject = model.parse_graph({"schema": model.SCHEMA, "nodes": nodes, "edges": edges}, Limits())
    assert rebuilt(subject, Catalogue((spec,))).to_document() == subject.to_document()


def test_the_code_reads_like_code() -> None:
    nodes: Any = {
        "load": {"type": "load", "params": {"path": "p.png"}},
        "soft": {"type": "blur", "params": {"radius": 3}, "position": {"x": 240, "y": 0.5}, "retries": 2},
        "mix": "mix",
    }
    edges = ["load.image > soft.image", "load.image > mix.a", "soft.image > mix.b"]
    subject = document(nodes, *edges, name="Grade", outputs=[{"name": "result", "node": "mix", "port": "image"}])
    assert Graph.from_document(subject, catalogue=CATALOGUE).to_python() == (
        "from vortex_prefect import Graph\n"
        "\n"
        "g = Graph('Grade')\n"
        "load = g.t.load(path='p.png')\n"
        "soft = g.t.blur(image=load.image, radius=3, id='soft', at=(240, 0.5))\n"
        "soft.retries = 2\n"
        "mix = g.t.mix(a=load.image, b=soft.image)\n"
        "g.expose_output('result', mix.image)\n"
    )
