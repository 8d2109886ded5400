"""What code holds of a graph: its nodes, and the outputs that feed other nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vortex_prefect.client.names import declared_name, python_name, unknown
from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.graph.model import Endpoint, Mode

if TYPE_CHECKING:
    from vortex_prefect.client.editor import Editor

T_co = TypeVar("T_co", covariant=True)


class Feeds(Generic[T_co]):
    """What an input takes: an output, or a node that has one only. `T_co` is the port's type."""

    __slots__ = ()


class Output(Feeds[T_co]):
    """An output port of a node in a graph."""

    __slots__ = ("node", "port", "type")

    def __init__(self, node: Node, port: str, type: str) -> None:
        #: The node that gives it.
        self.node = node
        #: The port's name.
        self.port = port
        #: The port's type, `IMAGE` say.
        self.type = type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Output) and (other.node, other.port) == (self.node, self.port)

    def __hash__(self) -> int:
        return hash((self.node, self.port))

    def __repr__(self) -> str:
        return f"<output {self.node.id}.{self.port}: {self.type}>"


class Node:
    """A node of a graph. Its outputs are its attributes; its inputs and parameters are its items.

    `blur["radius"] = 5` sets a parameter, `blur["image"] = load.image` connects (and replaces what was
    connected), `del blur["radius"]` goes back to the default, `del blur["image"]` disconnects. Names that
    Python or this class have taken get an underscore behind them (`node.title_`); `outputs` has them all.

    Every change raises `GraphError` and leaves the graph as it was if it does not fit the node's type.
    """

    __slots__ = ("_editor", "_id")

    def __init__(self, editor: Editor, node_id: str) -> None:
        self._editor = editor
        self._id = node_id

    @property
    def id(self) -> str:
        """The id, which never changes."""
        return self._id

    @property
    def type(self) -> str:
        """The node's type, `pack.name`."""
        return self._editor.node(self._id).type

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that were given values; others have their defaults."""
        return dict(self._editor.node(self._id).params)

    @property
    def outputs(self) -> Mapping[str, Output[Any]]:
        """All outputs by name."""
        return {port.name: Output(self, port.name, port.type) for port in self._editor.spec(self._id).outputs}

    @property
    def title(self) -> str | None:
        """What people read; null for the title of the node's type."""
        return self._editor.node(self._id).title

    @title.setter
    def title(self, title: str | None) -> None:
        self._editor.apply(op="node.title", id=self._id, title=title)

    @property
    def mode(self) -> Mode:
        """`active`, `muted` (not run, nor what needs it) or `bypassed` (hands its inputs on)."""
        return self._editor.node(self._id).mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._editor.apply(op="node.mode", id=self._id, mode=mode)

    @property
    def retries(self) -> int:
        """Attempts after the first, 0 to 100."""
        return self._editor.node(self._id).retries

    @retries.setter
    def retries(self, retries: int) -> None:
        self._editor.apply(op="node.policy", id=self._id, retries=retries)

    @property
    def retry_delay_s(self) -> float | None:
        """Seconds before another attempt; null for the engine's own choice."""
        return self._editor.node(self._id).retry_delay_s

    @retry_delay_s.setter
    def retry_delay_s(self, seconds: float | None) -> None:
        self._editor.apply(op="node.policy", id=self._id, retry_delay_s=seconds)

    @property
    def retry_jitter_factor(self) -> float | None:
        """Spreads the delay up to so much more of it (0.5: half as long again); null: not at all."""
        return self._editor.node(self._id).retry_jitter_factor

    @retry_jitter_factor.setter
    def retry_jitter_factor(self, factor: float | None) -> None:
        self._editor.apply(op="node.policy", id=self._id, retry_jitter_factor=factor)

    @property
    def timeout_s(self) -> float | None:
        """Seconds that an attempt may take; null for no limit."""
        return self._editor.node(self._id).timeout_s

    @timeout_s.setter
    def timeout_s(self, seconds: float | None) -> None:
        self._editor.apply(op="node.policy", id=self._id, timeout_s=seconds)

    @property
    def tags(self) -> tuple[str, ...]:
        """For people, and for limits on how many nodes with one tag run at once."""
        return self._editor.node(self._id).tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._editor.apply(op="node.policy", id=self._id, tags=list(tags))

    @property
    def max_parallel(self) -> int | None:
        """Items of a mapped node that run at once, at most; null for the engine's own choice."""
        return self._editor.node(self._id).max_parallel

    @max_parallel.setter
    def max_parallel(self, most: int | None) -> None:
        self._editor.apply(op="node.policy", id=self._id, max_parallel=most)

    @property
    def position(self) -> tuple[float, float]:
        """Upper left corner on the canvas, in CSS pixels at zoom 1."""
        position = self._editor.node(self._id).position
        return position.x, position.y

    @position.setter
    def position(self, at: tuple[float, float]) -> None:
        x, y = at
        self._editor.apply(op="node.move", id=self._id, x=x, y=y)

    def __getitem__(self, name: str) -> Any:
        """What feeds an input or parameter (a list for an input that takes many), else the parameter's value."""
        return self._editor.value_of(self._id, name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._editor.assign(self._id, name, value)

    def __delitem__(self, name: str) -> None:
        self._editor.reset(self._id, name)

    if not TYPE_CHECKING:  # stubs name the outputs; a type checker is to complain of any other

        def __getattr__(self, name: str) -> Output[Any]:
            if name.startswith("_"):
                raise AttributeError(name)
            spec = self._editor.spec(self._id)
            found = declared_name(name, self.outputs, TAKEN)
            if found is None:
                raise unknown("VE-004", name, f"outputs of {spec.type}", self.outputs, self._id)
            return self.outputs[found]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(python_name(name, TAKEN) for name in self.outputs)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and other._editor is self._editor and other._id == self._id

    def __hash__(self) -> int:
        return hash((id(self._editor), self._id))

    def __repr__(self) -> str:
        return f"<node {self._id}: {self.type}>"


class AnyNode(Node, Feeds[Any]):
    """A node whose type only the catalogue knows: its attributes are outputs of any type."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Output[Any]: ...


#: Attributes of nodes that are not outputs.
TAKEN = frozenset(name for name in dir(Node) if not name.startswith("_"))

#: What `connect` takes as a source: `(node id, port)` names an output that need not exist.
Source = Feeds[Any] | tuple[str, str]


def endpoint_of(source: object) -> Endpoint | None:
    """The output that a value stands for: an output itself, or the only one of a node; null for other values.

    Raises:
        GraphError: VE-004, a node with several outputs does not say which.
    """
    if isinstance(source, Node):
        outputs = source.outputs
        if len(outputs) != 1:
            hint = f"Name one of its outputs: {', '.join(outputs)}." if outputs else "Connect another node."
            message = f"{source.id} of type {source.type} has {len(outputs)} outputs, not one"
            raise GraphError("VE-004", message, hint, (Problem("VE-004", message, source.id, hint=hint),), source.id)
        source = next(iter(outputs.values()))
    return Endpoint(node=source.node.id, port=source.port) if isinstance(source, Output) else None
