"""Which executions this engine has begun and Prefect has not seen the end of: on disk, for the engine's successor.

Prefect itself never notices a dead process: its flow runs would read Running for ever. And an execution that stands
here was begun; it is not begun once more, whoever has not heard of that. A file outlives the process, though not the
machine's power: writing waits for no disk.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.reports import ExecutionStatus

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """An execution in flight; the ids are empty and null while Prefect has not been heard of it."""

    execution_id: str
    deployment_id: str = ""
    flow_run_id: str | None = None
    #: It was suspended: what follows this engine lets it wait for being resumed.
    suspended: bool = False
    #: A worker takes it from its pool, and nothing of it has begun: it may go back there.
    claimed: bool = False
    #: How the execution has ended, with the message for Prefect; null while it has not.
    status: str | None = None
    message: str = ""


class Ledger:
    """A folder with one small file an execution. Only one engine may use a folder at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, entry: Entry) -> None:
        """Note a flow run before it is created, and again once its id is known.

        A full disk keeps no execution from running: if this engine dies too, that flow run reads Running for ever,
        or the execution is begun twice.
        """
        path = self._path(entry.execution_id)
        draft = path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(asdict(entry)), encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            logger.error("execution %s is not in the ledger: %s", entry.execution_id, error)

    @contextlib.contextmanager
    def expecting(self, entry: Entry) -> Iterator[None]:
        """Note a flow run that a worker has claimed, while it is prepared; one that is refused then is none."""
        self.put(entry)
        try:
            yield
        except VortexError:
            self.remove(entry.execution_id)
            raise

    def end(self, execution_id: str, status: ExecutionStatus, message: str) -> None:
        """Note how an execution has ended, of which Prefect has still to be told."""
        if (entry := self.entry(execution_id)) is not None:
            self.put(replace(entry, status=status.value, message=message))

    def suspend(self, execution_id: str) -> None:
        """Note that the flow run of an execution was suspended; `put` notes that it goes on."""
        if (entry := self.entry(execution_id)) is not None:
            self.put(replace(entry, suspended=True))

    def restore(self, execution_id: str, entry: Entry | None) -> None:
        """Note what stood of an execution before; null: nothing did."""
        if entry is None:
            self.remove(execution_id)
        else:
            self.put(entry)

    def remove(self, execution_id: str) -> None:
        """The flow run has ended."""
        self._path(execution_id).unlink(missing_ok=True)

    def entry(self, execution_id: str) -> Entry | None:
        """What stands of an execution, or null."""
        path = self._path(execution_id)
        return _read(path) if path.exists() else None

    def entries(self) -> list[Entry]:
        """What is in flight, or was when the last engine died. Files that are not ours to read are left alone."""
        found = (_read(path) for path in sorted(self._folder.glob("*.json")))
        return [entry for entry in found if entry is not None]

    def _path(self, execution_id: str) -> Path:
        return self._folder / f"{execution_id}.json"


def _read(path: Path) -> Entry | None:
    try:
        return Entry(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        logger.warning("%s is no entry of the ledger: %s", path, error)
        return None
