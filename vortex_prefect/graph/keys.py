"""Content keys along a plan: each is made of its parents' keys, so an equal key means an equal result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vortex_prefect.core.errors import GraphError, Problem, VortexError, WorkerError
from vortex_prefect.core.nodespec import NodeSpec
from vortex_prefect.graph.canonical import content_key
from vortex_prefect.graph.document import pointer
from vortex_prefect.graph.wiring import Inputs

#: Identity of a file's content: equal for equal content. Raises OSError where the file cannot be read, WK-012 where
#: it may not.
FileIdentity = Callable[[str], str]
#: What else a node's results depend on, by type and own parameters. Raises VortexError where nobody can tell.
Fingerprint = Callable[[str, dict[str, Any]], str]

#: Stands among the files for the node's fingerprint; no parameter has an empty name.
FINGERPRINT = ""

NO_FILES: Mapping[str, str] = {}


class ContentKeys:
    """Content keys of the steps, given in topological order; gathers the files that cannot be read."""

    def __init__(self, file_identity: FileIdentity, fingerprint: Fingerprint | None = None) -> None:
        self._file_identity = file_identity
        self._fingerprint = fingerprint
        self._identities: dict[str, str | OSError | VortexError] = {}
        self._fingerprints: dict[tuple[str, str], str | VortexError] = {}
        self._keys: dict[str, str | None] = {}
        self._problems: list[Problem] = []
        #: node that depends on more than its inputs → parameter → identity of the file, and its `FINGERPRINT`.
        self.files: dict[str, dict[str, str]] = {}
        #: node whose fingerprint nobody can tell → why.
        self.unfit: dict[str, str] = {}

    def add(self, node_id: str, spec: NodeSpec, params: Mapping[str, Any], inputs: Inputs) -> str | None:
        """The step's key, or null if it is volatile, depends on one that is, or reads a file that an edge names."""
        if spec.files or spec.fingerprint:
            self.files[node_id] = self._files(node_id, spec, params)
        # A file's name says nothing of its content, and which file it is only the execution knows.
        unknown = spec.volatile or node_id in self.unfit or any(name in inputs for name in spec.files)
        self._keys[node_id] = key = None if unknown else self._key(node_id, spec, params, inputs)
        return key

    def _key(self, node_id: str, spec: NodeSpec, params: Mapping[str, Any], inputs: Inputs) -> str | None:
        files = self.files.get(node_id, NO_FILES)
        return content_key(spec.type, spec.edition, params, inputs, self._keys, files)

    def check(self) -> None:
        """Refuse what could not be read.

        Raises:
            GraphError: for each parameter that names such a file VE-010, or WK-012 if it may not be read.
        """
        if self._problems:
            raise GraphError.of(self._problems)

    def _files(self, node_id: str, spec: NodeSpec, params: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for name in spec.files:
            if (path := params.get(name)) is None:
                continue
            identity = self._identity(path)
            if isinstance(identity, str):
                found[name] = identity
            else:
                self._problems.append(_unreadable(node_id, name, path, identity))
        if spec.fingerprint:
            told = self._told(spec, params)
            if isinstance(told, str):
                found[FINGERPRINT] = told
            else:
                self.unfit[node_id] = f"its fingerprint is not known: {told.message}"
        return found

    def _told(self, spec: NodeSpec, params: Mapping[str, Any]) -> str | VortexError:
        place = (spec.type, ascii(sorted(params.items())))
        if place not in self._fingerprints:
            try:
                self._fingerprints[place] = ask_fingerprint(self._fingerprint, spec.type, params)
            except VortexError as error:
                self._fingerprints[place] = error
        return self._fingerprints[place]

    def _identity(self, path: str) -> str | OSError | VortexError:
        if path not in self._identities:
            try:
                self._identities[path] = self._file_identity(path)
            except (OSError, VortexError) as error:
                self._identities[path] = error
        return self._identities[path]


def ask_fingerprint(fingerprint: Fingerprint | None, node_type: str, params: Mapping[str, Any]) -> str:
    """What a worker says.

    Raises:
        VortexError: none does.
    """
    if fingerprint is None:
        raise WorkerError("WK-001", "no worker can be asked here")
    return fingerprint(node_type, dict(params))


def _unreadable(node_id: str, name: str, path: str, error: OSError | VortexError) -> Problem:
    where = pointer("nodes", node_id, "params", name)
    if isinstance(error, VortexError):
        return Problem(error.code, f"{node_id}: {error.message}", node_id, name, where, error.hint)
    reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror or error})"
    message = f"{node_id}: the file {path} of {name} {reason}"
    return Problem("VE-010", message, node_id, name, where, f"Put a readable file at {path}, or change {name}.")
