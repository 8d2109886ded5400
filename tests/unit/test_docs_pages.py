"""The pages that list what the code defines list all of it, and nothing else."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from vortex_prefect.core.settings import Settings
from vortex_prefect.wire._pb.control_pb2 import ControlPacket

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(
        page
        for folder in ("docs", "examples", "deployments", "ui")
        for page in (ROOT / folder).glob("**/*.md")
        if "node_modules" not in page.parts
    ),
]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_operations_lists_every_variable() -> None:
    listed = set(re.findall(r"`VORTEX_(\w+)`", text_of("docs/operations.md")))
    # Secrets are no settings, which every process is told.
    assert listed - {"TOKEN", "TOKEN_SHA256"} == {field.name.upper() for field in fields(Settings)}


def test_wire_lists_every_packet() -> None:
    listed = set(re.findall(r"^\| (?:worker|host) \| `(\w+)`", text_of("docs/wire.md"), re.MULTILINE))
    members = ControlPacket.DESCRIPTOR.oneofs_by_name["payload"].fields
    assert listed == {member.message_type.name for member in members if member.message_type}


def test_ws_contract_lists_every_message() -> None:
    listed = set(re.findall(r"^\| `([\w.]+)` \|", text_of("docs/ws-contract.md"), re.MULTILINE))
    source = text_of("vortex_prefect/service/messages.py") + text_of("vortex_prefect/bridge/session.py")
    sent = set(re.findall(r'(?:Message|_of_execution|_send)\(\s*"([\w.]+)"', source))
    assert {"graph.sync", "node.preview", "execution.complete", "pong"} <= sent
    assert listed == sent


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_scripts_named_in_pages_exist() -> None:
    named = {name for page in PAGES for name in re.findall(r"\bscripts/([\w-]+)", page.read_text(encoding="utf-8"))}
    assert {"demo", "test", "setup", "check"} <= named
    assert not [name for name in named if not (ROOT / "scripts" / name).is_file()]
