"""Who may do what: scopes, and the identity that has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a token allows. Who may edit or execute may read; `admin` may do everything."""

    READ = "read"
    EDIT = "edit"
    EXECUTE = "execute"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom the server knows."""

    #: A token's name; what the log of events calls him.
    user: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the scope, or one that includes it, is among his."""
        return Scope.ADMIN in self.scopes or scope in self.scopes or (scope is Scope.READ and bool(self.scopes))


#: Whoever reaches a server that asks nobody who he is.
ANYBODY = Identity("local", frozenset({Scope.ADMIN}))


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """Scopes by their names; ValueError if one is none, or there are none."""
    found = frozenset(Scope(name) for name in names)
    if not found:
        raise ValueError("a token needs at least one scope")
    return found
