"""The node SDK: a node is a typed Python function.

    @node("image.gamma", category="colour")
    def gamma(image: Image, gamma: Annotated[float, Range(0.1, 8.0)] = 1.0) -> Image:
        \"\"\"Raise every value to the power 1/gamma.\"\"\"
        return image.clamp(min=0) ** (1 / gamma)

Ports, parameters, bounds, defaults and documentation are read off the
signature and the docstring; nothing is declared twice. A function that yields
its progress, and a class whose instances a worker keeps, are nodes as well.

What a node logs with `logging` from INFO on, prints, or notes as its progress
are lines of the log of its task run; see docs/prefect.md.

Files are read with `open_input`, and written with `Context.write_output`; see docs/files.md.
"""

from vortex_worker.sdk.annotations import Choices, Doc, File, Lazy, Partial, Port, Range, Step, Unit, Widget
from vortex_worker.sdk.calls import Progress
from vortex_worker.sdk.context import Cancelled, Context
from vortex_worker.sdk.declare import NodeType, node, nodes_of
from vortex_worker.sdk.files import check_input, input_sha256, open_input
from vortex_worker.sdk.sound import Sound
from vortex_worker.sdk.steering import Steering
from vortex_worker.sdk.types import (
    Any,
    Audio,
    Bytes,
    Conditioning,
    Image,
    Json,
    Latent,
    Many,
    Mask,
    Model,
    Steps,
    Table,
    Tensor,
)

__all__ = [
    "Any",
    "Audio",
    "Bytes",
    "Cancelled",
    "Choices",
    "Conditioning",
    "Context",
    "Doc",
    "File",
    "Image",
    "Json",
    "Latent",
    "Lazy",
    "Many",
    "Mask",
    "Model",
    "NodeType",
    "Partial",
    "Port",
    "Progress",
    "Range",
    "Sound",
    "Steering",
    "Step",
    "Steps",
    "Table",
    "Tensor",
    "Unit",
    "Widget",
    "check_input",
    "input_sha256",
    "node",
    "nodes_of",
    "open_input",
]
