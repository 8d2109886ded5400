"""Each node of diffusion beside diffusers itself, called directly on the same random weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.fakes import tiny_diffusion as tiny
from vortex_prefect.core.models import resident_name
from vortex_worker.packs.diffusion import adapters, conditioning, inpainting, latents, loading, sampling, whole
from vortex_worker.packs.diffusion.library import diffusers
from vortex_worker.packs.diffusion.schedulers import SAMPLERS
from vortex_worker.residents import Residents
from vortex_worker.sdk.testing import Done, run_node

pytestmark = pytest.mark.filterwarnings("ignore")

SIDE, STEPS, CFG, SEED = 64, 3, 4.0, 11
PROMPT, NEGATIVE = "a cat on a mat", "blurry"


@dataclass
class Bench:
    """Nodes that share one worker's memory."""

    folder: Path
    residents: Residents = field(default_factory=Residents)
    loaded: dict[str, Any] = field(default_factory=dict)

    def run(self, node: Callable[..., Any], **values: Any) -> Done:
        return run_node(node, residents=self.residents, **values)

    def models(self) -> dict[str, Any]:
        if not self.loaded:
            self.loaded = dict(self.run(loading.load_folder, folder=self.folder))
        return self.loaded

    def prompts(self, clip: Any = None) -> dict[str, Any]:
        clip = clip or self.models()["clip"]
        texts = {"positive": PROMPT, "negative": NEGATIVE}
        return {
            name: self.run(conditioning.encode_prompt, clip=clip, text=text)["conditioning"]
            for name, text in texts.items()
        }

    def sample(self, **values: Any) -> torch.Tensor:
        given = {"seed": SEED, "steps": STEPS, "cfg": CFG, "model": self.models()["model"], **values}
        if "positive" not in given:
            given |= self.prompts()
        given.setdefault("latent", torch.zeros(1, 4, SIDE // 8, SIDE // 8))
        found: torch.Tensor = self.run(sampling.sample, **given)["latent"]
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_folder(tmp_path_factory.mktemp("sd"))


@pytest.fixture(scope="module")
def xl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_folder(tmp_path_factory.mktemp("xl"), xl=True)


@pytest.fixture(scope="module")
def bench(folder: Path) -> Bench:
    return Bench(folder)


@pytest.fixture(scope="module")
def xl(xl_folder: Path) -> Bench:
    return Bench(xl_folder)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """For models as small as these, several threads wait for each other more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def direct(folder: Path, kind: str = "StableDiffusionPipeline", **parts: Any) -> Any:
    """diffusers' own pipeline of a folder."""
    options = {} if "XL" in kind else {"safety_checker": None}
    found = getattr(diffusers(), kind).from_pretrained(folder, local_files_only=True, **options, **parts)
    found.set_progress_bar_config(disable=True)
    return found


def called(pipeline: Any, **options: Any) -> torch.Tensor:
    """What it gives for the settings of this page."""
    given = {
        "prompt": PROMPT, "negative_prompt": NEGATIVE, "num_inference_steps": STEPS, "guidance_scale": CFG,
        "generator": torch.Generator().manual_seed(SEED), "output_type": "latent", **options,
    }  # fmt: skip
    found: torch.Tensor = pipeline(**given).images
    return found


def picture(batch: int = 1) -> torch.Tensor:
    ramp = torch.linspace(0, 1, SIDE)
    return torch.stack(
        [ramp.expand(SIDE, -1), ramp[:, None].expand(-1, SIDE), torch.full((SIDE, SIDE), 0.5)], -1
    ).expand(batch, -1, -1, -1)


def half() -> torch.Tensor:
    """A mask of the right half."""
    return torch.cat([torch.zeros(1, SIDE, SIDE // 2), torch.ones(1, SIDE, SIDE // 2)], 2)


def equal(found: torch.Tensor, expected: torch.Tensor) -> None:
    """To the bit: it is the same computation."""
    assert found.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


# -- prompts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [PROMPT, "", "word " * 100])
def test_prompts_are_encoded_as_by_the_library(bench: Bench, text: str) -> None:
    found = bench.run(conditioning.encode_prompt, clip=bench.models()["clip"], text=text)["conditioning"]
    expected, _ = direct(bench.folder).encode_prompt(text, "cpu", 1, False)
    equal(found.tensors["embeds"], expected)


def test_prompts_of_xl_have_two_encoders_and_a_pooled_vector(xl: Bench) -> None:
    for skip in (0, 1):
        values = {"clip": xl.models()["clip"], "text": PROMPT, "clip_skip": skip}
        found = xl.run(conditioning.encode_prompt, **values)["conditioning"]
        expected, _, pooled, _ = direct(xl.folder, "StableDiffusionXLPipeline").encode_prompt(
            PROMPT, device="cpu", do_classifier_free_guidance=False, clip_skip=skip or None
        )
        equal(found.tensors["embeds"], expected)
        equal(found.tensors["pooled"], pooled)


def test_last_layers_can_be_skipped(bench: Bench) -> None:
    clip = bench.models()["clip"]
    found = bench.run(conditioning.encode_prompt, clip=clip, text=PROMPT, clip_skip=1)["conditioning"]
    pipeline = direct(bench.folder)
    tokens = pipeline.tokenizer(PROMPT, padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        states = pipeline.text_encoder(tokens, output_hidden_states=True).hidden_states[-2]
        expected = getattr(pipeline.text_encoder, "text_model", pipeline.text_encoder).final_layer_norm(states)
    equal(found.tensors["embeds"], expected)
    with pytest.raises(ValueError, match="has 3 layers"):
        bench.run(conditioning.encode_prompt, clip=clip, clip_skip=2)


# -- samplers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 2])
def test_the_sampler_is_the_pipeline(bench: Bench, batch: int) -> None:
    found = bench.sample(latent=torch.zeros(batch, 4, 8, 6))
    equal(found, called(direct(bench.folder), height=64, width=48, num_images_per_prompt=batch))


def test_the_sampler_of_xl_is_the_pipeline_of_xl(xl: Bench) -> None:
    expected = called(direct(xl.folder, "StableDiffusionXLPipeline"), height=SIDE, width=SIDE)
    equal(xl.sample(), expected)


@pytest.mark.parametrize("name", ["sd", "xl"])
def test_a_part_of_the_steps_is_image_to_image(bench: Bench, xl: Bench, name: str) -> None:
    used, kind = (bench, "StableDiffusion") if name == "sd" else (xl, "StableDiffusionXL")
    latent = used.run(latents.vae_encode, image=picture(2), vae=used.models()["vae"])["latent"]
    found = used.sample(latent=latent, denoise=0.5)
    # Three steps, at the end of six.
    expected = called(
        direct(used.folder, f"{kind}Img2ImgPipeline"), image=latent, num_inference_steps=6, strength=0.5,
        num_images_per_prompt=2,
    )  # fmt: skip
    equal(found, expected)
    assert torch.equal(used.sample(latent=latent, denoise=0.0), latent)


@pytest.mark.parametrize("denoise", [1.0, 0.5])
def test_a_mask_keeps_what_is_outside_as_the_pipeline_for_inpainting_does(bench: Bench, denoise: float) -> None:
    latent = bench.run(latents.vae_encode, image=picture(), vae=bench.models()["vae"])["latent"]
    found = bench.sample(latent=latent, mask=half(), denoise=denoise)
    expected = called(
        direct(bench.folder, "StableDiffusionInpaintPipeline"), image=latent, mask_image=half().unsqueeze(1),
        masked_image_latents=latent, height=SIDE, width=SIDE, num_inference_steps=round(STEPS / denoise),
        strength=denoise,
    )  # fmt: skip
    equal(found, expected)
    assert torch.equal(found[..., :4], latent[..., :4])


@pytest.mark.parametrize("nine", [True, False], ids=["nine channels", "four channels"])
def test_inpainting_is_the_pipeline(tmp_path: Path, nine: bool) -> None:
    bench = Bench(tiny.make_folder(tmp_path, inpainting=nine))
    models = {"model": bench.models()["model"], "vae": bench.models()["vae"], **bench.prompts()}
    values = {"image": picture(), "mask": half(), "seed": SEED, "steps": STEPS, "cfg": CFG}
    found = bench.run(inpainting.inpaint, **models, **values)["latent"]
    expected = called(
        direct(tmp_path, "StableDiffusionInpaintPipeline"), image=picture().movedim(-1, 1).contiguous(),
        mask_image=half().unsqueeze(1), height=SIDE, width=SIDE, strength=1.0,
    )  # fmt: skip
    equal(found, expected)
    if nine:
        with pytest.raises(ValueError, match=r"use diffusion\.inpaint"):
            bench.sample()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_gives_the_same_for_a_seed(bench: Bench, sampler: str) -> None:
    first, again = (bench.sample(sampler_name=sampler) for _ in range(2))
    equal(first, again)
    assert not torch.equal(first, bench.sample(sampler_name=sampler, seed=SEED + 1))


@pytest.mark.parametrize("schedule", ["karras", "exponential", "beta"])
def test_schedules_are_those_of_the_library(bench: Bench, schedule: str) -> None:
    pipeline = direct(bench.folder)
    multistep = diffusers().DPMSolverMultistepScheduler
    pipeline.scheduler = multistep.from_config(pipeline.scheduler.config, **{f"use_{schedule}_sigmas": True})
    equal(bench.sample(sampler_name="dpmpp_2m", scheduler=schedule), called(pipeline, height=SIDE, width=SIDE))
    with pytest.raises(ValueError, match=f"ddim has no schedule {schedule}"):
        bench.sample(sampler_name="ddim", scheduler=schedule)


# -- what steers -------------------------------------------------------------------------------


@pytest.mark.parametrize("denoise", [1.0, 0.5])
def test_a_controlnet_is_that_of_the_library(bench: Bench, tmp_path: Path, denoise: float) -> None:
    net = tiny.make_controlnet(tmp_path, bench.folder)
    control_net = bench.run(loading.load_controlnet, folder=net)["control_net"]
    prompts = bench.prompts()
    plain = bench.sample(**prompts)
    steered = {"image": picture(), "control_net": control_net, "strength": 0.7, "end_percent": 0.8}
    one = bench.run(conditioning.apply_controlnet, conditioning=prompts["positive"], **steered)["conditioning"]
    latent = torch.full((1, 4, 8, 8), 0.1)
    found = bench.sample(**{**prompts, "positive": one}, latent=latent, denoise=denoise)
    given = diffusers().ControlNetModel.from_pretrained(net)
    if denoise == 1:
        pipeline = direct(bench.folder, "StableDiffusionControlNetPipeline", controlnet=given)
        options: dict[str, Any] = {"image": picture().movedim(-1, 1)}
    else:
        pipeline = direct(bench.folder, "StableDiffusionControlNetImg2ImgPipeline", controlnet=given)
        options = {
            "image": latent,
            "control_image": picture().movedim(-1, 1),
            "strength": 0.5,
            "num_inference_steps": 6,
        }
    expected = called(
        pipeline, height=SIDE, width=SIDE, controlnet_conditioning_scale=0.7, control_guidance_end=0.8, **options
    )
    equal(found, expected)
    assert not torch.equal(found, plain)
    two = bench.run(conditioning.apply_controlnet, conditioning=one, **steered)["conditioning"]
    assert not torch.equal(bench.sample(**{**prompts, "positive": two}, latent=latent, denoise=denoise), found)


def test_lora_weights_change_a_model_and_leave_it_as_it_was(bench: Bench, tmp_path: Path) -> None:
    path = tiny.make_lora(tmp_path / "lora.safetensors", bench.folder)
    models = bench.models()
    before = bench.sample()
    changed = bench.run(
        adapters.load_lora, model=models["model"], clip=models["clip"], path=path, strength_model=0.8, strength_clip=0.8
    )
    found = bench.sample(model=changed["model"], **bench.prompts(changed["clip"]))
    pipeline = direct(bench.folder)
    pipeline.load_lora_weights(path, adapter_name="own", local_files_only=True)
    pipeline.set_adapters("own", 0.8)
    torch.testing.assert_close(found, called(pipeline, height=SIDE, width=SIDE), rtol=1e-4, atol=1e-4)
    assert (found - before).abs().mean() > 0.01
    # The same weights in memory, without a trace of what changed them.
    equal(bench.sample(), before)
    assert bench.residents.names().count(resident_name(models["model"])) == 1
    stronger = bench.run(adapters.load_lora_model, model=models["model"], path=path, strength_model=1.5)["model"]
    assert not torch.equal(bench.sample(model=stronger), bench.sample(model=changed["model"]))


def test_xl_is_steered_and_painted_into_like_the_pipelines_of_xl(xl: Bench, tmp_path: Path) -> None:
    net = tiny.make_controlnet(tmp_path / "net", xl.folder)
    lora = tiny.make_lora(tmp_path / "lora.safetensors", xl.folder)
    models, prompts = xl.models(), xl.prompts()
    control_net = xl.run(loading.load_controlnet, folder=net)["control_net"]
    steered = {"image": picture(), "control_net": control_net, "strength": 0.7}
    one = xl.run(conditioning.apply_controlnet, conditioning=prompts["positive"], **steered)["conditioning"]
    given = {
        "height": SIDE, "width": SIDE, "controlnet_conditioning_scale": 0.7, "mask_image": half().unsqueeze(1),
        "control_image": picture().movedim(-1, 1).contiguous(), "image": picture().movedim(-1, 1).contiguous(),
        "strength": 0.5, "num_inference_steps": 2 * STEPS,
    }  # fmt: skip
    values = {"image": picture(), "mask": half(), "seed": SEED, "steps": STEPS, "cfg": CFG, "denoise": 0.5}
    found = xl.run(
        inpainting.inpaint, model=models["model"], vae=models["vae"], **{**prompts, "positive": one}, **values
    )
    kept = diffusers().ControlNetModel.from_pretrained(net)
    equal(
        found["latent"],
        called(direct(xl.folder, "StableDiffusionXLControlNetInpaintPipeline", controlnet=kept), **given),
    )
    changed = xl.run(adapters.load_lora, model=models["model"], clip=models["clip"], path=lora)
    pipeline = direct(xl.folder, "StableDiffusionXLPipeline")
    pipeline.load_lora_weights(lora, adapter_name="own", local_files_only=True)
    latent = xl.sample(model=changed["model"], **xl.prompts(changed["clip"]))
    torch.testing.assert_close(latent, called(pipeline, height=SIDE, width=SIDE), rtol=1e-4, atol=1e-4)


# -- pictures ----------------------------------------------------------------------------------


def test_the_autoencoder_is_that_of_the_library(bench: Bench) -> None:
    model = direct(bench.folder).vae
    values = {"vae": bench.models()["vae"]}
    latent = bench.run(latents.vae_encode, image=picture(2), **values)["latent"]
    with torch.no_grad():
        one = picture().movedim(-1, 1) * 2 - 1
        expected = model.encode(one).latent_dist.mean * model.config.scaling_factor
        torch.testing.assert_close(latent, expected.expand(2, -1, -1, -1), rtol=1e-5, atol=1e-5)
        image = model.decode(latent[:1] / model.config.scaling_factor).sample.movedim(1, -1) / 2 + 0.5
    found = bench.run(latents.vae_decode, latent=latent, **values)["image"]
    assert found.shape == (2, SIDE, SIDE, 3)
    torch.testing.assert_close(found[:1], image.clamp(0, 1), rtol=1e-5, atol=1e-5)
    assert bench.run(latents.vae_decode, latent=latent, tiling=True, **values)["image"].shape == found.shape


def test_whole_nodes_are_their_parts_and_the_pipeline(bench: Bench) -> None:
    given = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "seed": SEED, "steps": STEPS, "cfg": CFG}
    done = bench.run(whole.text_to_image, **bench.models(), width=SIDE, height=SIDE, **given)
    decoded = bench.run(latents.vae_decode, latent=bench.sample(), vae=bench.models()["vae"])["image"]
    equal(done["image"], decoded)
    expected = called(direct(bench.folder), height=SIDE, width=SIDE, output_type="pt").movedim(1, -1)
    torch.testing.assert_close(done["image"], expected, rtol=1e-5, atol=1e-5)
    shares = [share for share, _ in done.progress]
    assert shares == sorted(shares)
    painted = bench.run(whole.image_to_image, image=picture(), **bench.models(), **given, denoise=0.5)["image"]
    latent = bench.run(latents.vae_encode, image=picture(), vae=bench.models()["vae"])["latent"]
    latent = bench.sample(latent=latent, denoise=0.5)
    equal(painted, bench.run(latents.vae_decode, latent=latent, vae=bench.models()["vae"])["image"])


def test_one_file_holds_what_the_folder_holds(bench: Bench, tmp_path: Path) -> None:
    path = tiny.make_checkpoint(tmp_path / "one.safetensors", bench.folder)
    expected = bench.sample()
    image = bench.run(latents.vae_decode, latent=expected, vae=bench.models()["vae"])["image"]
    models = bench.run(loading.load_checkpoint, path=path, config=bench.folder)
    found = bench.sample(model=models["model"], **bench.prompts(models["clip"]))
    equal(found, expected)
    equal(bench.run(latents.vae_decode, latent=found, vae=models["vae"])["image"], image)
