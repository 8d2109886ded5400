from __future__ import annotations

from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.key_index import KeyIndex


def tensor(offset: int) -> Value:
    return Value("TENSOR", TensorRef("host", 1, offset, 64, (1,), "uint8", 0))


def test_longest_unused_key_is_forgotten_first() -> None:
    index = KeyIndex(2)
    index.put("a", {"out": Value("INT", data=1)})
    index.put("b", {"out": Value("INT", data=2)})
    assert index.get("a") is not None
    index.put("c", {"out": Value("INT", data=3)})
    assert index.get("b") is None
    assert index.get("a") == {"out": Value("INT", data=1)}
    assert len(index) == 2


def test_a_block_takes_every_key_with_it() -> None:
    index = KeyIndex(10)
    index.put("one", {"x": tensor(64), "y": tensor(128)})
    index.put("two", {"x": tensor(128)})
    index.put("three", {"x": tensor(192)})
    index.forget_block(128)
    assert [key for key in ("one", "two", "three") if index.get(key)] == ["three"]
    index.put("one", {"x": tensor(256)})
    index.forget_block(64)
    assert index.get("one") == {"x": tensor(256)}


def test_replacing_a_key_lets_its_old_block_go() -> None:
    index = KeyIndex(10)
    index.put("key", {"x": tensor(64)})
    index.put("key", {"x": tensor(128)})
    index.forget_block(64)
    assert index.get("key") == {"x": tensor(128)}
    index.forget_block(128)
    assert len(index) == 0
    assert index._keys_at == {}


def test_what_the_caller_changes_later_is_not_remembered() -> None:
    index = KeyIndex(10)
    outputs = {"x": tensor(64)}
    index.put("key", outputs)
    outputs.clear()
    found = index.get("key")
    assert found == {"x": tensor(64)}
    found.clear()
    assert index.get("key") == {"x": tensor(64)}
