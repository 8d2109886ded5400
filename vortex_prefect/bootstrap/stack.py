"""The stack: Prefect's server, Dask, engine and bridge as children of one process, and their end."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from vortex_prefect.bootstrap.__main__ import ENVIRONMENT_TOKEN, LISTEN_FD, LOCAL_TOKEN, PREFECT_UI
from vortex_prefect.bootstrap.children import Child, ChildSpec, wait_until
from vortex_prefect.bootstrap.credentials import (
    TOKEN_VARIABLE,
    environment_token,
    make_dask_keys,
    make_local_token,
    prefect_auth_string,
    remove_dask_keys,
)
from vortex_prefect.bootstrap.launch import DASHBOARD_PREFIX
from vortex_prefect.bootstrap.log_files import bound_logs
from vortex_prefect.bootstrap.ports import Ports, listen_near
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.tokens import Tokens

_PREFECT_PORT = 4200
#: Role of Prefect's server, if the stack has started one.
PREFECT_SERVER = "prefect-server"
#: How Dask finds the address of a dashboard.
_DASHBOARD_LINK = "DASK_DISTRIBUTED__DASHBOARD__LINK"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_LAUNCH = (sys.executable, "-m", "vortex_prefect.bootstrap.launch")
_START_LIMIT_S = 180.0
#: A child that dies more often than this within the window is beyond help.
_MAX_RESTARTS = 5
_RESTART_WINDOW_S = 600.0
_POLL_S = 0.2

#: Tells people what is under way; called with a short line.
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StackInfo:
    """Where a running stack is found."""

    pid: int
    url: str
    prefect_api_url: str
    prefect_ui: str
    dask: str
    processes: tuple[dict[str, Any], ...] = ()
    #: As in `Settings`: what nodes may read.
    start_dir: str = ""
    file_roots: tuple[str, ...] = ()

    @property
    def owns_prefect(self) -> bool:
        """Whether Prefect's server is the stack's own, and asks for the home's auth string."""
        return any(process["role"] == PREFECT_SERVER for process in self.processes)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


class Stack:
    """Use it as a context manager, from the main thread."""

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self._settings = settings
        self._tell = tell
        self._children: list[Child] = []
        self._deaths: list[float] = []
        self._lock_fd = -1
        self._ports = Ports()
        self._listening: socket.socket | None = None
        #: Variable → SHA-256 of a token that the bridge takes.
        self._tokens: dict[str, str] = {}
        self._prefect_listening: socket.socket | None = None
        #: How Prefect calls what its server asks for, and what its clients say.
        self._prefect_auth: dict[str, str] = {}
        #: Path of Dask's dashboard, which has no other guard.
        self._dashboard = secrets.token_urlsafe(24)

    def __enter__(self) -> StackInfo:
        try:
            return self._start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def watch(self) -> None:
        """Look after the children: one that died is started again. Call it now and then.

        Raises:
            SystemFault: SY-002, one keeps dying.
        """
        bound_logs(self._settings.log_dir)
        for child in self._children:
            if (code := child.returncode()) is None:
                continue
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < _RESTART_WINDOW_S] + [now]
            if len(self._deaths) > _MAX_RESTARTS:
                raise self._failed(child, f"keeps dying (status {code})")
            self._tell(f"{child.spec.role} ended with status {code}, starting it again")
            child.restart()
            self._write_info()

    def close(self) -> None:
        """End all children, the last started first. Repeating does nothing."""
        while self._children:
            child = self._children.pop()
            self._tell(f"stopping {child.spec.role}")
            child.stop()
        for listening in (self._listening, self._prefect_listening):
            if listening is not None:
                listening.close()
        self._listening = self._prefect_listening = None
        self._ports.close()
        if self._lock_fd >= 0:
            remove_dask_keys(self._settings.dask_keys)
            self._settings.local_token_file.unlink(missing_ok=True)
            info_path(self._settings).unlink(missing_ok=True)
            os.close(self._lock_fd)
            self._lock_fd = -1

    # -- start -----------------------------------------------------------------------------

    def _start(self) -> StackInfo:
        settings = self._settings
        _check_software(settings)
        settings.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.run_dir.chmod(0o700)
        self._lock_fd = _lock(settings.run_dir / "stack.lock")
        # What a stack left that was killed is no address of this one.
        info_path(settings).unlink(missing_ok=True)
        # Loads FastAPI, which commands that only look for a stack need not wait for.
        from vortex_prefect.bridge.access import check_exposure  # noqa: PLC0415
        from vortex_prefect.bridge.server import listen  # noqa: PLC0415

        given = environment_token(os.environ)
        check_exposure(settings, Tokens(settings.tokens_file, given))
        self._tokens = {LOCAL_TOKEN: make_local_token(settings.local_token_file)}
        if given:
            self._tokens[ENVIRONMENT_TOKEN] = given["environment"]
        self._listening = listen(settings.host, settings.port)
        port = self._listening.getsockname()[1]
        prefect_url = settings.prefect_api_url or self._open_prefect()
        dask = settings.dask or self._open_dask()
        self._child_settings = replace(
            settings,
            port=port,
            prefect_api_url=prefect_url,
            dask=dask,
            start_dir=settings.start_dir or Path.cwd(),
            store_url="",
        )
        self._info = StackInfo(
            os.getpid(),
            self._child_settings.url,
            prefect_url,
            prefect_url.removesuffix("/api"),
            dask,
            start_dir=str(self._child_settings.start_dir),
            file_roots=tuple(map(str, settings.file_roots)),
        )
        self._start_children()
        self._write_info()
        return self._info

    def _open_prefect(self) -> str:
        self._prefect_listening = listen_near(_PREFECT_PORT)
        auth = prefect_auth_string(self._settings.prefect_auth)
        self._prefect_auth = {"PREFECT_SERVER_API_AUTH_STRING": auth, "PREFECT_API_AUTH_STRING": auth}
        return f"http://127.0.0.1:{self._prefect_listening.getsockname()[1]}/api"

    def _open_dask(self) -> str:
        address = f"tls://127.0.0.1:{self._ports.take(0)}"
        make_dask_keys(self._settings.dask_keys, address)
        return address

    def _start_children(self) -> None:
        settings, info = self._settings, self._info
        python = sys.executable
        prefect = None
        if self._prefect_listening is not None:
            self._tell("starting Prefect's server")
            command = (python, "-m", "vortex_prefect.bootstrap.prefect_server")
            prefect = self._add(PREFECT_SERVER, command, (self._prefect_listening.fileno(),))
        if settings.dask is None:
            self._start_dask(info.dask)
        self._tell("starting engine and bridge")
        # To the engine alone: it tells the bridge, while the scheduler would write it into its log.
        dashboard = {_DASHBOARD_LINK: f"{{scheme}}://{{host}}:{{port}}/{self._dashboard}/status"}
        engine = self._add(
            "engine",
            (python, "-m", "vortex_prefect.bootstrap", "engine"),
            env=dashboard if settings.dask is None else _NOTHING,
        )
        listening = self._listening.fileno() if self._listening else -1
        bridge = self._add(
            "bridge", (python, "-m", "vortex_prefect.bootstrap", "bridge"), (listening,), self._of_bridge()
        )
        if prefect is not None:
            self._tell("waiting for Prefect's server")
            self._await(prefect, lambda: _answers(f"{info.prefect_api_url}/health"))
        self._tell("waiting for the first worker")
        self._await(bridge, lambda: _answers(f"{info.url}/readyz"), also=engine)

    def _start_dask(self, address: str) -> None:
        port = address.rpartition(":")[2]
        keys = self._settings.dask_keys
        tls = (
            "--protocol", "tls", "--tls-ca-file", str(keys.certificate),
            "--tls-cert", str(keys.certificate), "--tls-key", str(keys.key),
        )  # fmt: skip
        self._tell("starting Dask")
        self._add(
            "dask-scheduler",
            (
                *_LAUNCH, "distributed.cli.dask_scheduler", *tls,
                "--host", "127.0.0.1", "--port", port, "--dashboard-address", "127.0.0.1:0",
            ),
            env={DASHBOARD_PREFIX: self._dashboard},
        )  # fmt: skip
        workers = str(self._settings.workers)
        self._add(
            "dask-worker",
            (
                *_LAUNCH, "distributed.cli.dask_worker", address, *tls,
                "--host", "127.0.0.1", "--no-nanny", "--nthreads", workers,
                # Without an address its health and its figures are on all networks.
                "--no-dashboard", "--dashboard-address", "127.0.0.1:0",
                "--resources", f"GPU={workers}", "--local-directory", str(self._settings.run_dir / "dask"),
            ),
        )  # fmt: skip

    def _of_bridge(self) -> dict[str, str]:
        """It alone opens the state's database, whose URL may hold a password: nodes must not find it."""
        return {**self._tokens, "VORTEX_STORE_URL": self._settings.store_url}

    def _add(
        self, role: str, command: tuple[str, ...], descriptors: tuple[int, ...] = (), env: Mapping[str, str] = _NOTHING
    ) -> Child:
        log = self._settings.log_dir / f"{role}.log"
        log.unlink(missing_ok=True)
        child = Child(ChildSpec(role, command, {**self._env(descriptors), **env}, log, descriptors))
        self._children.append(child)
        return child

    def _env(self, descriptors: tuple[int, ...]) -> dict[str, str]:
        info, home = self._info, self._settings.home
        env = {
            # A child needs no token: the bridge knows what it hashes to, and nodes are none of its owners.
            **{name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE},
            **self._child_settings.to_env(),
            **self._prefect_auth,
            "PREFECT_API_URL": info.prefect_api_url,
            "PREFECT_UI_API_URL": info.prefect_api_url,
            PREFECT_UI: info.prefect_ui,
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            # What the recorder sends comes in batches, and is to be filed in batches.
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
            # Dask's worker looks at its threads every 10 ms to draw a profile that shows our lanes only.
            "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
            # Dask takes its own settings from wherever it is started; a queue of its own is not wanted here.
            "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "false",
            # Dask keeps the last messages of every stream and topic, 1000 by default: previews are among ours.
            "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "100",
        }
        if descriptors:
            env[LISTEN_FD] = str(descriptors[0])
        return env

    def _await(self, child: Child, ready: Callable[[], bool], also: Child | None = None) -> None:
        def alive() -> bool:
            return child.returncode() is None and (also is None or also.returncode() is None)

        if not wait_until(ready, alive, _START_LIMIT_S):
            dead = also if also is not None and also.returncode() is not None else child
            raise self._failed(dead, "did not start")

    def _failed(self, child: Child, what: str) -> SystemFault:
        return SystemFault("SY-002", f"{child.spec.role} {what}; its log {child.spec.log} ends:\n{child.tail()}")

    def _write_info(self) -> None:
        processes = tuple({"role": child.spec.role, "pid": child.pid} for child in self._children)
        self._info = replace(self._info, processes=processes)
        path = info_path(self._settings)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(self._info.to_dict(), indent=1), encoding="utf-8")
        draft.replace(path)


def info_path(settings: Settings) -> Path:
    """The file in which a running stack says where it is."""
    return settings.run_dir / "stack.json"


def running_stack(settings: Settings) -> StackInfo | None:
    """The stack that runs with this home, or null."""
    try:
        data = json.loads(info_path(settings).read_text(encoding="utf-8"))
        with closing(open(settings.run_dir / "stack.lock", "rb")) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return StackInfo(**{**data, "processes": tuple(data["processes"])})
    except (OSError, ValueError):
        return None
    return None  # its owner died without tidying up


def _check_software(settings: Settings) -> None:
    """Say at once what would otherwise be a worker that never comes."""
    if settings.dask is None and find_spec("torch") is None:
        raise SystemFault(
            "SY-003",
            "PyTorch is not installed, so no node could run",
            "Run scripts/setup, which takes the build that fits this machine; `vortex doctor` checks the rest.",
        )


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SystemFault("SY-005", f"a stack with the home {path.parent.parent} runs already") from None
    return descriptor


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
