"""One stack for all tests that need one: it takes half a minute to start. And rooms, with the Yjs clients in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from tests.fakes.graphs import picture_graph
from tests.fakes.packs import write_library, write_pack
from tests.integration.collab_process import CollabProcess
from tests.integration.polling import eventually
from tests.integration.processes import descendants, state
from tests.integration.stack_client import StackClient, prefect_client
from tests.integration.yjs_peers import Peers
from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.cli.pack_environment import Libraries
from vortex_prefect.cli.packs import install
from vortex_prefect.core.settings import Settings


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackClient]:
    """A stack with the debug nodes and one worker. At its end it has left nothing behind."""
    home = tmp_path_factory.mktemp("vortex")
    # Tests keep their files where the home is.
    readable = (tmp_path_factory.getbasetemp(),)
    settings = Settings(
        home,
        port=0,
        debug_nodes=True,
        workers=1,
        device="cpu",
        arena_bytes=4 << 30,
        file_roots=readable,
        environment_idle_s=2.0,
    )
    install_old(settings, tmp_path_factory.mktemp("pack"))
    with ExitStack() as resources:
        info = resources.enter_context(Stack(settings, print))
        bridge = resources.enter_context(httpx.Client(base_url=info.url, timeout=30.0))
        prefect = resources.enter_context(prefect_client(home))
        yield StackClient(info, home, bridge, prefect)
        arena = Path(bridge.get("/api/arena").json()["path"])
        assert arena.exists()
        assert settings.dask_keys.folder.exists()
        # Only the stack's: other tests leave helpers of the test process running until its end.
        roots = [process["pid"] for process in info.processes]
        ours = {*roots, *descendants(*roots)}
        assert len(ours) >= 6, "not all processes of the stack were seen"
    # A worker's worker is nobody's child any more once its parent is gone, and ends a moment later.
    eventually(lambda: not list(filter(state, ours)))
    assert not arena.exists()
    assert not settings.dask_keys.folder.exists()
    assert not [path for path in settings.run_dir.rglob("*") if path.is_socket()]


def install_old(settings: Settings, folder: Path) -> None:
    """The pack `old`, in an environment of its own: it wants an older library than the base has."""
    write_library(folder, "itsdangerous", "0.5")
    pack = write_pack(folder, "old", requires=["itsdangerous<1"])
    install(settings, str(pack), None, Libraries([str(folder)], no_index=True), Console(quiet=True))


@pytest.fixture(scope="module")
def collab_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollabProcess]:
    """A bridge for all tests that leave it alone."""
    with CollabProcess(tmp_path_factory.mktemp("collab")) as running:
        yield running
        assert running.running, running.log


@pytest.fixture
def peers(collab_stack: CollabProcess) -> Iterator[Peers]:
    with Peers(collab_stack.rooms_url) as found:
        yield found


@pytest.fixture
def graph_id(collab_stack: CollabProcess) -> str:
    """image → blur → save."""
    return collab_stack.create(picture_graph())


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[CollabProcess]:
    """A bridge that the test may kill."""
    with CollabProcess(tmp_path) as running:
        yield running
