"""What requests carry, for checking them and for OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from vortex_prefect.core.access import Scope
from vortex_prefect.core.contracts import DeployRequest
from vortex_prefect.service.executions import Options

Priority = Annotated[StrictInt, Field(ge=-1_000_000, le=1_000_000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExecutionOptions(_Request):
    """How to execute a graph; see `service.executions.Options`."""

    targets: Annotated[list[str], Field(min_length=1)] | None = None
    nodes: Annotated[list[str], Field(min_length=1, max_length=1000)] | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    force: StrictBool = False
    priority: Priority = 0
    #: With a time zone; it waits until then.
    not_before: AwareDatetime | None = None
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class ExecuteRequest(_Request):
    """Execute the graph that the address names."""

    options: ExecutionOptions | None = None

    def to_options(self) -> Options:
        """The use case's own form."""
        given = self.options or ExecutionOptions()
        return Options(
            targets=None if given.targets is None else tuple(given.targets),
            nodes=tuple(given.nodes or ()),
            inputs=given.inputs,
            force=given.force,
            priority=given.priority,
            not_before_ms=None if given.not_before is None else int(given.not_before.timestamp() * 1000),
            idempotency_key=given.idempotency_key,
        )


class ExecuteGraphRequest(ExecuteRequest):
    """Execute the graph that the body names."""

    graph_id: str


class PlanRequest(_Request):
    """A graph to plan, stored or not; nothing of it runs."""

    graph: dict[str, Any]
    #: Names of graph outputs; null for everything.
    targets: list[str] | None = None
    #: As if the cache were to be ignored.
    force: bool = False


class CloneRequest(_Request):
    """The copy's name; null for the original's with "(copy)"."""

    name: Annotated[str, Field(max_length=10_000)] | None = None


class SaveRequest(_Request):
    """What the version is to be called; null for no name."""

    label: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class RestoreRequest(_Request):
    """The version to go back to."""

    version: Annotated[StrictInt, Field(ge=1, lt=1 << 63)]


class PriorityRequest(_Request):
    """Another priority (higher goes first), or the waiting execution to go just before, with its priority."""

    priority: Priority | None = None
    before: str | None = None


class RetentionRequest(_Request):
    """Whether only to say what would be removed."""

    dry_run: StrictBool = False


class PackFaultText(_Request):
    """A pack, and why it cannot be used."""

    pack: Annotated[str, Field(min_length=1, max_length=100)]
    message: Annotated[str, Field(min_length=1, max_length=4000)]


class ReloadRequest(_Request):
    """That packs have changed; or, with `fault`, that one of them cannot be used, so that all stays as it is."""

    fault: PackFaultText | None = None


class DeployGraphRequest(_Request):
    """How to publish a graph; see `core.contracts.DeployRequest`."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/%&><]+$")] | None = None
    pool: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/%]+$")] | None = None
    cron: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    interval_s: Annotated[float, Field(gt=0)] | None = None
    timezone: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    concurrency_limit: Annotated[int, Field(ge=1)] | None = None
    paused: StrictBool = False

    def to_request(self) -> DeployRequest:
        """The use case's own form; the graph is filled in there."""
        return DeployRequest(graph={}, **{**self.model_dump(), "tags": tuple(self.tags)})


class LoginRequest(_Request):
    """What logs a browser in: a token, or a code that a token's owner asked for."""

    token: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class TokenRequest(_Request):
    """A token to make; without `expires_in_s` it lasts until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]*$")]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires_in_s: Annotated[StrictInt, Field(ge=1, le=10 * 366 * 86_400)] | None = None


#: Models of bodies that routes read by themselves, which FastAPI does not find on its own.
REQUESTS: tuple[type[BaseModel], ...] = (
    ExecuteRequest,
    ExecuteGraphRequest,
    CloneRequest,
    PlanRequest,
    PriorityRequest,
    RetentionRequest,
    ReloadRequest,
    RestoreRequest,
    SaveRequest,
    DeployGraphRequest,
    LoginRequest,
    TokenRequest,
)
