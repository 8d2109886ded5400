"""The editor's page: what `scripts/build_ui.py` built, or a page that says that nothing was."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import Scope

#: Where the build puts it; not committed.
BUILT = Path(__file__).parent / "_ui"

#: Only scripts of this server, and none within the page. Styles within it come from the widgets' library.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
#: The names of what the build makes hold the hash of their content.
_FOR_EVER = "public, max-age=31536000, immutable"

_MISSING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>VORTEX: the editor is not built</title>
</head>
<body style="font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem">
<h1>The editor is not built</h1>
<p>The server works: <a href="openapi.json">its API</a>, <code>vortex run</code> and Prefect do. Only this page was left
out when the package was installed from its sources (<code>VORTEX_SKIP_UI</code>, or no Node was there).</p>
<p>In the folder of the sources, <code>scripts/setup</code> builds it, and so does
<code>python scripts/build_ui.py</code>; then load this page again. Packages from an index have the editor in them.</p>
</body>
</html>
"""


class _Editor(StaticFiles):
    """The built files. Addresses that climb are none of them: a folder would be answered with a redirection."""

    async def check_config(self) -> None:
        """Nothing: the folder may come later."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if ".." in scope["path"].split("/"):
            raise HTTPException(404)
        if path == "." and not (BUILT / "index.html").is_file():
            return HTMLResponse(_MISSING, 503, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = _FOR_EVER if path.startswith("assets/") else "no-cache"
        return response


def mount(app: FastAPI) -> None:
    """Serve the editor at `/`; it may be built, or built anew, while the server runs."""
    app.mount("/", _Editor(directory=BUILT, html=True, check_dir=False), name="editor")
