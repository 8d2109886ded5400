"""Secrets of a stack: the keys of its Dask, the auth string of its Prefect server, and tokens of its bridge.

The one are made for each stack and end with it. The other stays with the home,
so that browsers and shells stay logged in when the stack is started again.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from vortex_prefect.bootstrap.__main__ import ENVIRONMENT_TOKEN
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import DaskKeys
from vortex_prefect.service.atomic import write_atomically
from vortex_prefect.service.tokens import digest_of, new_secret

#: Longer than any stack runs; a clock that is set back a day does not hurt.
_VALID, _BEFORE = timedelta(days=3650), timedelta(days=1)
_PRIVATE = 0o600
#: A token that may do everything, for whoever starts the stack; its SHA-256 does as well (`ENVIRONMENT_TOKEN`).
TOKEN_VARIABLE = "VORTEX_TOKEN"
#: Characters below which a token that somebody thought of can be guessed.
SHORTEST_TOKEN = 16


def make_dask_keys(keys: DaskKeys, address: str) -> None:
    """Make the key pair that whoever speaks with the scheduler at `address` must have.

    The certificate is its own authority, as `distributed.Security.temporary` has it: it vouches for no other key.
    """
    remove_dask_keys(keys)
    keys.folder.mkdir(mode=0o700)
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vortex-dask")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _VALID)
        .sign(private, hashes.SHA256())
    )
    _write(keys.certificate, certificate.public_bytes(Encoding.PEM))
    _write(keys.key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write(keys.address, address.encode())


def remove_dask_keys(keys: DaskKeys) -> None:
    """Take the keys away, those of a killed stack too. Repeating does nothing."""
    shutil.rmtree(keys.folder, ignore_errors=True)


def environment_token(env: Mapping[str, str]) -> dict[str, str]:
    """`{"environment": SHA-256}` of the token that the variables have; nothing if they have none.

    Raises:
        SystemFault: SY-009, it can be guessed.
    """
    given = env.get(TOKEN_VARIABLE, "")
    if given and len(given) < SHORTEST_TOKEN:
        raise SystemFault("SY-009", f"{TOKEN_VARIABLE} is shorter than {SHORTEST_TOKEN} characters")
    digest = digest_of(given) if given else env.get(ENVIRONMENT_TOKEN, "")
    return {"environment": digest} if digest else {}


def make_local_token(path: Path) -> str:
    """Leave a token for the commands of the stack's own user; its SHA-256."""
    secret = new_secret()
    write_atomically(path, secret.encode())  # which makes files 0600
    return digest_of(secret)


def prefect_auth_string(path: Path) -> str:
    """`user:password` of the home's own Prefect server; made if there is none, or if others could have read it."""
    try:
        status = path.stat()
        text = path.read_text(encoding="ascii").strip()
        if text and status.st_uid == os.getuid() and not status.st_mode & 0o077:
            return text
    except (OSError, ValueError):
        pass
    text = f"vortex:{secrets.token_urlsafe(32)}"
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    _write(draft, text.encode())
    draft.replace(path)
    return text


def _write(path: Path, content: bytes) -> None:
    # Nobody's file before it is ours: not even for a moment can somebody else open it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
