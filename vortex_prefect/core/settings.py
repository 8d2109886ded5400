"""Settings: one immutable value, read from the environment once, at the edge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a single document may ask for (VE-012), and a single peer."""

    nodes: int = 10_000
    edges: int = 50_000
    #: Bytes of a request's body.
    body_bytes: int = 32 << 20
    #: Nesting of JSON values within a parameter.
    depth: int = 32
    #: Changes in one `graph.update`.
    mutations: int = 10_000
    #: Connections of all kinds to the bridge, and how many of them may be WebSocket clients.
    connections: int = 2_048
    clients: int = 1_024
    #: WebSocket messages that a client may send in a second, and at once after a pause.
    messages_per_s: float = 100.0
    message_burst: int = 500
    #: Bytes of a shared document, with the edits that no snapshot holds yet.
    document_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class DaskKeys:
    """Files of the key pair with which a stack's own Dask is reached (0600)."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """PEM; its own authority."""
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        """PEM, PKCS #8."""
        return self.folder / "key.pem"

    @property
    def address(self) -> Path:
        """The address of the scheduler that it opens, as text."""
        return self.folder / "address"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a stack runs. Field names in upper case after `VORTEX_` are the variables."""

    #: Where state lives.
    home: Path
    #: The bridge's address; 0 chooses a free port.
    host: str = "127.0.0.1"
    port: int = 8420
    #: Whether people have to say who they are: `on`, `off`, or `auto` for as soon as there is a token.
    #: Beyond loopback they always have to.
    auth: str = "auto"
    #: More names by which clients reach the bridge (a proxy's, say), with commas between.
    hosts: str = ""
    #: Addresses of proxies whose word on the client's address is taken, with commas between.
    trusted_proxies: str = ""
    #: Whether a bridge that finds its state owned by another one serves as a way to that, and waits to take over.
    standby: bool = False
    #: Where other bridges reach this one; empty: `url`, which does for bridges of one machine.
    advertise_url: str = ""
    #: HTTP requests of one user, or of one address, in a second over a long time; twice as many at once; 0: any number.
    requests_per_s: float = 500.0
    #: What a single graph and a single request may ask for (VE-012, RQ-005); see `Limits`.
    max_nodes: int = 10_000
    max_edges: int = 50_000
    max_depth: int = 32
    max_body_bytes: int = 32 << 20
    #: GPU worker processes on this host.
    workers: int = 1
    #: Processes beside these that have started, and wait to take the place of one that dies.
    spares: int = 1
    #: Processes for packs that have an environment of their own, started when a job needs one; of all packs together.
    environment_workers: int = 4
    #: Seconds after which such a process ends if no job needed it.
    environment_idle_s: float = 600.0
    #: Microseconds for which host and worker look for a packet before they sleep, where that pays; 0: not at all.
    spin_us: int = 200
    #: Seconds without a sign of life after which a worker is killed; for half of it, it gets no job.
    hang_after_s: float = 30.0
    #: Seconds that a node has to notice a cancel before its worker is killed.
    cancel_grace_s: float = 1.0
    #: Memory above which a worker is replaced between two jobs; 0: four fifths of the machine's, shared by the workers.
    worker_memory_bytes: int = 0
    #: The same of device memory; 0: no limit.
    worker_device_bytes: int = 0
    #: Crashes in a row after which a node is not run for ten minutes; 0: any number.
    quarantine_after: int = 5
    #: Device of the workers: `auto`, `cpu`, `cuda`, `cuda:1`, …
    device: str = "auto"
    #: Scheduler to join; null starts one.
    dask: str | None = None
    #: Prefect API to use; null starts a server.
    prefect_api_url: str | None = None
    #: Size of the sparse arena file; what may be used of it is budgeted at start.
    arena_bytes: int = 64 * GIB
    #: Upper limit of memory that the arena may use; 0 means half of what the machine has free.
    arena_budget_bytes: int = 0
    #: When a worker compares a tensor with its checksum: `always`, `cross-process` (the first time in each process
    #: that has not written it), `off` (and then there are none).
    arena_checksums: str = "cross-process"
    #: Load the pack `debug`.
    debug_nodes: bool = False
    #: Database of the state, `postgresql://user@host/database` say; empty: `vortex.db` in the home.
    store_url: str = ""
    #: Executions that run at once; the rest waits in the queue.
    concurrency: int = 4
    #: Prefect's work pool of graphs that nobody placed elsewhere.
    pool: str = "vortex"
    #: Seconds a node may run before its task run is reported while it runs, not after.
    report_after_s: float = 0.5
    #: Functions `module:function`, with commas between, that Prefect calls when the flow run of a graph ends so.
    on_completion: str = ""
    on_failure: str = ""
    on_cancellation: str = ""
    #: Takes a line for each span that has ended, of all processes; null: see `ipc.trace_setup`.
    trace_file: Path | None = None
    #: How processes log: `text` or `json`, and from which level on.
    log_format: str = "text"
    log_level: str = "INFO"
    #: Whether the bridge logs each request.
    access_log: bool = False
    #: Folder in which the stack was started: nodes may read below it, and relative paths start there; null: this one.
    start_dir: Path | None = None
    #: More folders below which nodes may read; `os.pathsep` stands between.
    file_roots: tuple[Path, ...] = ()
    #: Bytes of one uploaded file.
    upload_bytes: int = 4 * GIB
    #: Uploads that arrive at once.
    uploads: int = 16
    #: Uploads are refused where less than so many bytes of the disk would stay free.
    disk_floor_bytes: int = GIB

    #: Hours that a place in the queue is remembered after it was left, days of executions after their end; 0: for ever.
    keep_queue_hours: float = 24.0
    keep_executions_days: float = 90.0
    #: Days that outputs stay on the disk, and the most bytes that they may take there; 0: for ever, and any.
    keep_outputs_days: float = 0.0
    keep_outputs_bytes: int = 0
    #: When Prefect runs the removal of what is older: a cron expression in UTC; empty: nobody does by himself.
    retention_cron: str = "17 3 * * *"

    @property
    def limits(self) -> Limits:
        """What one graph, one request and one client may ask for."""
        return Limits(nodes=self.max_nodes, edges=self.max_edges, depth=self.max_depth, body_bytes=self.max_body_bytes)

    @property
    def tokens_file(self) -> Path:
        """Who may come in: names, scopes and hashes."""
        return self.home / "tokens.json"

    @property
    def session_key_file(self) -> Path:
        """What sessions of browsers are signed with."""
        return self.home / "session.key"

    @property
    def local_token_file(self) -> Path:
        """The token that the running stack has made for the commands of its own user (0600)."""
        return self.run_dir / "token"

    @property
    def run_dir(self) -> Path:
        """Sockets, process ids and keys of the running stack (0700)."""
        return self.home / "run"

    @property
    def dask_keys(self) -> DaskKeys:
        """What opens the stack's own Dask."""
        return DaskKeys(self.run_dir / "dask-keys")

    @property
    def prefect_auth(self) -> Path:
        """The auth string of the stack's own Prefect server (0600)."""
        return self.home / "prefect-auth"

    @property
    def engine_socket(self) -> Path:
        """Where the engine answers."""
        return self.run_dir / "engine.sock"

    @property
    def url(self) -> str:
        """The bridge's address for people and programs of this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def log_dir(self) -> Path:
        """Logs of the stack's processes."""
        return self.home / "logs"

    @property
    def output_dir(self) -> Path:
        """What executions wrote, one folder each."""
        return self.home / "outputs"

    @property
    def packs_dir(self) -> Path:
        """Packs that were installed, one folder each."""
        return self.home / "packs"

    @property
    def file_dir(self) -> Path:
        """Uploaded inputs, under their SHA-256."""
        return self.home / "files"

    def to_env(self) -> dict[str, str]:
        """The variables that give a child process the same settings."""
        return {f"VORTEX_{name.upper()}": _text(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_env(cls, env: Mapping[str, str], **overrides: object) -> Settings:
        """Read the environment; `overrides` that are not null win.

        Raises:
            ValueError: a variable's text is not of its type; the message names it.
        """
        values: dict[str, object] = {"home": default_home(env)}
        for name, kind in _KINDS.items():
            if text := env.get(f"VORTEX_{name.upper()}", ""):
                values[name] = _parse(f"VORTEX_{name.upper()}", text, kind)
        if "prefect_api_url" not in values and env.get("PREFECT_API_URL"):
            values["prefect_api_url"] = env["PREFECT_API_URL"]
        values.update({name: value for name, value in overrides.items() if value is not None})
        # Not every process of the stack is in the folder where it was started.
        for name in ("home", "trace_file", "start_dir"):
            if name in values:
                values[name] = Path(str(values[name])).expanduser().resolve()
        if values.get("auth", "auto") not in ("auto", "on", "off"):
            raise ValueError(f"VORTEX_AUTH={values['auth']!r} is none of auto, on, off")
        if values.get("arena_checksums", "off") not in ("always", "cross-process", "off"):
            raise ValueError(
                f"VORTEX_ARENA_CHECKSUMS={values['arena_checksums']!r} is none of always, cross-process, off"
            )
        return cls(**values)  # type: ignore[arg-type]


_KINDS: dict[str, type] = {
    "home": Path, "host": str, "port": int, "auth": str, "hosts": str, "trusted_proxies": str,
    "standby": bool, "advertise_url": str,
    "requests_per_s": float, "max_nodes": int, "max_edges": int, "max_depth": int, "max_body_bytes": int,
    "workers": int, "spares": int, "environment_workers": int, "environment_idle_s": float,
    "spin_us": int, "hang_after_s": float, "cancel_grace_s": float, "worker_memory_bytes": int,
    "worker_device_bytes": int, "quarantine_after": int, "device": str, "dask": str,
    "prefect_api_url": str, "arena_bytes": int, "arena_budget_bytes": int, "arena_checksums": str,
    "debug_nodes": bool, "concurrency": int, "store_url": str, "pool": str, "report_after_s": float,
    "keep_queue_hours": float, "keep_executions_days": float, "keep_outputs_days": float, "keep_outputs_bytes": int,
    "retention_cron": str,
    "on_completion": str, "on_failure": str, "on_cancellation": str, "trace_file": Path,
    "start_dir": Path, "file_roots": tuple, "upload_bytes": int, "uploads": int, "disk_floor_bytes": int,
    "log_format": str, "log_level": str, "access_log": bool,
}  # fmt: skip


def default_home(env: Mapping[str, str]) -> Path:
    """The user's data directory for VORTEX (XDG base directory specification)."""
    base = env.get("XDG_DATA_HOME") or os.path.join(env.get("HOME", "/tmp"), ".local", "share")
    return Path(base) / "vortex"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return os.pathsep.join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


def _parse(name: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise ValueError(f"{name}={text!r} is neither yes nor no")
    if kind is tuple:
        return tuple(Path(folder).expanduser().resolve() for folder in text.split(os.pathsep) if folder)
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{name}={text!r} is not of type {kind.__name__}") from None
