"""Diffusion through the whole stack: the same seed paints the same picture, to the byte."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes import tiny_diffusion as tiny
from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, graph

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

#: Of one execution: the first one loads the libraries.
LIMIT_S = 240.0
EDGES = (
    "load.clip > positive.clip", "load.clip > negative.clip", "load.model > sample.model", "load.vae > decode.vae",
    "positive.conditioning > sample.positive", "negative.conditioning > sample.negative",
    "empty.latent > sample.latent", "sample.latent > decode.latent",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_folder(tmp_path_factory.mktemp("diffusion"))


def picture_graph(folder: Path, **sample: Any) -> dict[str, Any]:
    """What people begin with: checkpoint, two prompts, sampler, autoencoder."""
    nodes = {
        "load": {"type": "diffusion.load_folder", "params": {"folder": str(folder)}},
        "positive": {"type": "diffusion.encode_prompt", "params": {"text": "a cat"}},
        "negative": {"type": "diffusion.encode_prompt", "params": {"text": "blurry"}},
        "empty": {"type": "diffusion.empty_latent", "params": {"width": 64, "height": 64, "batch_size": 2}},
        "sample": {"type": "diffusion.sample", "params": {"seed": "7", "steps": 4, "cfg": 3.0, **sample}},
        "decode": {"type": "diffusion.vae_decode", "params": {}},
    }
    return graph("a picture", nodes, *EDGES, outputs=("decode.image", "positive.conditioning"))


def painted(stack: StackClient, document: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The picture's bytes of an execution in which nothing is taken from the cache, and the execution."""
    execution = stack.ended(stack.start(stack.create(document), force=True), LIMIT_S)
    assert execution["status"] == "completed", execution
    url = execution["outputs"]["decode_image"]["url"]
    return stack.bridge.get(url, params={"format": "npy"}).raise_for_status().content, execution


def test_a_seed_paints_the_same_picture_to_the_byte(stack: StackClient, folder: Path) -> None:
    first, execution = painted(stack, picture_graph(folder))
    again, _ = painted(stack, picture_graph(folder))
    other, _ = painted(stack, picture_graph(folder, seed="8"))
    ancestral = [painted(stack, picture_graph(folder, sampler_name="euler_ancestral"))[0] for _ in range(2)]
    assert first == again
    assert ancestral[0] == ancestral[1]
    assert len({first, other, ancestral[0]}) == 3
    image = np.load(io.BytesIO(first))
    assert image.shape == (2, 64, 64, 3)
    assert image.std() > 0.01
    assert not np.array_equal(image[0], image[1])
    prompt = execution["outputs"]["positive_conditioning"]
    assert prompt["type"] == "CONDITIONING"
    answer = stack.bridge.get(prompt["url"], params={"format": "arrow"}).raise_for_status()
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"


def test_only_what_depends_on_a_change_runs_again(stack: StackClient, folder: Path) -> None:
    document = picture_graph(folder, seed="21")
    graph_id = stack.create(document)
    assert stack.ended(stack.start(graph_id), LIMIT_S)["status"] == "completed"
    document["nodes"]["sample"]["params"]["seed"] = "22"
    stack.bridge.put(f"/api/graph/{graph_id}", json=document).raise_for_status()
    nodes = stack.ended(stack.start(graph_id), LIMIT_S)["nodes"]
    assert {name for name, node in nodes.items() if not node["cached"]} == {"sample", "decode"}
    # The worker has the model in memory, and placement knows.
    assert "loaded" in nodes["sample"]["why"]


def test_a_cancel_ends_it_between_two_steps(stack: StackClient, folder: Path) -> None:
    execution_id = stack.start(stack.create(picture_graph(folder, steps=990, seed="31")))

    def begun() -> bool:
        sample = stack.execution(execution_id)["nodes"].get("sample", {})
        return sample.get("state") == "running" and bool(sample.get("progress"))

    eventually(begun, LIMIT_S)
    stack.bridge.post(f"/api/execution/{execution_id}/cancel").raise_for_status()
    execution = stack.ended(execution_id)
    assert execution["status"] == "cancelled"
    assert [execution["nodes"][name]["state"] for name in ("sample", "decode")] == ["cancelled", "cancelled"]


def test_a_damaged_file_is_named(stack: StackClient, tmp_path: Path) -> None:
    folder = tiny.make_folder(tmp_path / "sd")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    execution = stack.ended(stack.start(stack.create(picture_graph(folder))), LIMIT_S)
    assert execution["status"] == "failed"
    error = execution["nodes"]["load"]["error"]
    assert error["code"] == "WK-013"
    assert str(path) in error["message"]
