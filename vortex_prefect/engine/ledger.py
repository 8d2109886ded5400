"""Which flow runs this engine has begun and not ended: on disk, so that its successor can say that they crashed.

Prefect itself never notices a dead process: its flow runs would read Running for ever.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vortex_prefect.core.errors import VortexError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow run in flight; its id is null while Prefect has not been heard of it."""

    execution_id: str
    deployment_id: str
    flow_run_id: str | None = None
    #: It was suspended: what follows this engine lets it wait for being resumed.
    suspended: bool = False
    #: A worker has taken it from its pool, and nothing of it has begun: it may go back there.
    claimed: bool = False


class Ledger:
    """A folder with one small file an execution. Only one engine may use a folder at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, entry: Entry) -> None:
        """Note a flow run before it is created, and again once its id is known.

        A full disk keeps no execution from running: if this engine dies too, that flow run reads Running for ever.
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

    def suspend(self, execution_id: str) -> None:
        """Note that the flow run of an execution was suspended; `put` notes that it goes on."""
        if (entry := _read(self._path(execution_id))) is not None:
            self.put(replace(entry, suspended=True))

    def remove(self, execution_id: str) -> None:
        """The flow run has ended."""
        self._path(execution_id).unlink(missing_ok=True)

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
