"""Diffusion where things go wrong, are kept, are watched and are stopped."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from tests.fakes import tiny_diffusion as tiny
from vortex_prefect.core.errors import GraphError, SystemFault, VortexError, WorkerError
from vortex_prefect.core.models import resident_name
from vortex_prefect.files.roots import ANYWHERE, FileRoots
from vortex_worker.packs.diffusion import adapters, conditioning, latents, library, loading, sampling, whole
from vortex_worker.packs.diffusion.steps import approximate
from vortex_worker.residents import Residents
from vortex_worker.sdk import Cancelled, Steering, nodes_of
from vortex_worker.sdk.files import permit
from vortex_worker.sdk.testing import Done, run_node

pytestmark = pytest.mark.filterwarnings("ignore")

LATENT = torch.zeros(1, 4, 8, 8)
UNET = Path("unet", "diffusion_pytorch_model.safetensors")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """For models as small as these, several threads wait for each other more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that no test changes."""
    return tiny.make_folder(tmp_path_factory.mktemp("sd"))


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """One that a test may change."""
    for path in original.rglob("*"):
        if path.is_file():
            target = tmp_path / "sd" / path.relative_to(original)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path / "sd"


@pytest.fixture(scope="module")
def residents() -> Residents:
    return Residents()


def load(folder: Path, **options: Any) -> dict[str, Any]:
    return dict(run_node(loading.load_folder, folder=folder, **options))


def sample(folder: Path, residents: Residents | None = None, **options: Any) -> Done:
    """Two steps, with prompts that cost no text encoder."""
    prompt = Steering({"embeds": torch.ones(1, 4, tiny.WIDTH)}, {"family": "sd"})
    model = options.pop("model", None) or load(folder)["model"]
    given = {"model": model, "positive": prompt, "negative": prompt, "latent": LATENT, "steps": 2, **options}
    return run_node(sampling.sample, residents=residents, **given)


def fails(code: str, match: str, call: Callable[[], Any]) -> None:
    with pytest.raises(VortexError, match=match) as caught:
        call()
    assert caught.value.code == code
    assert not caught.value.info.retryable


# -- the files that were meant -----------------------------------------------------------------


def test_a_folder_is_named_by_what_sha256sum_says_of_its_files(original: Path, tmp_path: Path) -> None:
    parts = load(original)
    files = sorted({Path(path).relative_to(original) for part in parts.values() for path in part["files"]})
    assert UNET in files
    assert Path("tokenizer/merges.txt") in files
    lines = "".join(f"{hashlib.sha256((original / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    assert load(original, sha256=hashlib.sha256(lines.encode()).hexdigest()) == parts
    fails("WK-009", "has SHA-256", lambda: load(original, sha256="0" * 64))
    with pytest.raises(ValueError, match="is no SHA-256"):
        load(original, sha256="abc")


def test_the_hash_of_one_file_is_checked(original: Path, tmp_path: Path) -> None:
    path = tiny.make_checkpoint(tmp_path / "one.safetensors", original)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    values: dict[str, Any] = {"path": path, "config": original}
    assert run_node(loading.load_checkpoint, sha256=digest, **values)["model"]["part"] == "unet"
    fails("WK-009", f"has SHA-256 {digest}", lambda: run_node(loading.load_checkpoint, sha256="1" * 64, **values))
    lora = tiny.make_lora(tmp_path / "lora.safetensors", original)
    fails(
        "WK-009", "has SHA-256",
        lambda: run_node(adapters.load_lora_model, model=load(original)["model"], path=lora, sha256="1" * 64),
    )  # fmt: skip


def test_a_file_that_changed_since_is_not_loaded(folder: Path) -> None:
    model = load(folder)["model"]
    tensors = safetensors.torch.load_file(folder / UNET)
    safetensors.torch.save_file({name: tensor + 1 for name, tensor in tensors.items()}, folder / UNET)
    fails("WK-009", "diffusion_pytorch_model", lambda: sample(folder, model=model))


def test_a_checkpoint_outside_the_folders_is_not_read(original: Path, tmp_path: Path) -> None:
    model = load(original)["model"]
    permit(FileRoots((tmp_path.resolve(),)))
    try:
        fails("WK-012", "not in a folder", lambda: load(original))
        fails("WK-012", "not in a folder", lambda: sample(original, model=model))
        (tmp_path / "linked").symlink_to(original)
        fails("WK-012", "not in a folder", lambda: load(tmp_path / "linked"))
    finally:
        permit(ANYWHERE)


@pytest.mark.parametrize("part", [0.0, 0.0001, 0.5, 0.999])
def test_files_that_are_cut_short_are_named(folder: Path, part: float) -> None:
    data = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(data[: int(len(data) * part)])
    fails("WK-013", r"unet/diffusion_pytorch_model\.safetensors is damaged", lambda: load(folder))


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("model_index.json", "model_index.json cannot be read: No such file"),
        ("unet/config.json", "config.json cannot be read: No such file"),
        (str(UNET), "has no diffusion_pytorch_model.safetensors"),
        ("text_encoder/model.safetensors", "has no model.safetensors"),
        ("tokenizer/merges.txt", "has neither tokenizer.json nor vocab.json and merges.txt"),
        ("scheduler/scheduler_config.json", "scheduler_config.json cannot be read"),
    ],
)
def test_files_that_are_missing_are_named(folder: Path, gone: str, told: str) -> None:
    (folder / gone).unlink()
    fails("WK-013", told, lambda: load(folder))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"_class_name": 5'])
def test_damaged_configurations_are_named(folder: Path, text: str) -> None:
    (folder / "model_index.json").write_text(text)
    fails("WK-013", "model_index.json", lambda: load(folder))


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_pickles_are_not_read(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    bomb = pickle.dumps({"weight": _Bomb(mark)})
    (folder / UNET).unlink()
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(bomb)
    fails("WK-013", r"diffusion_pytorch_model\.bin may run code", lambda: load(folder))
    for name in ("one.ckpt", "one.safetensors"):
        (tmp_path / name).write_bytes(bomb)
        values: dict[str, Any] = {"path": tmp_path / name, "config": folder}
        fails("WK-013", name, functools.partial(run_node, loading.load_checkpoint, **values))
    assert not mark.exists()


# -- the architecture that was meant -----------------------------------------------------------


@pytest.mark.parametrize("name", ["FluxPipeline", "StableDiffusion3Pipeline", None])
def test_other_architectures_are_named(folder: Path, name: str | None) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": name}))
    fails("WK-014", f"is a {name}; these nodes run Stable Diffusion", lambda: load(folder))


def test_a_part_of_another_class_is_named(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    index["vae"] = ["diffusers", "AutoencoderTiny"]
    (folder / "model_index.json").write_text(json.dumps(index))
    fails("WK-014", "its vae is AutoencoderTiny, not AutoencoderKL", lambda: load(folder))


def test_weights_of_other_shapes_or_fewer_are_refused(folder: Path) -> None:
    whole_file = safetensors.torch.load_file(folder / UNET)
    lacking = {name: tensor for name, tensor in whole_file.items() if not name.startswith("mid_block")}
    safetensors.torch.save_file(lacking, folder / UNET)
    fails("WK-014", "lacks .* tensors", lambda: sample(folder))
    other = {name: torch.cat([tensor, tensor]) for name, tensor in whole_file.items()}
    safetensors.torch.save_file(other, folder / UNET)
    fails("WK-014", "is no such model", lambda: sample(folder))


def test_one_file_needs_all_parts_and_the_configuration_of_its_kind(original: Path, tmp_path: Path) -> None:
    path = tiny.make_checkpoint(tmp_path / "one.safetensors", original)
    xl = tiny.make_folder(tmp_path / "xl", xl=True)

    def call(config: Path) -> Done:
        return run_node(loading.load_checkpoint, path=path, config=config)

    fails("WK-014", "is Stable Diffusion 1 or 2", lambda: call(xl))
    tensors = safetensors.torch.load_file(path)
    safetensors.torch.save_file({n: t for n, t in tensors.items() if not n.startswith("first_stage")}, path)
    fails("WK-014", "has no tensors first_stage_model", lambda: call(original))


def test_models_are_for_what_they_are_connected_to(original: Path, tmp_path: Path) -> None:
    parts = load(original)
    fails("WK-014", r"a model is wanted here, not the autoencoder", lambda: sample(original, model=parts["vae"]))
    other = {"path": "x", "sha256": "", "format": "onnx", "nbytes": 1}
    fails("WK-014", "names no model", lambda: sample(original, model=other))
    foreign = Steering({"embeds": torch.ones(1, 4, tiny.WIDTH)}, {"family": "sdxl"})
    fails("WK-014", "is for Stable Diffusion XL", lambda: sample(original, positive=foreign))
    wide = Steering({"embeds": torch.ones(1, 4, 2 * tiny.WIDTH)}, {"family": "sd"})
    fails("WK-014", "its text encoder differs", lambda: sample(original, positive=wide, negative=wide))
    plain = tmp_path / "plain.safetensors"
    safetensors.torch.save_file({"weight": torch.ones(1)}, plain)
    fails(
        "WK-014", "holds no LoRA weights",
        lambda: run_node(adapters.load_lora_model, model=parts["model"], path=plain),
    )  # fmt: skip
    fails("WK-014", "not a ControlNetModel", lambda: run_node(loading.load_controlnet, folder=original / "unet"))


def test_lora_weights_of_another_model_leave_it_as_it_was(original: Path, tmp_path: Path) -> None:
    lora, residents = tiny.make_lora(tmp_path / "lora.safetensors", original, text=False), Residents()
    wrong = {name: torch.cat([tensor, tensor], -1) for name, tensor in safetensors.torch.load_file(lora).items()}
    safetensors.torch.save_file(wrong, lora)
    before = sample(original, residents)["latent"]
    changed = run_node(adapters.load_lora_model, model=load(original)["model"], path=lora)["model"]
    fails("WK-014", "is no such model", lambda: sample(original, residents, model=changed))
    assert torch.equal(sample(original, residents)["latent"], before)


# -- values that cannot be ---------------------------------------------------------------------


def test_sides_are_multiples_of_8(original: Path) -> None:
    fails("VE-010", "width is 65, not a multiple of 8; 64", lambda: run_node(latents.empty_latent, width=65))
    image = torch.zeros(1, 60, 64, 3)
    vae = load(original)["vae"]
    fails("VE-010", "height is 60", lambda: run_node(latents.vae_encode, image=image, vae=vae))
    fails("VE-010", "height is 68", lambda: run_node(whole.text_to_image, **load(original), height=68))
    assert run_node(latents.empty_latent, width=64, height=32, batch_size=2)["latent"].shape == (2, 4, 4, 8)
    with pytest.raises(GraphError, match="VE-010"):
        run_node(latents.empty_latent, width=8)


def test_what_is_not_a_number_is_said_where_it_comes_up(folder: Path, residents: Residents) -> None:
    bad = LATENT.clone()
    bad[0, 0, 0, 0] = torch.nan
    fails("WK-015", "the latent holds", lambda: sample(folder, residents, latent=bad))
    fails("WK-015", "the latent holds", lambda: run_node(latents.vae_decode, latent=bad, vae=load(folder)["vae"]))
    tensors = safetensors.torch.load_file(folder / UNET)
    tensors["conv_out.bias"].fill_(torch.inf)
    safetensors.torch.save_file(tensors, folder / UNET)
    fails("WK-015", "the latent after step 1", lambda: sample(folder))


def test_shapes_that_do_not_fit_are_said(original: Path, residents: Residents) -> None:
    for latent in (torch.zeros(1, 3, 8, 8), torch.zeros(4, 8, 8), torch.zeros(0, 4, 8, 8)):
        with pytest.raises(ValueError, match="a latent is"):
            sample(original, residents, latent=latent)
    three = Steering({"embeds": torch.ones(3, 4, tiny.WIDTH)}, {"family": "sd"})
    with pytest.raises(ValueError, match="for 3 pictures, the latent for 2"):
        sample(original, residents, positive=three, latent=LATENT.expand(2, -1, -1, -1))
    net = {**load(original)["model"], "part": "controlnet"}
    values: dict[str, Any] = {"conditioning": three, "control_net": net, "image": torch.zeros(1, 8, 8, 3)}
    with pytest.raises(ValueError, match="ends at"):
        run_node(conditioning.apply_controlnet, **values, start_percent=0.5, end_percent=0.5)
    fails("VE-010", "steps is 1000; the model was trained with 1000", lambda: sample(original, residents, steps=1000))
    fails("VE-010", "steps / denoise is 2000", lambda: sample(original, residents, steps=20, denoise=0.01))


def test_memory_that_runs_out_is_not_taken_for_a_bad_model(original: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory"), MemoryError()):

        def fail(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(library.diffusers().UNet2DConditionModel, "from_pretrained", fail)
        with pytest.raises(type(error)):
            sample(original)


def test_without_the_libraries_it_is_said_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    library.transformers.cache_clear()
    with pytest.raises(SystemFault, match="SY-003 the nodes of diffusion need transformers") as caught:
        library.transformers()
    assert caught.value.hint == "pip install 'vortex-prefect[diffusion]'"


# -- on the way --------------------------------------------------------------------------------


def test_steps_are_reported_and_shown(original: Path, residents: Residents) -> None:
    done = sample(original, residents, steps=4)
    assert list(dict.fromkeys(share for share, _ in done.progress)) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert [tuple(each.shape) for each in done.previews] == [(1, 8, 8, 3)] * 4
    assert all(0 <= float(each.min()) <= float(each.max()) <= 1 for each in done.previews)
    partly = sample(original, residents, steps=3, denoise=0.3)
    assert list(dict.fromkeys(round(share, 2) for share, _ in partly.progress)) == [0.0, 0.33, 0.67, 1.0]


def test_a_preview_has_the_colours_of_the_latent() -> None:
    # The first channel is that of brightness.
    for family in ("sd", "sdxl"):
        latent = torch.zeros(1, 4, 1, 2)
        latent[0, 0, 0] = torch.tensor([-0.9, 0.9])
        dark, bright = approximate(latent, family)[0, 0].mean(-1).tolist()
        assert dark < 0.45
        assert bright > 0.55


@pytest.mark.parametrize("reports", [0, 2, 6, 9])
def test_a_cancel_ends_it_wherever_it_is(original: Path, residents: Residents, reports: int) -> None:
    prompt = Steering({"embeds": torch.ones(1, 4, tiny.WIDTH)}, {"family": "sd"})
    values = {"model": load(original)["model"], "positive": prompt, "negative": prompt, "latent": LATENT}
    with pytest.raises(Cancelled):
        run_node(sampling.sample, residents=residents, cancel_after=reports, steps=900, **values)
    # Nothing of it is left in the model that is kept.
    assert torch.equal(sample(original, residents)["latent"], sample(original)["latent"])


# -- kept between jobs -------------------------------------------------------------------------


def test_models_are_kept_by_content_and_found_by_placement(original: Path, folder: Path) -> None:
    residents = Residents()
    parts = load(original)
    sample(original, residents)
    copy = load(folder)["model"]
    sample(folder, residents, model=copy)
    assert residents.names() == (resident_name(parts["model"]),) == (resident_name(copy),)
    # It is not read again, not even to look whether it is there.
    (folder / UNET).unlink()
    sample(folder, residents, model=copy)
    run_node(latents.vae_decode, residents=residents, latent=LATENT, vae=parts["vae"])
    run_node(conditioning.encode_prompt, residents=residents, clip=parts["clip"])
    assert residents.names() == tuple(resident_name(parts[name]) for name in ("model", "vae", "clip"))
    half = load(original, dtype="bfloat16")["model"]
    assert resident_name(half) not in residents.names()
    found = sample(original, residents, model=half)["latent"]
    assert found.dtype == torch.float32


def test_what_was_not_used_for_longest_makes_room(original: Path) -> None:
    parts = load(original)
    tensors = safetensors.torch.load_file(original / UNET)
    nbytes = sum(tensor.nbytes for tensor in tensors.values())
    residents = Residents(limit_bytes=nbytes + 1)
    run_node(latents.vae_decode, residents=residents, latent=LATENT, vae=parts["vae"])
    sample(original, residents)
    assert residents.names() == (resident_name(parts["model"]),)
    assert residents.sizes() == {resident_name(parts["model"]): nbytes}


def test_a_folder_that_changed_is_looked_at_again(folder: Path) -> None:
    (declared,) = (each for each in nodes_of([loading]) if each.spec.type == "diffusion.load_folder")
    assert declared.fingerprint is not None
    before = declared.fingerprint(folder)
    assert declared.fingerprint(folder) == before
    config = folder / "unet" / "config.json"
    config.write_text(config.read_text() + "\n")
    assert declared.fingerprint(folder) != before


def test_the_pack_loads_no_library_until_a_node_runs() -> None:
    code = (
        "import sys\nfrom vortex_worker.packs import diffusion\ndiffusion.load()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'diffusers', 'transformers', 'accelerate', 'peft', 'huggingface_hub', 'tokenizers', 'safetensors'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_nothing_is_asked_of_the_network(original: Path, tmp_path: Path) -> None:
    """Every socket is refused; a folder that lacks something must not be completed from elsewhere."""
    code = (
        "import socket, sys, torch\n"
        "def refuse(*a, **k): sys.exit('the network was asked')\n"
        "socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse\n"
        "from pathlib import Path\n"
        "from vortex_worker.packs.diffusion import loading, whole\n"
        "from vortex_worker.sdk.testing import run_node\n"
        f"models = run_node(loading.load_folder, folder=Path({str(original)!r}))\n"
        "image = run_node(whole.text_to_image, **models, width=64, height=64, steps=1)['image']\n"
        "import os; print(tuple(image.shape), os.environ['HF_HUB_OFFLINE'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.strip() == "(1, 64, 64, 3) 1", done.stderr


def test_an_error_says_what_is_wrong_once(original: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        load(original / "nowhere")
    assert str(caught.value).startswith(f"WK-013 {original / 'nowhere' / 'model_index.json'} cannot be read")
