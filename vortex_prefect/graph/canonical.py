"""Canonical bytes, and the two hashes made of them: a graph's, and a result's content key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vortex_prefect.graph.model import SCHEMA, Endpoint, Graph, Node

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_NESTED = (dict, list, tuple)


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in which 1 and 1.0 are the same number.

    Raises:
        ValueError: a number is not finite.
    """
    return _encode(_plain(value)).encode()


def graph_hash(graph: Graph) -> str:
    """SHA-256 in hexadecimal digits of what decides a graph's results.

    Left out are name, id and layout (position, title, groups, notes). Sources
    are listed by target, in the order of the edges: that order counts where a
    port takes a list, and no other order does.
    """
    sources: dict[str, list[list[str]]] = {}
    for edge in graph.edges:
        sources.setdefault(_joined(edge.target), []).append([edge.source.node, edge.source.port])
    form = {
        "schema": SCHEMA,
        "nodes": {node_id: _node_form(node) for node_id, node in graph.nodes.items()},
        "edges": sources,
        "inputs": {item.name: [item.node, item.param] for item in graph.inputs},
        "outputs": {item.name: [item.node, item.port] for item in graph.outputs},
    }
    return hashlib.sha256(_encode(form).encode()).hexdigest()


def content_key(
    node_type: str,
    version: int | str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[tuple[str, str]]],
    keys: Mapping[str, str | None],
    files: Mapping[str, str],
) -> str | None:
    """SHA-256 in hexadecimal digits of all that decides a node's outputs: a Merkle hash.

    Made of `ascii` forms, which cost a fraction of what JSON does and are as
    unambiguous: each ends where it says, and the character after it tells what
    follows ([ parameters, a quote a port, a hexadecimal digit a key, ( files). Only JSON
    parameters need the canonical form.

    Args:
        params: coerced values of the parameters that no edge drives.
        inputs: port → (node, output port) of each source.
        keys: content key of each node in `inputs`, all of one length.
        files: parameter → identity of the file's content.

    Returns:
        Null if a source has no key.
    """
    parts = [f"{node_type!a}{version}"]
    if params:
        values = [(name, canonical_json(value) if type(value) in _NESTED else value) for name, value in params.items()]
        parts.append(ascii(sorted(values)))
    for port in sorted(inputs):
        parts.append(f"{port!a}")
        for node, output in inputs[port]:
            key = keys[node]
            if key is None:
                return None
            parts.append(f"{key}{output!a}")
    if files:
        parts.append(ascii(tuple(sorted(files.items()))))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _node_form(node: Node) -> list[Any]:
    policy = (node.retries, _plain(node.retry_delay_s), _plain(node.timeout_s))
    # Said only where there is any, so that hashes from before it existed still hold.
    jitter = (_plain(node.retry_jitter_factor),) if node.retry_jitter_factor else ()
    return [node.type, _plain(node.params), node.mode, *policy, *jitter]


def _joined(endpoint: Endpoint) -> str:
    # No node id holds a slash, so the pair can be read back.
    return f"{endpoint.node}/{endpoint.port}"


def _plain(value: Any) -> Any:
    """The value with integral floats as integers."""
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind is dict:
        return {key: item if type(item) is str else _plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_plain(item) for item in value]
    return value
