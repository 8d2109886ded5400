"""`vortex token`: who may use a stack of this home. Works while one runs, and while none does."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from vortex_prefect.client import Bridge
from vortex_prefect.core.access import scopes_of
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.resources import token_resource
from vortex_prefect.service.tokens import Tokens

_DAY_MS = 24 * 3600 * 1000


def create(settings: Settings, name: str, scopes: list[str], days: float | None, as_json: bool) -> None:
    """Make a token; its secret goes to standard output, once.

    Raises:
        RequestError: RQ-001 a scope is none, RQ-007 there is one of that name.
    """
    try:
        wanted = scopes_of(scopes)
    except ValueError as error:
        raise RequestError("RQ-001", str(error), "Scopes are read, edit, execute and admin.") from error
    expires_ms = None if days is None else now_ms() + int(days * _DAY_MS)
    token, secret = Tokens(settings.tokens_file).create(name, wanted, expires_ms)
    if as_json:
        print(json.dumps({**token_resource(token), "secret": secret}))
        return
    Console(stderr=True).print(f"token {name} for {', '.join(sorted(wanted))}; it is shown this once:", highlight=False)
    print(secret)


def login_address(settings: Settings) -> str:
    """Where a browser is logged in as whoever asks: `VORTEX_TOKEN`'s user, else the stack's own.

    Raises:
        VortexError: SY-004 no stack runs with this home, RQ-007 it asks nobody who he is.
    """
    with Bridge(home=settings.home) as bridge:
        return bridge.url.rstrip("/") + bridge.issue_code().path


def show(settings: Settings, as_json: bool) -> None:
    """Print all tokens."""
    tokens = [token_resource(token) for token in Tokens(settings.tokens_file).listed()]
    if as_json:
        print(json.dumps({"tokens": tokens}))
        return
    table = Table(box=None)
    for title in ("name", "scopes", "made", "expires"):
        table.add_column(title)
    for token in tokens:
        table.add_row(token["name"], " ".join(token["scopes"]), token["created_at"], token["expires_at"] or "never")
    Console().print(table)


def revoke(settings: Settings, name: str, console: Console) -> None:
    """End a token; what it opened is closed within seconds. RQ-002."""
    token = Tokens(settings.tokens_file).revoke(name)
    console.print(f"revoked {token.name}", highlight=False)
