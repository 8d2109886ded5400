from __future__ import annotations

import zlib

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.checksum import crc32, verify_crc32


@pytest.mark.parametrize("nbytes", [0, 1, 511, 512, 513, 100_000])
def test_both_libraries_give_the_same_digest(nbytes: int) -> None:
    data = bytes(range(256)) * (nbytes // 256 + 1)
    assert crc32(memoryview(data)[:nbytes]) == zlib.crc32(data[:nbytes])


def test_known_digest() -> None:
    assert crc32(b"123456789") == 0xCBF43926


def test_damage_is_found() -> None:
    data = bytearray(4096)
    expected = crc32(data)
    verify_crc32(data, expected)
    data[4000] ^= 1
    with pytest.raises(WorkerError, match="WK-007"):
        verify_crc32(data, expected)
