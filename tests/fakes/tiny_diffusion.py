"""Stable Diffusion with random weights, small enough to run within a second: what it paints is noise.

Folders have the layout of diffusers, files that of the original checkpoints.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

#: Width of what a text encoder gives, and how many tokens it takes.
WIDTH, TOKENS = 32, 77
#: Factor between a picture's side and its latent's.
SCALE = 8

_SCHEDULER = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1,
}  # fmt: skip


def make_folder(folder: Path, *, xl: bool = False, inpainting: bool = False, seed: int = 0) -> Path:
    """A pipeline in a folder; that folder.

    Args:
        xl: as Stable Diffusion XL, with two text encoders.
        inpainting: with a UNet of nine channels, which sees mask and picture.
        seed: of the weights.
    """
    import diffusers

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    scheduler = diffusers.EulerDiscreteScheduler(**_SCHEDULER) if xl else diffusers.DDIMScheduler(
        clip_sample=False, set_alpha_to_one=False, **_SCHEDULER
    )  # fmt: skip
    parts: dict[str, Any] = {
        "unet": diffusers.UNet2DConditionModel(**_unet_config(xl, 9 if inpainting else 4)),
        "vae": diffusers.AutoencoderKL(**_vae_config()),
        "text_encoder": _text_encoder(projected=False),
        "scheduler": scheduler,
    }
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
    }
    tokenizers = ["tokenizer"]
    if xl:
        parts["text_encoder_2"] = _text_encoder(projected=True)
        tokenizers.append("tokenizer_2")
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        index[name] = [type(part).__module__.partition(".")[0], type(part).__name__]
    for name in tokenizers:
        write_tokenizer(folder / name)
        index[name] = ["transformers", "CLIPTokenizer"]
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def write_tokenizer(folder: Path) -> None:
    """A vocabulary of single bytes: every text has its tokens, and none is longer than a letter."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    folder.mkdir(parents=True, exist_ok=True)
    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    config = {
        "model_max_length": TOKENS, "tokenizer_class": "CLIPTokenizer", "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def make_controlnet(folder: Path, checkpoint: Path, seed: int = 1) -> Path:
    """A ControlNet for the UNet of a checkpoint in a folder; unlike a fresh one it does something."""
    import diffusers

    torch.manual_seed(seed)
    unet = diffusers.UNet2DConditionModel.from_pretrained(checkpoint / "unet")
    net = diffusers.ControlNetModel.from_unet(unet, conditioning_channels=3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    net.save_pretrained(folder)
    return folder


def make_lora(path: Path, checkpoint: Path, *, text: bool = True, seed: int = 2) -> Path:
    """LoRA weights for the UNet, and the text encoder, of a checkpoint in a folder, as diffusers saves them."""
    import diffusers
    import peft
    import transformers
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(seed)
    unet = diffusers.UNet2DConditionModel.from_pretrained(checkpoint / "unet")
    unet.add_adapter(peft.LoraConfig(r=2, lora_alpha=2, init_lora_weights="gaussian", target_modules=["to_q", "to_v"]))
    states = {"unet": unet}
    if text:
        encoder = transformers.CLIPTextModel.from_pretrained(checkpoint / "text_encoder")
        encoder.add_adapter(peft.LoraConfig(r=2, lora_alpha=2, target_modules=["q_proj", "v_proj"]))
        states["text_encoder"] = encoder
    found: dict[str, torch.Tensor] = {}
    for prefix, model in states.items():
        for name, tensor in get_peft_model_state_dict(model).items():
            # Fresh ones do nothing: one of their two factors is 0.
            found[f"{prefix}.{name}"] = 0.5 * torch.randn_like(tensor)
    safetensors.torch.save_file(found, path, metadata={"format": "pt"})
    return path


# -- one file, as the first checkpoints were written -------------------------------------------


def make_checkpoint(path: Path, folder: Path) -> Path:
    """The weights of a folder (not of XL) in one file, under the names that the original code gave them."""
    load = safetensors.torch.load_file
    unet = load(folder / "unet" / "diffusion_pytorch_model.safetensors")
    vae = load(folder / "vae" / "diffusion_pytorch_model.safetensors")
    text = load(folder / "text_encoder" / "model.safetensors")
    found = {f"model.diffusion_model.{_unet_name(name)}": tensor for name, tensor in unet.items()}
    found |= {f"first_stage_model.{_vae_name(name)}": _as_convolution(name, tensor) for name, tensor in vae.items()}
    for name, tensor in text.items():
        found[f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}"] = tensor
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in found.items()}, path)
    return path


_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
_PLAIN = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
#: Blocks down and up, and resnets in each of the former.
_BLOCKS, _LAYERS = 2, 1


def _unet_name(name: str) -> str:
    for theirs, original in _PLAIN.items():
        if name.startswith(f"{theirs}."):
            return original + name[len(theirs) :]
    if (found := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", name)) is not None:
        kind, index, rest = found.groups()
        place = 1 if kind == "attentions" else 2 * int(index)
        return f"middle_block.{place}.{_inner(kind, rest)}"
    found = re.fullmatch(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", name)
    assert found is not None, name
    way, block, kind, index, rest = found.groups()
    if way == "down":
        if kind == "downsamplers":
            return f"input_blocks.{(int(block) + 1) * (_LAYERS + 1)}.0.op.{rest.removeprefix('conv.')}"
        place = int(block) * (_LAYERS + 1) + int(index) + 1
        return f"input_blocks.{place}.{int(kind == 'attentions')}.{_inner(kind, rest)}"
    place = int(block) * (_LAYERS + 1)
    if kind == "upsamplers":
        # After the attention, where there is one: the first block up has none.
        return f"output_blocks.{place + _LAYERS}.{1 if block == '0' else 2}.{rest}"
    return f"output_blocks.{place + int(index)}.{int(kind == 'attentions')}.{_inner(kind, rest)}"


def _inner(kind: str, rest: str) -> str:
    if kind == "attentions":
        return rest
    part, _, end = rest.partition(".")
    return f"{_RESNET[part]}.{end}"


_VAE_ATTENTION = {
    "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
}  # fmt: skip


def _vae_name(name: str) -> str:
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    if "mid_block.attentions.0." in name:
        for theirs, original in _VAE_ATTENTION.items():
            name = name.replace(f"attentions.0.{theirs}.", f"attentions.0.{original}.")
        return name.replace("mid_block.attentions.0", "mid.attn_1")
    blocks = len(_vae_config()["block_out_channels"])
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(
        r"up_blocks\.(\d)\.resnets\.(\d)", lambda found: f"up.{blocks - 1 - int(found[1])}.block.{found[2]}", name
    )
    return re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda found: f"up.{blocks - 1 - int(found[1])}.upsample", name)


def _as_convolution(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The original attention was made of convolutions over single pixels."""
    attention = "mid_block.attentions" in name and tensor.ndim == 2
    return tensor[:, :, None, None] if attention else tensor


# -- configurations ----------------------------------------------------------------------------


def _unet_config(xl: bool, channels: int) -> dict[str, Any]:
    config: dict[str, Any] = {
        "sample_size": 8, "in_channels": channels, "out_channels": 4, "layers_per_block": _LAYERS,
        "block_out_channels": (32, 64), "norm_num_groups": 8, "attention_head_dim": 8,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": 2 * WIDTH if xl else WIDTH,
    }  # fmt: skip
    if xl:
        config |= {
            "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 8,
            # Six numbers of sizes, and the pooled text.
            "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
        }  # fmt: skip
    return config


def _vae_config() -> dict[str, Any]:
    return {
        "block_out_channels": (16, 16, 32, 32), "layers_per_block": 1, "norm_num_groups": 8, "latent_channels": 4,
        "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
        "sample_size": 64,
    }  # fmt: skip


def _text_encoder(*, projected: bool) -> Any:
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=514, hidden_size=WIDTH, intermediate_size=37, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=TOKENS, projection_dim=WIDTH, bos_token_id=512, eos_token_id=513, pad_token_id=513,
    )  # fmt: skip
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config)
