"""Tokens: what programs and people show instead of a password. Only their SHA-256 is kept.

A token is 256 random bits, so a plain hash is enough: nobody can try them all,
as one could with passwords. They lie in a file of the home and not in the event
store, so that `vortex token` works while no stack runs, and a stack can refuse
to start before it has opened anything.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vortex_prefect.core.access import Identity, Scope, scopes_of
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.service.atomic import write_atomically

#: Marks our tokens for people and for programs that look for secrets in the wrong places.
_PREFIX = "vtx_"
#: Id and name of the token that a stack makes, anew at each start, for the commands of its own user.
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret."""

    id: str
    name: str
    scopes: frozenset[Scope]
    #: SHA-256 of the secret, in hexadecimal.
    digest: str
    created_ms: int
    #: Null: never.
    expires_ms: int | None = None

    @property
    def identity(self) -> Identity:
        """Who shows it."""
        return Identity(self.name, self.scopes)

    def valid(self, at_ms: int) -> bool:
        """Whether it has not expired."""
        return self.expires_ms is None or at_ms < self.expires_ms

    def to_dict(self) -> dict[str, Any]:
        """JSON form of the file."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "scopes": sorted(self.scopes)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Token:
        """Rebuild from `to_dict`."""
        return cls(**{**data, "scopes": scopes_of(data["scopes"])})


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """A token that nobody can guess."""
    return _PREFIX + secrets.token_urlsafe(32)


def fixed_token(name: str, digest: str) -> Token:
    """A token that no file names: of the stack's own commands, or of the environment. It may do everything."""
    return Token(name, name, frozenset({Scope.ADMIN}), digest, 0)


class Tokens:
    """All tokens: those of the file, which other processes may change at any time, and the fixed ones.

    Raises:
        SystemFault: SY-006 from every method: the file cannot be read or written, or is damaged. Nobody gets in then.
    """

    def __init__(self, path: Path, fixed: Mapping[str, str] | None = None, clock: Callable[[], int] = now_ms) -> None:
        self._path = path
        self._clock = clock
        self._fixed = [fixed_token(name, digest) for name, digest in (fixed or {}).items()]
        self._seen: tuple[int, int, int] | None = None
        self._of_file: list[Token] = []

    def find(self, secret: str) -> Token | None:
        """The token with that secret, unless it has expired."""
        # Comparing hashes of what cannot be guessed tells an attacker nothing, however long it takes.
        digest = digest_of(secret)
        return next((token for token in self.valid() if token.digest == digest), None)

    def by_id(self, token_id: str) -> Token | None:
        """The token with that id, unless it has expired or was revoked."""
        return next((token for token in self.valid() if token.id == token_id), None)

    def valid(self) -> list[Token]:
        """All that let somebody in at this moment."""
        now = self._clock()
        return [token for token in (*self._fixed, *self._current()) if token.valid(now)]

    def listed(self) -> list[Token]:
        """Those of the file, the oldest first, expired ones too."""
        return list(self._current())

    def create(self, name: str, scopes: frozenset[Scope], expires_ms: int | None = None) -> tuple[Token, str]:
        """A new token and its secret, which nobody can ask for again.

        Raises:
            RequestError: RQ-007, there is one of that name.
        """
        secret = new_secret()
        token = Token(new_id(), name, scopes, digest_of(secret), self._clock(), expires_ms)
        with self._changing() as tokens:
            if any(known.name == name for known in (*self._fixed, *tokens)):
                raise RequestError("RQ-007", f"a token {name} exists already", "Revoke it first, or choose another.")
            tokens.append(token)
        return token, secret

    def revoke(self, name: str) -> Token:
        """End a token, by its name or id; its sessions end with it. RQ-002 if there is none."""
        with self._changing() as tokens:
            found = next((token for token in tokens if name in (token.name, token.id)), None)
            if found is None:
                raise RequestError("RQ-002", f"no token {name}")
            tokens.remove(found)
        return found

    def _current(self) -> list[Token]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._of_file = None, []
            return self._of_file
        except OSError as error:
            raise self._unreadable(error) from error
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._of_file = self._read()
            self._seen = seen
        return self._of_file

    def _read(self) -> list[Token]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return [Token.from_dict(item) for item in data["tokens"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> SystemFault:
        return SystemFault("SY-006", f"the tokens in {self._path} cannot be read: {error}", "Mend or remove the file.")

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """What the file has, to be changed; nobody else changes it meanwhile."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tokens = self._read()
            yield tokens
            text = json.dumps({"tokens": [token.to_dict() for token in tokens]}, indent=1)
            write_atomically(self._path, text.encode())  # which makes files 0600
        finally:
            os.close(lock)
