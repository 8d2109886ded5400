"""What executions gave: pictures kept as files, values, and tensors that the arena still holds."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vortex_prefect.core.contracts import EnginePort, ExecutionRecord
from vortex_prefect.core.errors import RequestError, VortexError, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.files.content import HEAD_BYTES, media_type_of
from vortex_prefect.files.roots import FileRoots
from vortex_prefect.service.contents import Contents
from vortex_prefect.service.messages import PICTURES
from vortex_prefect.service.resources import item_resource, wanted_outputs

_log = logging.getLogger(__name__)

#: Formats that `EnginePort.read_value` knows.
TENSOR_FORMATS = ("png", "npy", "arrow", "raw")


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes with their media type, or the file that holds them."""

    media_type: str
    body: bytes | Path
    #: Of a file: where it has to lie, whatever links say.
    folder: Path = Path()
    #: To save it under.
    name: str = ""


class Outputs:
    """The outputs of all executions; `folder` holds one folder for each of them."""

    def __init__(self, folder: Path, engine: EnginePort) -> None:
        self._folder = folder
        self._engine = engine
        self._contents = Contents(folder)

    async def keep(self, record: ExecutionRecord) -> None:
        """Write the pictures among the wanted outputs to files, so that they outlive the arena's blocks.

        A picture that cannot be kept is logged, not raised: the execution's result stands without it.
        """
        pictures = [
            (node, port, Value.from_dict(value))
            for _, node, port in wanted_outputs(record)
            if (value := record.values.get(node, {}).get(port)) and value["type"] in PICTURES and value.get("ref")
        ]
        await asyncio.gather(*(self._keep(record.id, node, port, value) for node, port, value in pictures))

    async def read(
        self, record: ExecutionRecord, node: str, port: str, format: str | None, item: int | None = None
    ) -> Content:
        """An output: PNG for pictures, JSON for values, Arrow IPC for tensors, unless `format` says otherwise.

        `format`: `png`, `npy` or `arrow` for a tensor, `arrow` for a table, `raw` for bytes; `json` for a value;
        `file` for the content of a file that the execution wrote, where the value is its path. `item` picks one of
        a list.

        Raises:
            RequestError: RQ-002 no such output, RQ-001 no such format, RQ-006 no longer held.
        """
        stored = record.values.get(node, {}).get(port)
        if stored is None:
            raise RequestError("RQ-002", f"execution {record.id} has no output {node}.{port}")
        value = Value.from_dict(stored)
        if item is not None:
            value, port = _item(value, node, port, item), f"{port}[{item}]"
        elif value.items is not None:
            return _listed(record.id, node, port, stored, format)
        if value.ref is None:
            return await self._read_plain(record.id, value, format or "json")
        usual = "png" if value.type in PICTURES else "raw" if value.type == "BYTES" else "arrow"
        return await self._read_tensor(record.id, node, port, value, format or usual)

    async def pin(self, record: ExecutionRecord, node: str, port: str, keep: bool) -> bool:
        """Keep an output's tensors in the arena until this is undone, or undo it; which it is now.

        Raises:
            RequestError: RQ-002 no such output, RQ-001 it is no tensor, RQ-006 no longer held, or never cached.
            WorkerError: WK-008, pins would take more than half of the arena.
        """
        stored = record.values.get(node, {}).get(port)
        if stored is None:
            raise RequestError("RQ-002", f"execution {record.id} has no output {node}.{port}")
        value = Value.from_dict(stored)
        if not any(value.refs()):
            raise RequestError("RQ-001", f"{node}.{port} is {value.type}, which takes no room in the arena")
        try:
            return await self._engine.pin(value, keep)
        except VortexError as error:
            if error.code == "WK-002":
                raise RequestError("RQ-006", f"the arena does not hold {node}.{port} as a cached result") from error
            raise

    async def _keep(self, execution_id: str, node: str, port: str, value: Value) -> None:
        try:
            data, _ = await self._engine.read_value(value, "png")
            about = {
                "media_type": "image/png",
                "type": value.type,
                "execution_id": execution_id,
                "node": node,
                "port": port,
            }
            await asyncio.to_thread(self._contents.keep, self._picture(execution_id, node, port), data, about)
        except VortexError as error:
            _log.warning("output %s.%s of execution %s not kept: %s", node, port, execution_id, error)

    async def _read_plain(self, execution_id: str, value: Value, format: str) -> Content:
        if format == "json":
            return Content("application/json", json.dumps({"type": value.type, "value": value.data}).encode())
        if format == "file" and value.type == "PATH":
            path = await asyncio.to_thread(self._written_file, execution_id, str(value.data))
            folder = self._folder / execution_id
            kind = await asyncio.to_thread(_media_type, folder, path)
            return Content(kind, path, folder, path.name)
        raise RequestError("RQ-001", f"a value of type {value.type} has no form {format!r}")

    async def _read_tensor(self, execution_id: str, node: str, port: str, value: Value, format: str) -> Content:
        if format not in TENSOR_FORMATS:
            raise RequestError("RQ-001", f"format is one of {', '.join(TENSOR_FORMATS)}, not {format!r}")
        kept = self._picture(execution_id, node, port)
        if format == "png" and await asyncio.to_thread(kept.is_file):
            return Content("image/png", kept, self._folder / execution_id)
        try:
            data, media_type = await self._engine.read_value(value, format)
        except VortexError as error:
            if error.code == "WK-002":
                raise RequestError("RQ-006", f"the arena let go of {node}.{port}") from error
            raise
        return Content(media_type, data)

    def _picture(self, execution_id: str, node: str, port: str) -> Path:
        name = f"{quote(node, safe='')}.{quote(port, safe='')}"
        if len(name) > 200:  # file systems take 255 bytes
            name = hashlib.sha256(name.encode()).hexdigest()
        return self._folder / execution_id / f"{name}.png"

    def _written_file(self, execution_id: str, text: str) -> Path:
        """The file, which must lie in the execution's own folder: a node may return any path of the machine."""
        folder = (self._folder / execution_id).resolve()
        path = (folder / text).resolve()
        if not path.is_relative_to(folder):
            raise RequestError("RQ-008", "only files in the execution's own folder are served")
        if not path.is_file():
            raise RequestError("RQ-006", f"the file {path.name} is gone")
        return path


def _media_type(folder: Path, path: Path) -> str:
    """By its content: a name may say anything."""
    try:
        with FileRoots((folder.resolve(),)).open_file(path) as file:
            return media_type_of(file.read(HEAD_BYTES), os.fstat(file.fileno()).st_size)
    except (OSError, WorkerError):
        raise RequestError("RQ-006", f"the file {path.name} is gone") from None


def _item(value: Value, node: str, port: str, item: int) -> Value:
    if not value.type.startswith("LIST["):
        raise RequestError("RQ-001", f"{node}.{port} is {value.type}, which has no items")
    items = value.listed()
    if not 0 <= item < len(items):
        raise RequestError("RQ-002", f"{node}.{port} has {len(items)} items, counted from 0, and none at {item}")
    if (found := items[item]) is None:
        raise RequestError("RQ-002", f"item {item} of {node}.{port} failed")
    return found


def _listed(execution_id: str, node: str, port: str, stored: dict[str, Any], format: str | None) -> Content:
    """A list that JSON cannot hold: what its items are, and where."""
    if format not in (None, "json"):
        raise RequestError("RQ-001", f"a list has the form json, not {format!r}; ask for one item with ?item=")
    items = [item_resource(execution_id, node, port, *pair) for pair in enumerate(stored["items"])]
    return Content("application/json", json.dumps({"type": stored["type"], "items": items}).encode())
