"""What the bridge may be asked of people: who is asking, tokens, and who did what."""

from __future__ import annotations

from collections.abc import Sequence

from vortex_prefect.client.bridge import answers
from vortex_prefect.client.bridge.exchange import Call, Request, Route
from vortex_prefect.client.bridge.refusals import model_of
from vortex_prefect.client.bridge.requests import Listing, events, get, nothing, post


def get_session() -> Call[answers.Session]:
    """Who is asking, and what he may do."""
    return get(Route("GET", "/api/session"), answers.Session)


def issue_code() -> Call[answers.LoginCode]:
    """A code that logs one browser in as who asks for it, soon."""
    return post(Route("POST", "/api/session/code"), answers.LoginCode)


def list_tokens() -> Call[tuple[answers.Token, ...]]:
    """The tokens that can be revoked, without their secrets."""
    route = Route("GET", "/api/token")
    request = Request(route, route.path(), repeatable=True)
    return Call(request, lambda answer: model_of(answers.TokenList, answer).tokens, answers.TokenList)


def create_token(name: str, scopes: Sequence[str], *, expires_in_s: int | None = None) -> Call[answers.NewToken]:
    """A new token; its secret is told this once.

    Args:
        scopes: of `read`, `edit`, `execute` and `admin`.
        expires_in_s: null for one that lasts until it is revoked.
    """
    body = {"name": name, "scopes": list(scopes), "expires_in_s": expires_in_s}
    return post(Route("POST", "/api/token"), answers.NewToken, body)


def revoke_token(name: str) -> Call[None]:
    """End a token, by its name or id, and all that it opened."""
    route = Route("DELETE", "/api/token/{name}")
    return Call(Request(route, route.path(name=name)), nothing)


def list_audit(after: int = 0, *, limit: int = 1000) -> Listing[answers.Event]:
    """Everything that anybody did, from after a sequence number; `limit` is a page's length."""
    return events(Route("GET", "/api/audit"), after, limit)
