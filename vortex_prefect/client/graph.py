"""Graphs in code: built, loaded, edited, checked and saved."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vortex_prefect.client.catalogue import find_catalogue
from vortex_prefect.client.documents import read_document
from vortex_prefect.client.editor import Editor
from vortex_prefect.client.export import to_python
from vortex_prefect.client.handles import AnyNode, Feeds, Node, Source, endpoint_of
from vortex_prefect.client.names import declared_name, python_name, unknown
from vortex_prefect.client.packs import Pack, pack_of
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.graph import model
from vortex_prefect.graph.mermaid import to_mermaid
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.validate import validate

if TYPE_CHECKING:
    from vortex_prefect.client._packs import Packs as _Packs
else:
    _Packs = object


class BareGraph:
    """A graph without the attributes that name the packs.

    Args:
        name: what people call it.
        id: its UUID in a stack; null lets the stack give it one.
        catalogue: the node types; null asks the running stack of that home, else the installed packs.
        home: where state lives (`VORTEX_HOME`); null for the environment's.
    """

    def __init__(
        self,
        name: str = "",
        *,
        id: str | None = None,
        catalogue: Catalogue | None = None,
        home: str | os.PathLike[str] | None = None,
    ) -> None:
        self._known = catalogue
        self._home = home
        #: Input files with relative paths lie here; null for the folder of the process.
        self._folder: Path | None = None
        self._editor = Editor(_read({"schema": model.SCHEMA, "name": name, "id": id}), lambda: self.catalogue)

    @classmethod
    def from_document(
        cls, document: Any, *, catalogue: Catalogue | None = None, home: str | os.PathLike[str] | None = None
    ) -> Self:
        """A graph of a GraphDSL document, whether it can run or not.

        Raises:
            GraphError: VE-001 or VE-012, it is no such document; with everything that is wrong.
        """
        found = cls(catalogue=catalogue, home=home)
        found._editor = Editor(_read(document), lambda: found.catalogue)
        return found

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        catalogue: Catalogue | None = None,
        home: str | os.PathLike[str] | None = None,
    ) -> Self:
        """A graph of a file; relative paths of input files are relative to that file.

        Raises:
            GraphError: VE-001 or VE-012, there is none, or it is no graph.
        """
        found = cls.from_document(read_document(Path(path)), catalogue=catalogue, home=home)
        found._folder = Path(path).resolve().parent
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document as JSON; the file is replaced whole or not at all."""
        target = Path(path)
        draft = target.with_name(f".{target.name}.{os.getpid()}.new")
        draft.write_text(json.dumps(self.to_document(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(target)

    def to_document(self) -> dict[str, Any]:
        """The GraphDSL document with every field present."""
        return self._editor.graph().to_document()

    def to_python(self) -> str:
        """Python code that builds this graph again, node by node."""
        return to_python(self._editor.graph(), self.catalogue, RESERVED)

    def to_mermaid(self) -> str:
        """The graph as a Mermaid flowchart; notebooks draw it."""
        return to_mermaid(self._editor.graph())

    def validate(self) -> list[Problem]:
        """Everything that keeps the graph from running."""
        return validate(self._editor.graph(), self.catalogue)

    @property
    def catalogue(self) -> Catalogue:
        """The node types; looked for when first asked for."""
        if self._known is None:
            self._known = find_catalogue(Settings.from_env(os.environ, home=self._home))
        return self._known

    @property
    def home(self) -> str | os.PathLike[str] | None:
        """Where state lives, as it was given; null for the environment's."""
        return self._home

    @property
    def id(self) -> str | None:
        """The graph's UUID in a stack; null until it has one."""
        return self._editor.graph().id

    @id.setter  # noqa: A003 - no use of the builtin
    def id(self, id: str | None) -> None:
        self._editor.put(id=_read({**self.to_document(), "id": id}).id)

    @property
    def name(self) -> str:
        """What people call it."""
        return self._editor.graph().name

    @name.setter
    def name(self, name: str) -> None:
        self._editor.apply(op="graph.rename", name=name)

    @property
    def folder(self) -> Path:
        """Where input files with relative paths lie: beside the file that was loaded, else in the current folder."""
        return self._folder or Path.cwd()

    # -- nodes -----------------------------------------------------------------------------

    @property
    def nodes(self) -> dict[str, AnyNode]:
        """All nodes by id."""
        return {node_id: AnyNode(self._editor, node_id) for node_id in self._editor.node_ids}

    def __getitem__(self, node_id: str) -> AnyNode:
        """The node of that id; VE-005 if there is none."""
        self._editor.node(node_id)
        return AnyNode(self._editor, node_id)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._editor.node_ids

    def __iter__(self) -> Iterator[AnyNode]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self._editor.node_ids)

    def node(
        self,
        type: str,
        /,
        *,
        id: str | None = None,
        title: str | None = None,
        at: tuple[float, float] | None = None,
        **arguments: Any,
    ) -> AnyNode:
        """Add a node of the type `pack.name`.

        Args:
            id: null makes one of the type's name: `blur`, `blur_2`, …
            title: what people read; null for the type's own title.
            at: upper left corner on the canvas.
            arguments: values for parameters, and outputs (or nodes that have one only) for inputs and for
                parameters that are to be driven; a list of them for inputs that take many. Names that Python
                or this call have taken get an underscore behind them: `in_`, `id_`.

        Raises:
            GraphError: VE-003 unknown type, VE-004 unknown name, VE-006 port types do not match, VE-009 and
                VE-010 values that do not fit, VE-001 the id is taken; with what to do. The graph stays as it was.
        """
        position = None if at is None else {"x": at[0], "y": at[1]}
        return AnyNode(self._editor, self._editor.create(type, arguments, id, title=title, position=position))

    def add_node(self, id: str, node: Mapping[str, Any]) -> AnyNode:
        """Add a node as documents have it (`{"type": …, "params": {…}, …}`), unchecked: `validate` will tell."""
        self._editor.apply(op="node.create", id=id, node=dict(node))
        return AnyNode(self._editor, id)

    def remove(self, node: Node | str) -> None:
        """Remove a node, its edges and its exposures."""
        self._editor.apply(op="node.delete", id=_id_of(node))

    def connect(self, source: Source, target: Node | str, port: str, *, check: bool = True) -> None:
        """Connect an output to an input or parameter; an input that takes one edge loses the one that it has.

        Args:
            source: an output, a node that has one only, or `(node id, port)`.
            check: false adds the edge whatever it joins; then `source` is `(node id, port)`.

        Raises:
            GraphError: VE-004, VE-005 unknown names, VE-006 port types do not match.
        """
        if not check:
            self._editor.connect_unchecked(_pair(source), (_id_of(target), port))
            return
        self._editor.connect(self._handle(source), _id_of(target), port)

    def disconnect(self, source: Source, target: Node | str, port: str) -> None:
        """Remove an edge; VE-001 if there is none."""
        self._editor.disconnect(self._handle(source), _id_of(target), port)

    def pack(self, name: str) -> Any:
        """The node types of a pack as attributes; VE-003 if there is no such pack."""
        packs = {pack_of(spec) for spec in self.catalogue.all()}
        if (found := declared_name(name, packs, RESERVED)) is None:
            raise unknown("VE-003", name, "installed packs", packs)
        return Pack(found, self.catalogue, self.node)

    # -- what callers see --------------------------------------------------------------------

    @property
    def inputs(self) -> dict[str, tuple[str, str]]:
        """Exposed inputs: name → node id and parameter."""
        return {item.name: (item.node, item.param) for item in self._editor.graph().inputs}

    @property
    def outputs(self) -> dict[str, tuple[str, str]]:
        """Exposed outputs: name → node id and port."""
        return {item.name: (item.node, item.port) for item in self._editor.graph().outputs}

    def expose_input(self, name: str, node: Node | str, param: str, *, check: bool = True) -> None:
        """Let callers of the graph set a parameter under `name`.

        Raises:
            GraphError: VE-004, VE-005 no such parameter or node; VE-001 the name is taken.
        """
        self._expose("inputs", {"name": name, "node": _id_of(node), "param": param}, check)

    def expose_output(self, name: str, output: Source, *, check: bool = True) -> None:
        """Give callers of the graph an output under `name`.

        Raises:
            GraphError: VE-004, VE-005 no such output or node; VE-001 the name is taken.
        """
        node, port = _pair(output)
        self._expose("outputs", {"name": name, "node": node, "port": port}, check)

    def hide_input(self, name: str) -> None:
        """Take an exposed input back."""
        self._hide("inputs", name, self.inputs)

    def hide_output(self, name: str) -> None:
        """Take an exposed output back."""
        self._hide("outputs", name, self.outputs)

    def _expose(self, part: str, item: dict[str, str], check: bool) -> None:
        items = [exposed.model_dump() for exposed in getattr(self._editor.graph(), part)] + [item]
        parsed = _read({"schema": model.SCHEMA, part: items})
        if check:
            self._editor.check_exposure(**{part: getattr(parsed, part)[-1:]})
        self._editor.apply(op="graph.expose", **{part: items})

    def _hide(self, part: str, name: str, known: Mapping[str, object]) -> None:
        if name not in known:
            raise unknown("VE-004", name, f"{part} of the graph", known)
        rest = [exposed.model_dump() for exposed in getattr(self._editor.graph(), part) if exposed.name != name]
        self._editor.apply(op="graph.expose", **{part: rest})

    # -- what people see -----------------------------------------------------------------------

    def group(
        self,
        title: str = "",
        *,
        id: str,
        at: tuple[float, float] = (0.0, 0.0),
        size: tuple[float, float] = (0.0, 0.0),
        color: str | None = None,
    ) -> None:
        """Draw a titled frame around what lies there, or replace the frame of that id."""
        frame = {"id": id, "title": title, "color": color, "position": _point(at), "size": _extent(size)}
        self._editor.apply(op="group.set", group=frame)

    def note(
        self,
        text: str = "",
        *,
        id: str,
        at: tuple[float, float] = (0.0, 0.0),
        size: tuple[float, float] = (0.0, 0.0),
        color: str | None = None,
    ) -> None:
        """Put a note (Markdown) on the canvas, or replace the one of that id."""
        note = {"id": id, "text": text, "color": color, "position": _point(at), "size": _extent(size)}
        self._editor.apply(op="note.set", note=note)

    def remove_group(self, id: str) -> None:
        """Remove a frame; what lies in it stays."""
        self._editor.apply(op="group.delete", id=id)

    def remove_note(self, id: str) -> None:
        """Remove a note."""
        self._editor.apply(op="note.delete", id=id)

    def _handle(self, source: Source) -> Feeds[Any]:
        if not isinstance(source, tuple):
            return source
        node_id, port = source
        outputs = self[node_id].outputs
        if port not in outputs:
            raise unknown("VE-004", port, f"outputs of {self[node_id].type}", outputs, node_id)
        return outputs[port]

    def _repr_markdown_(self) -> str:
        return f"```mermaid\n{self.to_mermaid()}```\n"

    def __repr__(self) -> str:
        return f"<graph {self.name!r}: {len(self)} nodes>"


class Graph(BareGraph, _Packs):
    """A graph in code; its packs are its attributes, and their node types are called to add nodes.

    ```python
    g = Graph("Photo grade")
    load = g.image.load(path="photo.png")
    soft = g.image.blur(image=load.image, radius=3)
    g.expose_output("result", soft.image)
    ```
    """

    if not TYPE_CHECKING:  # stubs name the packs

        def __getattr__(self, name: str) -> Pack:
            if name.startswith("_"):
                raise AttributeError(name)
            return self.pack(name)

    def __dir__(self) -> list[str]:
        packs = {pack_of(spec) for spec in self._known.all()} if self._known is not None else set()
        return [*super().__dir__(), *sorted(python_name(name, RESERVED) for name in packs)]


#: Attributes of graphs that are not packs.
RESERVED = frozenset(name for name in dir(BareGraph) if not name.startswith("_"))


def _read(document: Any) -> model.Graph:
    return parse_graph(document, Limits())


def _id_of(node: Node | str) -> str:
    return node.id if isinstance(node, Node) else node


def _pair(source: Source) -> tuple[str, str]:
    if isinstance(source, tuple):
        return source
    end = endpoint_of(source)
    if end is None:
        raise TypeError(f"{source!r} is no output, nor a node")
    return end.node, end.port


def _point(at: tuple[float, float]) -> dict[str, float]:
    return {"x": at[0], "y": at[1]}


def _extent(size: tuple[float, float]) -> dict[str, float]:
    return {"width": size[0], "height": size[1]}
