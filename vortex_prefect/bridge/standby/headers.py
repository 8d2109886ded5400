"""Header fields on their way through a bridge: what ends at each connection, and what is said of the client."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Scope

Fields = list[tuple[bytes, bytes]]

#: Shows that a request comes from another bridge: the owner's key.
DOOR = b"x-vortex-door"
_FORWARDED_FOR, _FORWARDED_PROTO, _FORWARDED_HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
#: Said by us alone: what a client says of himself here is not passed on.
_SAID = frozenset({DOOR, _FORWARDED_FOR, _FORWARDED_PROTO, _FORWARDED_HOST, b"forwarded"})

#: RFC 9110 §7.6.1 and §11.7; `Expect` was answered by our own server.
_OF_CONNECTION = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
        b"proxy-authenticate", b"proxy-authorization", b"expect",
    }
)  # fmt: skip
#: What tells whom a request is for, and how it ends, is not let go even where `Connection` names it.
_KEPT = frozenset({b"host", b"origin", b"content-length", b"cookie", b"authorization"})
#: Each server says these of itself.
_OF_SERVER = frozenset({b"date", b"server"})
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}


def end_to_end(fields: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Without what was for the one connection alone; names in small letters."""
    fields = [(name.lower(), value) for name, value in fields]
    named = {
        token.strip().lower() for name, value in fields if name == b"connection" for token in value.split(b",")
    } - _KEPT
    return [(name, value) for name, value in fields if name not in _OF_CONNECTION and name not in named]


def of_request(scope: Scope, key: str) -> Fields:
    """A client's request as the owner gets it, with the client's address, scheme and host, and the owner's key."""
    kept = [(name, value) for name, value in end_to_end(scope["headers"]) if name not in _SAID]
    client = scope.get("client")
    scheme: str = scope.get("scheme", "http")
    said = [
        (DOOR, key.encode()),
        (_FORWARDED_PROTO, _HTTP_SCHEMES.get(scheme, scheme).encode()),
        (_FORWARDED_HOST, next((value for name, value in scope["headers"] if name == b"host"), b"")),
    ]
    if client:
        said.append((_FORWARDED_FOR, client[0].encode()))
    return kept + said


def of_answer(fields: Iterable[tuple[bytes, bytes]]) -> Fields:
    """An owner's answer as the client gets it."""
    return [(name, value) for name, value in end_to_end(fields) if name not in _OF_SERVER]


def target(scope: Scope) -> bytes:
    """Path and query, as they were sent."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path
