"""`vortex run`: one execution, followed to its end."""

from __future__ import annotations

import contextlib
import mimetypes
import shutil
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.live import Live

from vortex_prefect.bootstrap.stack import Stack, Tell, running_stack
from vortex_prefect.cli.progress import ProgressView
from vortex_prefect.client.bridge import Client
from vortex_prefect.client.documents import read_document, resolve_files, set_params
from vortex_prefect.client.uploads import upload_out_of_reach
from vortex_prefect.core.ids import derived_id
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.graph.model import parse_graph

_FINAL = frozenset({"completed", "failed", "cancelled", "crashed"})
_TERMINAL_MESSAGES = frozenset({"execution.complete", "execution.failed", "execution.cancelled"})
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class RunResult:
    """What `vortex run --json` prints. `outputs` maps a graph output to `{node, port, type, url, value?, file?}`."""

    execution_id: str
    status: str
    outputs: dict[str, dict[str, Any]]
    wall_s: float
    error: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        data = {name: getattr(self, name) for name in self.__slots__ if name != "error"}
        return {**data, **({"error": self.error} if self.error else {})}


def run_graph(
    settings: Settings, path: Path, assignments: list[str], output: Path | None, console: Console
) -> RunResult:
    """Run the graph of a file, in the running stack or in one that is started for it.

    Raises:
        GraphError: the graph cannot run; with every problem.
    """
    document = _document(path, assignments)
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as resources:
        info = running_stack(settings)
        if info is None:
            # A port that nobody else needs: this stack is for one run only.
            own = Stack(Settings.from_env(settings.to_env(), port=0), _teller(console, resources))
            info = resources.enter_context(own)
        client = resources.enter_context(Client(info.url))
        catalogue = client.catalogue()
        resolve_files(document, catalogue, path.resolve().parent)
        upload_out_of_reach(client.http, settings, document, {}, catalogue)
        started = time.monotonic()
        execution_id = client.execute(client.store(document))
        execution = _follow(client, document, execution_id, console)
        wall_s = time.monotonic() - started
        outputs = execution["outputs"]
        if output is not None:
            _save(client, outputs, output)
    _summarise(execution, outputs, wall_s, console)
    return RunResult(execution_id, execution["status"], outputs, round(wall_s, 3), execution.get("error"))


def _document(path: Path, assignments: list[str]) -> dict[str, Any]:
    document = read_document(path)
    set_params(document, assignments)
    graph = parse_graph(document, Limits())
    # The same file is the same graph, run after run.
    return {**graph.to_document(), "id": graph.id or derived_id("file", str(path.resolve()))}


def _follow(client: Client, document: dict[str, Any], execution_id: str, console: Console) -> dict[str, Any]:
    """Show progress until the execution ends; Ctrl-C cancels it."""
    view = ProgressView(document)
    with Live(view, console=console, refresh_per_second=10, transient=False) as live:
        try:
            for message in client.messages(document["id"]):
                payload = message["payload"]
                if payload.get("execution_id") == execution_id:
                    view.take(message["type"], payload)
                    live.update(view)
                    if message["type"] in _TERMINAL_MESSAGES:
                        break
                elif client.execution(execution_id)["status"] in _FINAL:
                    break  # it ended before the connection stood
        except KeyboardInterrupt:
            client.cancel(execution_id)
        execution = _ended(client, execution_id)
        view.take_execution(execution)
        live.update(view)
    return execution


def _ended(client: Client, execution_id: str) -> dict[str, Any]:
    while (execution := client.execution(execution_id))["status"] not in _FINAL:
        time.sleep(_POLL_S)
    return execution


def _save(client: Client, outputs: dict[str, dict[str, Any]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, output in outputs.items():
        saved = Path(str(output.get("value", "")))
        if output["type"] == "PATH" and saved.is_file():
            target = folder / saved.name
            shutil.copyfile(saved, target)
        else:
            data, media_type = client.download(output["url"])
            suffix = mimetypes.guess_extension(media_type.partition(";")[0]) or ".bin"
            target = folder / f"{Path(name).name}{suffix}"
            target.write_bytes(data)
        output["file"] = str(target.resolve())


def _summarise(execution: dict[str, Any], outputs: dict[str, dict[str, Any]], wall_s: float, console: Console) -> None:
    colour = {"completed": "green", "cancelled": "yellow"}.get(execution["status"], "red")
    console.print(f"[bold {colour}]{execution['status']}[/bold {colour}] in {wall_s:.2f} s")
    for name, output in outputs.items():
        shown = output.get("file") or output.get("value") or output["url"]
        console.print(f"  {name}: {shown}", soft_wrap=True, highlight=False)
    for node_id, node in execution["nodes"].items():
        if node["state"] == "failed" and (error := node["error"]):
            console.print(f"  [red]{error['code']}[/red] {node_id}: ", end="")
            console.print(error["message"], markup=False, highlight=False)
            if error.get("traceback"):
                console.print(error["traceback"], markup=False, highlight=False, style="dim")


def _teller(console: Console, resources: ExitStack) -> Tell:
    status = resources.enter_context(console.status("starting", spinner="dots"))
    return status.update


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
