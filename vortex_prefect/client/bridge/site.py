"""Where the bridge is, and who asks it."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from vortex_prefect import __version__
from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.settings import Settings

USER_AGENT = f"vortex-client/{__version__}"
_CONNECT_S = 5.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Site:
    """A bridge's address, and what is sent to it alone.

    Attributes:
        timeout_s: seconds without a sign of life, and for an answer that is not large as a whole.
        verify: how its certificate is checked; false for not at all.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    verify: ssl.SSLContext | bool = True

    @property
    def local(self) -> bool:
        """Whether it is on this machine, so that no proxy has a part in it."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        secret = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"User-Agent": USER_AGENT, **secret}

    def http_options(self) -> dict[str, Any]:
        """Arguments of an httpx client. Redirections are not followed: nobody else is to see the token."""
        return {
            "base_url": self.url,
            "headers": self.headers,
            "timeout": httpx.Timeout(self.timeout_s, connect=min(self.timeout_s, _CONNECT_S)),
            "trust_env": not self.local,
            "verify": self.verify,
            "follow_redirects": False,
        }

    def socket_options(self) -> dict[str, Any]:
        """Arguments of a WebSocket's `connect`."""
        secure = urlsplit(self.url).scheme == "https"
        return {
            "additional_headers": {name: text for name, text in self.headers.items() if name != "User-Agent"},
            "user_agent_header": USER_AGENT,
            "open_timeout": min(self.timeout_s, _CONNECT_S * 2),
            "max_size": None,
            **({"proxy": None} if self.local else {}),
            **({"ssl": self._context()} if secure else {}),
        }

    def socket_url(self, **query: str | int | None) -> str:
        """Address of the WebSocket; parameters that are null are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return f"{self.url.replace('http', 'ws', 1)}/ws?{urlencode(given)}"

    def _context(self) -> ssl.SSLContext:
        if isinstance(self.verify, ssl.SSLContext):
            return self.verify
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def site_of(
    url: str | None,
    token: str | None,
    home: str | os.PathLike[str] | None,
    timeout_s: float,
    verify: ssl.SSLContext | bool,
    env: Mapping[str, str],
) -> Site:
    """The site that the arguments mean: without a URL, the stack that runs with the home.

    The token is the argument, else `VORTEX_TOKEN`, else that of the stack that runs with the home, if it is the
    one that the URL means.

    Raises:
        SystemFault: SY-004, no URL is given, and no stack runs with that home.
        RequestError: RQ-001 the URL is none of HTTP, RQ-010 the token is none.
    """
    settings = Settings.from_env(env, home=home)
    running = running_stack(settings)
    if url is None:
        if running is None:
            raise SystemFault("SY-004", f"no stack runs with the home {settings.home}", "Start one with `vortex up`.")
        url = running.url
    address = _origin(url)
    token = token or env.get("VORTEX_TOKEN") or None
    if token is None and running is not None and _origin(running.url) == address:
        token = _kept_token(settings)
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise RequestError("RQ-010", "the token holds characters that no token has", "Compare it with what was made.")
    return Site(url.rstrip("/"), token, timeout_s, verify)


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        parts, port = urlsplit(""), 0
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise RequestError("RQ-001", f"{url!r} is not the address of a bridge", "It is like http://127.0.0.1:8420.")
    return parts.scheme, parts.hostname, port


def _kept_token(settings: Settings) -> str | None:
    """What the running stack has left for those who may read its files."""
    try:
        return (settings.run_dir / "token").read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None
