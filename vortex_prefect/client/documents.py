"""Graph documents on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph


def read_document(path: Path) -> Any:
    """The JSON value of a file.

    Raises:
        GraphError: VE-001, the file is missing or no JSON; the message names it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GraphError("VE-001", f"cannot read {path}: {error.strerror}", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise GraphError("VE-001", f"{path} is no JSON document: {error}") from error


def read_graph(path: Path) -> Graph:
    """The graph of a file; VE-001 and VE-012 with all problems if it is none."""
    return parse_graph(read_document(path), Limits())


def set_params(document: Any, assignments: list[str]) -> None:
    """Apply `NODE.PARAM=VALUE` assignments; values are JSON where they parse as such, else text.

    Raises:
        GraphError: an assignment is malformed (VE-001) or names no node (VE-005).
    """
    for assignment in assignments:
        target, equals, text = assignment.partition("=")
        node_id, dot, param = target.rpartition(".")
        if not (equals and dot and node_id and param):
            raise GraphError("VE-001", f"--set {assignment!r} is not of the form NODE.PARAM=VALUE")
        nodes = document.get("nodes", {}) if isinstance(document, dict) else {}
        if node_id not in nodes:
            raise GraphError("VE-005", f"--set {assignment!r}: the graph has no node {node_id!r}")
        nodes[node_id].setdefault("params", {})[param] = json_or_text(text)


def resolve_files(document: dict[str, Any], catalogue: Catalogue, folder: Path) -> None:
    """Make relative paths of input files absolute: they are relative to the graph's own folder.

    Raises:
        GraphError: VE-010 for every file that is missing; the messages name the paths.
    """
    problems = []
    for node_id, node in document["nodes"].items():
        spec = catalogue.get(node["type"])
        for param in spec.files if spec is not None else ():
            text = node.get("params", {}).get(param)
            if not isinstance(text, str) or not text:
                continue
            path = (folder / text).resolve()
            node["params"][param] = str(path)
            if not path.is_file():
                problems.append(Problem("VE-010", f"there is no file {path}", node_id, param, hint="Check the path."))
    if problems:
        raise GraphError.of(problems)


def json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
