"""Who is asking, sessions of browsers, tokens, and who did what."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from vortex_prefect.bridge.access import Gate, GateOf, cookie_of, identity_of, token_of, trusted
from vortex_prefect.bridge.answers import EventList, LoginCode, SessionResource, TokenCreated, TokenList
from vortex_prefect.bridge.body import read_model, takes
from vortex_prefect.bridge.browser_sessions import CODE_AGE_S, MAX_AGE_S
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.paging import After, PageSize, page
from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.bridge.requests import LoginRequest, TokenRequest
from vortex_prefect.core.access import Identity, scopes_of
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.resources import event_page, token_resource
from vortex_prefect.service.tokens import Token

router = APIRouter(prefix="/api", tags=["access"])


@router.get("/session", responses=gives(200, SessionResource))
async def get_session(request: Request, gate: GateOf) -> Response:
    """Who is asking, what he may do, and what a page sends beside its cookie."""
    return JsonAnswer(_session(gate, identity_of(request), cookie_of(request, gate.cookie)))


@router.post(
    "/session",
    status_code=201,
    responses=gives(201, SessionResource, "Location", "Set-Cookie"),
    openapi_extra=takes(LoginRequest) | refuses("RQ-005"),
)
async def open_session(request: Request, context: Context, gate: GateOf, actor: ActorOf) -> Response:
    """Log a browser in, with a token or with a code for one login."""
    body = await read_model(request, LoginRequest, context.limits.body_bytes)
    if (body.token is None) == (body.code is None):
        raise RequestError("RQ-001", "either token or code is given")
    try:
        token = trusted(gate, actor.address, lambda: _shown(gate, body))
    except RequestError as error:
        if error.code == "RQ-010":
            context.control.audit.refused(actor, request.url.path, error)
        raise
    cookie = gate.sessions.open(token)
    await context.control.audit.note("SessionOpened", token.id, _as(actor, token))
    response = JsonAnswer(_session(gate, token.identity, cookie), 201, {"Location": "/api/session"})
    response.set_cookie(
        gate.cookie, cookie, max_age=MAX_AGE_S, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


@router.delete("/session", status_code=204, responses=gives(204, None))
async def close_session(request: Request, context: Context, gate: GateOf, actor: ActorOf) -> Response:
    """Log a browser out; its cookie is forgotten."""
    if (token := token_of(request)) is not None:
        await context.control.audit.note("SessionClosed", token.id, actor)
    response = Response(status_code=204)
    response.delete_cookie(gate.cookie, httponly=True, samesite="strict")
    return response


@router.post(
    "/session/code", status_code=201, responses=gives(201, LoginCode, "Location"), openapi_extra=refuses("RQ-007")
)
async def issue_code(request: Request, gate: GateOf) -> Response:
    """A code that logs one browser in as who asks for it, soon: the editor takes it behind `#login=`."""
    token = token_of(request)
    if token is None:
        raise RequestError("RQ-007", "this server asks nobody who he is", "Make a token, or set VORTEX_AUTH=on.")
    code = gate.sessions.issue_code(token)
    path = f"/#login={code}"
    return JsonAnswer({"code": code, "path": path, "expires_in_s": CODE_AGE_S}, 201, {"Location": path})


@router.get("/token", responses=gives(200, TokenList))
async def list_tokens(gate: GateOf) -> Response:
    """The tokens that can be revoked, without their secrets."""
    return JsonAnswer({"tokens": [token_resource(token) for token in gate.tokens.listed()]})


@router.post(
    "/token",
    status_code=201,
    responses=gives(201, TokenCreated, "Location"),
    openapi_extra=takes(TokenRequest) | refuses("RQ-005", "RQ-007"),
)
async def create_token(request: Request, context: Context, gate: GateOf, actor: ActorOf) -> Response:
    """A new token; its secret is told this once."""
    body = await read_model(request, TokenRequest, context.limits.body_bytes)
    expires_ms = None if body.expires_in_s is None else now_ms() + body.expires_in_s * 1000
    token, secret = gate.tokens.create(body.name, scopes_of(body.scopes), expires_ms)
    await context.control.audit.note("TokenCreated", token.id, actor, name=token.name, scopes=sorted(token.scopes))
    return JsonAnswer({**token_resource(token), "secret": secret}, 201, {"Location": f"/api/token/{token.id}"})


@router.delete("/token/{name}", status_code=204, responses=gives(204, None), openapi_extra=refuses("RQ-002"))
async def revoke_token(name: str, context: Context, gate: GateOf, actor: ActorOf) -> Response:
    """End a token, by its name or id, and all sessions that it opened."""
    token = gate.tokens.revoke(name)
    await context.control.audit.note("TokenRevoked", token.id, actor, name=token.name)
    return Response(status_code=204)


@router.get("/audit", responses=gives(200, EventList, "Link"))
async def list_audit(request: Request, context: Context, after: After = 0, limit: PageSize = 1000) -> Response:
    """Everything that anybody did, in order: `metadata` says who, and from which address."""
    found = event_page(await context.control.audit.page(after, limit), limit)
    return page(request, found, "after", found["next"])


def _shown(gate: Gate, body: LoginRequest) -> Token | None:
    return gate.tokens.find(body.token) if body.token is not None else gate.sessions.redeem(body.code or "")


def _as(actor: Actor, token: Token) -> Actor:
    return Actor(token.name, actor.address, actor.client)


def _session(gate: Gate, identity: Identity | None, cookie: str | None) -> dict[str, object]:
    return {
        "required": gate.required(),
        "user": identity.user if identity else None,
        "scopes": sorted(identity.scopes) if identity else [],
        "csrf_token": gate.sessions.csrf_token(cookie) if identity and cookie else None,
    }
