"""Sessions of browsers: a signed cookie instead of a token that scripts of the page could read.

Nothing is kept of a session: the cookie says which token opened it, and holds
for as long as that token does. So sessions outlive a restart, and revoking a
token ends them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.service.tokens import LOCAL, Token, Tokens

#: Seconds that a session lasts.
MAX_AGE_S = 14 * 24 * 3600
#: Seconds in which a code for logging in can be used.
CODE_AGE_S = 15 * 60
#: Codes that may wait to be used; more than anybody asks for.
_MOST_CODES = 100
_KEY_BYTES = 32


class BrowserSessions:
    """Opens sessions and recognises them.

    Args:
        key: what cookies are signed with.
        tokens: those that open sessions.
    """

    def __init__(self, key: bytes, tokens: Tokens, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = key
        self._tokens = tokens
        self._clock = clock
        self._serializer = URLSafeTimedSerializer(key, salt="vortex-session")
        #: code → (id of the token that asked for it, when it ends).
        self._codes: dict[str, tuple[str, float]] = {}

    def open(self, token: Token) -> str:
        """The cookie of a new session."""
        text = self._serializer.dumps([token.id, _mark(token), secrets.token_hex(8)])
        return text if isinstance(text, str) else text.decode()

    def find(self, cookie: str) -> Token | None:
        """The token that opened the session; null if it is none, too old, or its token is gone."""
        try:
            token_id, mark, _ = self._serializer.loads(cookie, max_age=MAX_AGE_S)
        except (BadData, ValueError, TypeError):
            return None
        token = self._tokens.by_id(str(token_id))
        return token if token is not None and mark == _mark(token) else None

    def csrf_token(self, cookie: str) -> str:
        """What pages of this server send beside the cookie, and no other page can know."""
        return hmac.new(self._key, b"csrf:" + cookie.encode(), hashlib.sha256).hexdigest()

    def issue_code(self, token: Token) -> str:
        """A code that opens one session, soon: for links, which are seen and logged more than tokens should be."""
        now = self._clock()
        self._codes = {code: known for code, known in self._codes.items() if known[1] > now}
        while len(self._codes) >= _MOST_CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(24)
        self._codes[code] = (token.id, now + CODE_AGE_S)
        return code

    def redeem(self, code: str) -> Token | None:
        """The token that asked for the code; null if it was used, is too old or none."""
        token_id, ends = self._codes.pop(code, ("", 0.0))
        return self._tokens.by_id(token_id) if self._clock() < ends else None


def signing_key(path: Path) -> bytes:
    """The key in the file, made at first; removing the file ends all sessions. Blocks; SY-006."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
        except FileExistsError:
            pass
        key = path.read_bytes()
    except OSError as error:
        raise SystemFault("SY-006", f"the key of sessions in {path} cannot be used: {error.strerror}") from error
    if len(key) < _KEY_BYTES:
        raise SystemFault("SY-006", f"the key of sessions in {path} is cut off", "Remove the file.")
    return key


def _mark(token: Token) -> str:
    # The stack's own token is another one at each start; its name is the same person, though.
    return "" if token.id == LOCAL else token.digest[:16]
