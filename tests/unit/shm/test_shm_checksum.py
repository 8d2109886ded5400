from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm import checksum
from vortex_prefect.shm.checksum import ChecksumPolicy, Verifier, copy_with_crc32, crc32, verify_crc32


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


REF = TensorRef("host", 7, 4096, 64, (64,), "uint8", crc32(bytes(64)))
SOUND, DAMAGED = memoryview(bytes(64)), memoryview(bytes(63) + b"\1")


def test_across_processes_what_a_process_wrote_or_has_seen_is_not_looked_at_again() -> None:
    verifier = Verifier(ChecksumPolicy.CROSS_PROCESS)
    assert verifier.verify(REF, SOUND)
    assert not verifier.verify(REF, DAMAGED)
    later = replace(REF, generation=8)
    with pytest.raises(WorkerError, match="WK-007"):
        verifier.verify(later, DAMAGED)
    assert verifier.of_written(later.offset, later.generation, SOUND) == REF.crc
    assert not verifier.verify(later, DAMAGED)


def test_always_is_each_time() -> None:
    verifier = Verifier(ChecksumPolicy.ALWAYS)
    assert verifier.of_written(REF.offset, REF.generation, SOUND) == REF.crc
    assert verifier.verify(REF, SOUND)
    assert verifier.verify(REF, SOUND)
    with pytest.raises(WorkerError, match="WK-007"):
        verifier.verify(REF, DAMAGED)


def test_off_is_never_and_costs_nothing() -> None:
    verifier = Verifier(ChecksumPolicy.OFF)
    assert verifier.of_written(REF.offset, REF.generation, SOUND) == 0
    assert not verifier.verify(REF, DAMAGED)


def test_what_a_process_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_VERIFIED_LIMIT", 2)
    verifier = Verifier()
    for generation in range(1, 10):
        assert verifier.verify(replace(REF, generation=generation), SOUND)
    assert len(verifier._known) <= 2


@pytest.mark.parametrize("nbytes", [0, 1, (512 << 10) - 1, 512 << 10, (512 << 10) + 1, 3 << 20])
def test_a_copy_with_its_checksum_is_a_copy(nbytes: int) -> None:
    source = memoryview(bytes(index * 7 % 251 for index in range(nbytes)))
    target = memoryview(bytearray(nbytes))
    assert copy_with_crc32(target, source, crc32(b"before")) == zlib.crc32(b"before" + bytes(source))
    assert target == source
