"""What a run is asked for: the document, and values for its exposed inputs, with paths made absolute."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from vortex_prefect.client.documents import read_document, resolve_files
from vortex_prefect.client.editor import plain
from vortex_prefect.client.graph import BareGraph
from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.ids import derived_id
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import parse_graph

#: A graph in code, a document, or a file that holds one.
AnyGraph = BareGraph | Mapping[str, Any] | str | os.PathLike[str]


def document_of(graph: AnyGraph) -> tuple[dict[str, Any], Path]:
    """The document with every field, and the folder that relative paths of input files start from.

    Raises:
        GraphError: VE-001 or VE-012, it is no graph.
    """
    if isinstance(graph, BareGraph):
        return graph.to_document(), graph.folder
    if isinstance(graph, Mapping):
        return deepcopy(parse_graph(dict(graph), Limits()).to_document()), Path.cwd()
    path = Path(graph)
    return parse_graph(read_document(path), Limits()).to_document(), path.resolve().parent


def prepared(
    document: dict[str, Any], folder: Path, inputs: Mapping[str, Any], catalogue: Catalogue
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document as a stack takes it, and the values of its inputs.

    Paths of files that nodes read become absolute: the document's from `folder`,
    those of `inputs` from the current one. A graph without an id gets one that
    depends on its content alone, so that the same graph is the same, run after run.

    Raises:
        GraphError: VE-010 for every file that is missing.
    """
    values = {name: plain(value) for name, value in inputs.items()}
    exposed = [item for item in document["inputs"] if item["name"] in values]
    hidden = []
    for item in exposed:
        # What a caller replaces need not exist.
        params = document["nodes"].get(item["node"], {}).get("params", {})
        if item["param"] in params:
            hidden.append((params, item["param"], params.pop(item["param"])))
    resolve_files(document, catalogue, folder)
    for params, name, value in hidden:
        params[name] = value
    problems = []
    for item in exposed:
        node = document["nodes"].get(item["node"])
        spec = catalogue.get(node["type"]) if node else None
        value = values[item["name"]]
        if spec is not None and item["param"] in spec.files and isinstance(value, str) and value:
            values[item["name"]] = str(Path(value).resolve())
            if not Path(value).is_file():
                message = f"the input {item['name']} names no file: {Path(value).resolve()}"
                problems.append(Problem("VE-010", message, item["node"], item["param"], hint="Check the path."))
    if problems:
        raise GraphError.of(problems)
    if document["id"] is None:
        document["id"] = derived_id("python", json.dumps(document, sort_keys=True))
    return document, values
