"""Which bridge a client calls, and which token it sends there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import pytest

from vortex_prefect.bootstrap.stack import StackInfo, info_path
from vortex_prefect.client.bridge.attempts import Patience, retry_after_s
from vortex_prefect.client.bridge.exchange import Answer
from vortex_prefect.client.bridge.site import Site, site_of
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.settings import Settings

URL = "http://127.0.0.1:8420"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The home of a stack that runs, with a token."""
    settings = Settings(tmp_path)
    settings.run_dir.mkdir()
    info = StackInfo(1, URL, "", "", "").to_dict()
    info_path(settings).write_text(json.dumps(info))
    (settings.run_dir / "token").write_text("kept\n")
    with (settings.run_dir / "stack.lock").open("wb") as lock:
        flock(lock, LOCK_EX | LOCK_NB)
        yield tmp_path


def site(url: str | None, token: str | None, home: Path, **env: str) -> Site:
    return site_of(url, token, home, 60.0, True, env)


def test_the_stack_of_the_home_is_the_usual_one(home: Path) -> None:
    found = site(None, None, home)
    assert (found.url, found.token) == (URL, "kept")
    assert "kept" not in repr(found)
    assert site(f"{URL}/", None, home).token == "kept"


def test_what_is_said_goes_before_what_is_found(home: Path) -> None:
    assert site(None, "mine", home, VORTEX_TOKEN="env").token == "mine"
    assert site(None, None, home, VORTEX_TOKEN="env").token == "env"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8421", "http://example.org:8420", "https://127.0.0.1:8420"])
def test_the_kept_token_is_for_its_own_stack(home: Path, url: str) -> None:
    assert site(url, None, home).token is None


def test_nothing_is_kept_by_a_stack_that_is_gone(home: Path) -> None:
    os.unlink(home / "run" / "stack.lock")
    assert site(URL, None, home).token is None
    with pytest.raises(SystemFault, match="SY-004"):
        site(None, None, home)


@pytest.mark.parametrize("url", ["", "here", "ftp://x", "http://", "http://a:b@c", "http://x:99999", "http://x?y"])
def test_what_is_no_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        site(url, None, tmp_path)


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "ä"])
def test_what_no_header_takes_is_no_token(tmp_path: Path, token: str) -> None:
    with pytest.raises(RequestError, match="RQ-010"):
        site(URL, token, tmp_path)


def test_proxies_have_no_part_in_this_machine() -> None:
    assert Site(URL).http_options()["trust_env"] is False
    assert Site("http://[::1]:1").socket_options()["proxy"] is None
    assert Site("https://example.org").http_options()["trust_env"] is True
    assert Site("https://example.org/vortex").socket_url(graph_id="g", after=None) == (
        "wss://example.org/vortex/ws?graph_id=g"
    )


def test_tries_come_ever_later_and_end() -> None:
    patience = Patience(total_s=10.0, first_s=0.1, longest_s=2.0)
    assert [patience.delay(attempt, 0.0, 0.0, lambda: 1.0) for attempt in (1, 2, 5, 999)] == [0.1, 0.2, 1.6, 2.0]
    assert patience.delay(1, 0.0, 0.0, lambda: 0.0) == 0.05
    assert patience.delay(1, 0.0, 3.0, lambda: 0.0) == 3.0
    assert patience.delay(1, 9.0, 3.0, lambda: 0.0) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("", 0.0),
        ("-3", 0.0),
        ("soon", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("9" * 50, 999999999.0),
    ],
)
def test_retry_after_is_read_as_far_as_it_makes_sense(text: str, seconds: float) -> None:
    assert retry_after_s(Answer(429, {"retry-after": text}, b"")) == seconds
    assert retry_after_s(Answer(429, {"retry-after": "Wed, 01 Jan 2200 00:00:00 GMT"}, b"")) > 1e9
