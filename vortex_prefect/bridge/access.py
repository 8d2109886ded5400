"""Who asks, and whether he may: credentials, scopes of the routes, limits of how often.

Three steps. `Access`, outside of everything, recognises the credentials and
counts; `permitted`, a dependency of every route, compares the route's scope
with what they allow; a route that nobody gave a scope is closed.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from vortex_prefect.bridge.browser_sessions import BrowserSessions, signing_key
from vortex_prefect.bridge.problems import TooManyRequests, answer
from vortex_prefect.bridge.rate import RateLimit
from vortex_prefect.core import access
from vortex_prefect.core.access import ANYBODY, Identity
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.audit import Audit
from vortex_prefect.service.tokens import LOCAL, Token, Tokens

_READ, _EDIT, _EXECUTE, _ADMIN = access.Scope

#: Name of a route's function → what it needs; null: nothing at all.
SCOPES: dict[str, access.Scope | None] = {
    **dict.fromkeys(("healthz", "readyz", "get_session", "open_session", "close_session"), None),
    **dict.fromkeys(
        (
            "list_graphs", "get_graph", "validate_graph", "plan_graph", "import_graph", "list_events", "list_versions",
            "get_version", "compare_versions",
            "list_executions", "get_execution", "get_executed_graph", "get_output", "get_preview", "get_queue",
            "get_file", "list_node_types", "get_node_type", "get_published_graph", "list_workers",
            "list_worker_events", "get_arena", "get_stack", "get_debug_count", "metrics",
        ),
        _READ,
    ),
    **dict.fromkeys(
        (
            "create_graph", "put_graph", "delete_graph", "clone_graph", "save_graph", "restore_graph", "upload_file",
            "publish_graph", "withdraw_node_type",
        ),
        _EDIT,
    ),
    **dict.fromkeys(
        (
            "execute", "execute_graph", "cancel_execution", "pin_output", "unpin_output", "move_in_queue",
            "remove_from_queue", "pause_queue", "resume_queue",
        ),
        _EXECUTE,
    ),
    # What a deployment runs, and when, goes on after its maker is gone.
    **dict.fromkeys(
        (
            "deploy_graph", "list_tokens", "create_token", "revoke_token", "issue_code", "list_audit", "run_retention",
            "reload_nodes",
        ),
        _ADMIN,
    ),
}  # fmt: skip

CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Wrong credentials that an address may show at once, and seconds that each further one takes.
_FAILURES, _FAILURE_S = 10, 6.0
#: Keys of the scope's state: who asks, and the token that says so.
_IDENTITY, _TOKEN = "vortex_identity", "vortex_token"


@dataclass(frozen=True)
class Gate:
    """What recognises people. `required`: whether they have to be recognised at all, asked for each request."""

    tokens: Tokens
    sessions: BrowserSessions
    required: Callable[[], bool]
    #: Cookies know no ports: stacks on one host must not take each other's.
    cookie: str
    #: Requests of one user, or of one address where nobody is asked who he is.
    requests: RateLimit | None
    failures: RateLimit


def open_gate(settings: Settings, fixed: Mapping[str, str] | None = None) -> Gate:
    """The gate of a bridge. Blocks.

    Args:
        fixed: name → SHA-256 of tokens that the home's file does not have.

    Raises:
        SystemFault: SY-006, the home cannot be read or written.
    """
    tokens = Tokens(settings.tokens_file, fixed)
    rate = settings.requests_per_s
    key = signing_key(settings.session_key_file)
    # Whoever takes over has another port, and the same key: people stay logged in.
    stack = hashlib.sha256(key).hexdigest()[:8] if settings.standby else settings.port
    return Gate(
        tokens=tokens,
        sessions=BrowserSessions(key, tokens),
        required=lambda: auth_required(settings, tokens),
        cookie=f"vortex-session-{stack}",
        requests=RateLimit(rate, max(1.0, 2 * rate)) if rate > 0 else None,
        failures=RateLimit(1 / _FAILURE_S, _FAILURES),
    )


def auth_required(settings: Settings, tokens: Tokens) -> bool:
    """Whether people have to say who they are: beyond loopback always, else once somebody has made a token."""
    if settings.auth == "on" or not is_loopback(settings.host):
        return True
    return settings.auth == "auto" and any(token.id != LOCAL for token in tokens.valid())


def check_exposure(settings: Settings, tokens: Tokens) -> None:
    """Raises SY-009 where everybody on the network could come in, or nobody at all."""
    if is_loopback(settings.host):
        return
    if settings.auth == "off":
        hint = "Listen on 127.0.0.1, or leave VORTEX_AUTH as it is."
        raise SystemFault("SY-009", f"without authentication nothing but loopback is served, not {settings.host}", hint)
    if not any(token.id != LOCAL for token in tokens.valid()):
        raise SystemFault("SY-009", f"there is no token, and {settings.host} can be reached from other machines")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address; a name other than localhost may be anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Access:
    """ASGI middleware: finds out who asks, refuses false credentials and what comes too often."""

    def __init__(self, app: ASGIApp, gate: Gate, audit: Audit) -> None:
        self._app = app
        self._gate = gate
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            token = self._identify(connection)
            identity = ANYBODY if token is None and not self._gate.required() else token and token.identity
            scope.setdefault("state", {}).update({_IDENTITY: identity, _TOKEN: token})
            self._count(connection, token)
        except VortexError as error:
            if error.code in ("RQ-010", "RQ-008"):
                self._audit.refused(actor_of(connection), connection.url.path, error)
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _identify(self, connection: HTTPConnection) -> Token | None:
        """The token that somebody shows; null if he does not, or nobody has to. RQ-010, RQ-008, RQ-009."""
        gate = self._gate
        if not gate.required():
            return None
        if (secret := bearer(connection.headers)) is not None:
            return trusted(gate, address_of(connection), lambda: gate.tokens.find(secret))
        cookie = cookie_of(connection, gate.cookie)
        # An old session is nobody's fault: the page asks for a login.
        token = None if cookie is None else gate.sessions.find(cookie)
        if cookie is not None and token is not None:
            _check_page(connection, gate.sessions.csrf_token(cookie))
        return token

    def _count(self, connection: HTTPConnection, token: Token | None) -> None:
        limit = self._gate.requests
        if limit is not None and (wait_s := limit.take(token.id if token else (address_of(connection),))):
            raise TooManyRequests("requests", wait_s)


def trusted(gate: Gate, address: str | None, find: Callable[[], Token | None]) -> Token:
    """The token that was shown, in whatever form; RQ-010 if it is none, RQ-009 after too many of these."""
    if wait_s := gate.failures.wait_s(address):
        raise TooManyRequests("wrong tokens", wait_s)
    if (token := find()) is None:
        gate.failures.take(address)
        raise RequestError("RQ-010", "the token is not valid, or no longer")
    return token


async def permitted(request: Request) -> None:
    """Dependency of every route: RQ-010 if he must say who he is, RQ-011 if he may not do this."""
    try:
        require(request, SCOPES.get(request.scope["route"].name, _ADMIN))
    except RequestError as error:
        if error.code == "RQ-011":
            audit: Audit = request.app.state.context.control.audit
            audit.refused(actor_of(request), request.url.path, error)
        raise


def require(connection: HTTPConnection, scope: access.Scope | None) -> None:
    """Raises RQ-010 or RQ-011 unless whoever is connected may do what needs that scope."""
    if scope is None:
        return
    identity = identity_of(connection)
    if identity is None:
        raise RequestError("RQ-010", "this needs a token")
    if not identity.may(scope):
        raise RequestError("RQ-011", f"{identity.user} lacks the scope {scope.value}")


def identity_of(connection: HTTPConnection) -> Identity | None:
    """Who is connected; null if he did not say."""
    found: Identity | None = connection.scope.get("state", {}).get(_IDENTITY)
    return found


def token_of(connection: HTTPConnection) -> Token | None:
    """The token by which he is known; null where nobody is asked."""
    found: Token | None = connection.scope.get("state", {}).get(_TOKEN)
    return found


def still_known(gate: Gate, connection: HTTPConnection) -> bool:
    """Whether a connection that was let in would be let in now: tokens expire and are revoked."""
    if (token := token_of(connection)) is None:
        return not gate.required()
    return (known := gate.tokens.by_id(token.id)) is not None and known.digest == token.digest


def actor_of(connection: HTTPConnection) -> Actor:
    """Who acts, for the log of events."""
    identity = identity_of(connection)
    user = "nobody" if identity is None else identity.user
    return Actor(user, address_of(connection), connection.headers.get("user-agent"))


def address_of(connection: HTTPConnection) -> str | None:
    """The network address of the other side."""
    return connection.client.host if connection.client else None


def bearer(headers: Headers) -> str | None:
    """The token of the header `Authorization: Bearer …` (RFC 6750); RQ-010 for any other kind."""
    header = headers.get("authorization")
    if header is None:
        return None
    kind, _, secret = header.partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise RequestError("RQ-010", "the header Authorization is of the form Bearer TOKEN")
    return secret.strip()


def cookie_of(connection: HTTPConnection, name: str) -> str | None:
    """A cookie's value, or null."""
    try:
        found = SimpleCookie(connection.headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value


def _check_page(connection: HTTPConnection, csrf_token: str) -> None:
    """A cookie comes along with whatever any page sends; that a page of ours sent it has to show. RQ-008."""
    headers = connection.headers
    if connection.scope["type"] == "websocket":
        # `Guard` has compared it with the host, if it is there; browsers always send it.
        if "origin" not in headers:
            raise RequestError("RQ-008", "a session's WebSocket needs the header Origin")
    elif connection.scope["method"] not in _SAFE_METHODS:
        given = headers.get(CSRF_HEADER, "")
        if not _equal(given, csrf_token):
            raise RequestError("RQ-008", f"a session's changes need the header {CSRF_HEADER}")


def _equal(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())


async def _refuse(error: VortexError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose(1008, str(error)[:100])(scope, receive, send)
    else:
        await answer(error)(scope, receive, send)


async def _gate(connection: HTTPConnection) -> Gate:
    gate: Gate = connection.app.state.gate
    return gate


GateOf = Annotated[Gate, Depends(_gate)]
