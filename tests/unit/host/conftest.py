"""What tests of the host share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.host.scripted import Host


@pytest.fixture
def host() -> Iterator[Host]:
    found = Host()
    yield found
    found.close()
