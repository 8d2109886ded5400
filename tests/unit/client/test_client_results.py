"""What runs give, as Python has it."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vortex_prefect.client.results import Results, RunFailed, results_of
from vortex_prefect.client.tensors import Picture, Tensor
from vortex_prefect.shm.arrow import message_size, write_array

PIXELS = np.linspace(0, 1, 2 * 4 * 8 * 3, dtype=np.float32).reshape(2, 4, 8, 3)


def message(array: np.ndarray[Any, Any]) -> bytes:
    buffer = bytearray(message_size(array.shape, array.dtype.name))
    write_array(memoryview(buffer), array)
    return bytes(buffer)


def execution(status: str = "completed", nodes: Any = None, error: Any = None, **outputs: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "status": status,
        "nodes": nodes or {},
        "flow_run_id": None,
        "prefect_url": None,
        "error": error,
        "outputs": {
            name: {"node": "n", "port": name, "url": f"/outputs/{name}", **output} for name, output in outputs.items()
        },
    }


def results(tmp_path: Path, given: dict[str, Any], files: dict[str, bytes] | None = None) -> Results:
    """Results on a machine without an engine: tensors come over HTTP."""
    return results_of(given, tmp_path / "none.sock", lambda url: (files or {})[url])


def tensor(type: str, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"type": type, "shape": list(array.shape), "dtype": array.dtype.name}


def test_plain_values_come_as_python_has_them(tmp_path: Path) -> None:
    given = execution(
        n={"type": "FLOAT", "value": 1.5},
        p={"type": "PATH", "value": "/tmp/x.png"},
        j={"type": "JSON", "value": {"a": [1]}},
        l={"type": "LIST[PATH]", "value": ["a", "b"]},
        nothing={"type": "JSON", "value": None},
    )
    found = results(tmp_path, given)
    values = {"n": 1.5, "p": Path("/tmp/x.png"), "j": {"a": [1]}, "l": [Path("a"), Path("b")], "nothing": None}
    assert found.outputs == values
    assert (found["n"], list(found), len(found)) == (1.5, ["n", "p", "j", "l", "nothing"], 5)


def test_a_tensor_from_elsewhere_is_fetched_once_and_when_asked_for(tmp_path: Path) -> None:
    files = {"/outputs/t?format=arrow": message(PIXELS)}
    found = results(tmp_path, execution(t=tensor("TENSOR", PIXELS)), files)["t"]
    assert (found.shape, found.dtype, repr(found)) == ((2, 4, 8, 3), "float32", "<TENSOR 2×4×8×3 float32>")
    assert np.array_equal(found.numpy(), PIXELS)
    files.clear()
    assert found.tensor.shape == PIXELS.shape
    assert np.asarray(found).sum() == found.numpy().sum()
    assert not isinstance(found, Picture)
    assert np.array_equal(np.load(found.save(tmp_path / "t.npy")), PIXELS)


def test_a_list_has_its_items_and_gaps(tmp_path: Path) -> None:
    files = {"/outputs/l?item=0&format=arrow": message(PIXELS)}
    items = [
        {"type": "IMAGE", "url": "/outputs/l?item=0", **tensor("IMAGE", PIXELS)},
        None,
        {"type": "PATH", "value": "x"},
    ]
    found = results(tmp_path, execution(l={"type": "LIST[ANY]", "items": items}), files)["l"]
    assert np.array_equal(found[0].numpy(), PIXELS)
    assert found[1:] == [None, Path("x")]


def test_a_notebook_shows_a_picture(tmp_path: Path) -> None:
    files = {"/outputs/i?format=arrow": message(PIXELS)}
    picture = results(tmp_path, execution(i=tensor("IMAGE", PIXELS)), files)["i"]
    shown = np.asarray(Image.open(io.BytesIO(picture._repr_png_())))
    assert np.array_equal(shown, np.rint(PIXELS[0] * 255).astype(np.uint8))
    assert np.array_equal(np.asarray(picture.pil(1)), np.rint(PIXELS[1] * 255).astype(np.uint8))
    with Image.open(picture.save(tmp_path / "p.png", 1)) as saved:
        assert saved.size == (8, 4)
    with pytest.raises(IndexError):
        picture.pil(2)


GREY_AND_CLEAR = [("MASK", (1, 4, 8), "L"), ("IMAGE", (1, 4, 8, 1), "L"), ("IMAGE", (1, 4, 8, 4), "RGBA")]


@pytest.mark.parametrize(("type", "shape", "mode"), GREY_AND_CLEAR)
def test_masks_and_grey_pictures_are_shown_too(tmp_path: Path, type: str, shape: tuple[int, ...], mode: str) -> None:
    array = np.full(shape, 7.5, np.float32)
    files = {"/outputs/i?format=arrow": message(array)}
    picture = results(tmp_path, execution(i=tensor(type, array)), files)["i"]
    assert (picture.pil().mode, picture.pil().size) == (mode, (8, 4))


def test_results_and_failures_pickle_with_their_tensors(tmp_path: Path) -> None:
    files = {"/outputs/i?format=arrow": message(PIXELS)}
    found = results(tmp_path, execution("failed", i=tensor("IMAGE", PIXELS)), files)
    copy = pickle.loads(pickle.dumps(RunFailed("WK-003", "no", node_id="n", results=found)))
    assert (copy.code, copy.node_id, copy.results.status) == ("WK-003", "n", "failed")
    assert isinstance(copy.results["i"], Tensor)
    assert np.array_equal(copy.results["i"].numpy(), PIXELS)


def test_a_failure_names_the_node_and_carries_its_traceback(tmp_path: Path) -> None:
    error = {
        "code": "WK-003",
        "message": "RuntimeError: no",
        "hint": "look",
        "traceback": "Traceback …",
        "node_id": None,
    }
    nodes = {"a": {"state": "completed", "error": None}, "b": {"state": "failed", "error": error}}
    given = execution("failed", nodes, n={"type": "FLOAT", "value": 1.5})
    failure = RunFailed.of(given, results(tmp_path, given))
    assert (failure.code, failure.node_id, failure.traceback) == ("WK-003", "b", "Traceback …")
    assert failure.results is not None
    assert failure.results["n"] == 1.5
    assert failure.results.states == {"a": "completed", "b": "failed"}


@pytest.mark.parametrize(("status", "code"), [("cancelled", "WK-006"), ("crashed", "WK-001")])
def test_a_run_without_a_failed_node_says_how_it_ended(tmp_path: Path, status: str, code: str) -> None:
    given = execution(status)
    assert RunFailed.of(given, results(tmp_path, given)).code == code
