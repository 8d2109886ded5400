"""Where node types come from when no stack runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.unit.graph.builders import CATALOGUE
from vortex_prefect.client import catalogue as subject
from vortex_prefect.client.catalogue import find_catalogue
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Settings


class Packs:
    """Packs that count how often they are loaded."""

    def __init__(self, folder: Path) -> None:
        self.asked = 0
        self.source = folder / "packs" / "pack.py"
        self.source.parent.mkdir()
        self.source.write_text("# one")

    def ask(self, debug: bool) -> Catalogue:
        """As the worker process answers."""
        self.asked += 1
        return CATALOGUE

    @property
    def submodule_search_locations(self) -> list[str]:
        """As an import spec has it."""
        return [str(self.source.parent)]


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Packs]:
    found = Packs(tmp_path)
    with patch.object(subject, "_ask_packs", found.ask), patch.object(subject, "find_spec", lambda _: found):
        yield found


def test_packs_are_loaded_once_until_a_file_of_them_changes(packs: Packs, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    for _ in range(3):
        assert find_catalogue(settings).digest == CATALOGUE.digest
    assert packs.asked == 1
    packs.source.write_text("# two")
    find_catalogue(settings)
    assert packs.asked == 2
    packs.source.with_name("more.py").write_text("")
    find_catalogue(settings)
    assert packs.asked == 3
    find_catalogue(Settings(tmp_path / "home", debug_nodes=True))
    assert packs.asked == 4


@pytest.mark.parametrize("damage", ["", "{", "[1]", '[{"type": 3}]', "null"])
def test_a_damaged_copy_is_replaced(packs: Packs, tmp_path: Path, damage: str) -> None:
    settings = Settings(tmp_path / "home")
    find_catalogue(settings)
    [kept] = (settings.home / "cache").iterdir()
    kept.write_text(damage)
    assert len(find_catalogue(settings)) == len(CATALOGUE)
    find_catalogue(settings)
    assert packs.asked == 2


def test_a_home_that_cannot_be_written_is_no_failure(packs: Packs, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    assert len(find_catalogue(Settings(tmp_path / "home"))) == len(CATALOGUE)


def test_packs_that_do_not_load_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_PACKS", "vortex_gone")
    with pytest.raises(SystemFault, match=r"SY-003.*vortex_gone"):
        find_catalogue(Settings(tmp_path))
