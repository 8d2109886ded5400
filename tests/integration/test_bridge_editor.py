"""The editor's files as the bridge serves them, and the page that stands in for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.bridge import bridge
from vortex_prefect.bridge import editor


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of what the build makes; empty."""
    folder = tmp_path / "_ui"
    monkeypatch.setattr(editor, "BUILT", folder)
    return folder


def fill(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>VORTEX</title>")
    (folder / "assets" / "index-a1b2.js").write_text("export {}")


async def test_an_editor_that_is_not_built_is_said_so_and_the_api_works(built: Path, tmp_path: Path) -> None:
    async with bridge(tmp_path) as made:
        page = await made.http.get("/")
        assert page.status_code == 503
        assert page.headers["content-type"].startswith("text/html")
        assert "scripts/setup" in page.text
        assert (await made.http.get("/assets/index-a1b2.js")).status_code == 404
        assert (await made.http.get("/api/graph")).status_code == 200
        # Built while the bridge runs: the next look finds it.
        fill(built)
        assert (await made.http.get("/")).status_code == 200


async def test_the_page_is_asked_for_anew_and_its_assets_are_kept(built: Path, tmp_path: Path) -> None:
    fill(built)
    async with bridge(tmp_path) as made:
        page = await made.http.get("/")
        assert page.headers["cache-control"] == "no-cache"
        asset = await made.http.get("/assets/index-a1b2.js")
        assert "immutable" in asset.headers["cache-control"]
        assert "javascript" in asset.headers["content-type"]


async def test_the_page_runs_its_own_scripts_only_and_in_no_frame(built: Path, tmp_path: Path) -> None:
    fill(built)
    async with bridge(tmp_path) as made:
        policy = dict(
            part.strip().split(" ", 1)
            for part in (await made.http.get("/")).headers["content-security-policy"].split(";")
        )
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy


@pytest.mark.parametrize("path", ["/assets/%2e%2e/%2e%2e/secret", "/..%2fsecret", "/%2e%2e/secret"])
async def test_nothing_beside_the_editor_is_served(built: Path, tmp_path: Path, path: str) -> None:
    fill(built)
    (built.parent / "secret").write_text("secret")
    async with bridge(tmp_path) as made:
        assert (await made.http.get(path)).status_code == 404
