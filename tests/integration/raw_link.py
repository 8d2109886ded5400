"""A stranger at a Dask port: somebody without the keys, or with keys of their own."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from vortex_prefect.core.settings import DaskKeys

_LIMIT_S = 10.0


def heard(address: str, keys: DaskKeys | None = None) -> bytes:
    """The first byte that a Dask server says to whoever connects so; none if it lets nobody in.

    Args:
        address: `tls://…` or `tcp://…`; spoken is TLS if there are keys, else plain TCP.
        keys: what to show; what the server shows is not looked at, as a stranger does not care.
    """
    host, _, port = address.partition("://")[2].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_LIMIT_S) as plain:
        try:
            if keys is None:
                plain.sendall(b"\0" * 64)
                return plain.recv(1)
            with stranger(keys).wrap_socket(plain) as link:
                return link.recv(1)
        except (ssl.SSLError, ConnectionError):
            return b""


def stranger(keys: DaskKeys) -> ssl.SSLContext:
    """TLS that believes whoever answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if keys.folder != Path():
        context.load_cert_chain(keys.certificate, keys.key)
    return context
