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
from vortex_prefect.client import Bridge
from vortex_prefect.client.bridge.answers import Execution
from vortex_prefect.client.bridge.messages import Gap
from vortex_prefect.client.documents import read_document, resolve_files, set_params
from vortex_prefect.client.uploads import upload_out_of_reach
from vortex_prefect.core.ids import derived_id
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.graph.model import parse_graph


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


#: Media types that the standard library does not know: tables and sounds.
_SUFFIXES = {"application/vnd.apache.arrow.stream": ".arrows"}


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
        bridge = resources.enter_context(Bridge(info.url, home=settings.home))
        catalogue = bridge.list_node_types()
        resolve_files(document, catalogue, path.resolve().parent)
        upload_out_of_reach(lambda file: bridge.upload_file(file).path, settings, document, {}, catalogue)
        started = time.monotonic()
        execution_id = bridge.execute_graph(bridge.store_graph(document).id).execution_id
        execution = _follow(bridge, document, execution_id, console).to_dict()
        wall_s = time.monotonic() - started
        outputs = execution["outputs"]
        if output is not None:
            _save(bridge, outputs, output)
    _summarise(execution, outputs, wall_s, console)
    return RunResult(execution_id, execution["status"], outputs, round(wall_s, 3), execution.get("error"))


def _document(path: Path, assignments: list[str]) -> dict[str, Any]:
    document = read_document(path)
    set_params(document, assignments)
    graph = parse_graph(document, Limits())
    # The same file is the same graph, run after run.
    return {**graph.to_document(), "id": graph.id or derived_id("file", str(path.resolve()))}


def _follow(bridge: Bridge, document: dict[str, Any], execution_id: str, console: Console) -> Execution:
    """Show progress until the execution ends; Ctrl-C cancels it."""
    view = ProgressView(document)
    with Live(view, console=console, refresh_per_second=10, transient=False) as live:
        try:
            with bridge.messages(document["id"]) as stream:
                ended = bridge.get_execution(execution_id).ended  # before the connection stood
                while not ended:
                    message = next(stream)
                    if isinstance(message, Gap):
                        ended = bridge.get_execution(execution_id).ended
                    elif message.execution_id == execution_id:
                        view.take(message.type, message.to_dict())
                        live.update(view)
                        ended = message.final
        except KeyboardInterrupt:
            bridge.cancel_execution(execution_id)
        execution = bridge.wait(execution_id)
        view.take_execution(execution.to_dict())
        live.update(view)
    return execution


def _save(bridge: Bridge, outputs: dict[str, dict[str, Any]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, output in outputs.items():
        saved = Path(str(output.get("value", "")))
        if output["type"] == "PATH" and saved.is_file():
            target = folder / saved.name
            shutil.copyfile(saved, target)
        else:
            content = bridge.get_content(output["url"])
            kind = content.media_type.partition(";")[0]
            suffix = _SUFFIXES.get(kind) or mimetypes.guess_extension(kind) or ".bin"
            target = folder / f"{Path(name).name}{suffix}"
            target.write_bytes(content.data)
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
