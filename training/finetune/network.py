"""The network of a run: loaded from a checkpoint folder, or small and built from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationConfig

from core.model.configuration import (
    MolmoActAdapterConfig,
    MolmoActConfig,
    MolmoActLlmConfig,
    MolmoActVitConfig,
)
from core.model.depth_files import RELEASED, WEIGHTS
from core.model.image_processing import MolmoActImageProcessor
from core.model.loading import LoadedModel, find_folder, load_checkpoint, read_config
from core.model.modeling import MolmoActForActionReasoning
from core.model.processing import MolmoActProcessor
from core.model.tokens import token_ids
from core.types import StudioError
from training.data.depth import Codec, load_codec
from training.finetune.lora import add_adapters
from training.finetune.preset import Build, Optimiser, Preset
from training.finetune.rows import TrainingSet
from training.tokenizer import build_tokenizer, vocabulary_size

UNUSED = "vision_backbone.pad_embed"
"""Loaded and never applied, as in the released model: it gets no gradient."""

UNASKED = ("image_pooling_2d.wq", "image_pooling_2d.wk")
"""Attention over a single patch is that patch: its queries and keys get no gradient either."""

CODECS = (WEIGHTS, RELEASED)
EXTRA_ROWS = 16
"""Rows of the second token table of a network that is built."""


def small_config(build: Build, image_patch: int, vocabulary: int) -> MolmoActConfig:
    """Return the configuration of a small network.

    Args:
        build: Its sizes.
        image_patch: Id of ``<im_patch>``.
        vocabulary: Tokens that can be written.
    """
    if build.width % build.heads or build.crop % build.patch:
        raise StudioError(
            f"a network of width {build.width} cannot have {build.heads} heads, or a crop of "
            f"{build.crop} px not patches of {build.patch} px"
        )
    shared: dict[str, Any] = {
        "hidden_size": build.width,
        "num_attention_heads": build.heads,
        "num_key_value_heads": build.heads,
        "head_dim": build.width // build.heads,
    }
    side = build.crop // build.patch
    return MolmoActConfig(
        vit_config=MolmoActVitConfig(
            **shared,
            intermediate_size=2 * build.width,
            num_hidden_layers=build.vision_layers,
            image_default_input_size=(build.crop, build.crop),
            image_patch_size=build.patch,
            image_num_pos=side * side,
            float32_attention=False,
            patch_stem="conv",
        ),
        adapter_config=MolmoActAdapterConfig(
            **shared,
            vit_layers=(-1, -2),
            float32_attention=False,
            intermediate_size=2 * build.width,
            text_hidden_size=build.width,
        ),
        llm_config=MolmoActLlmConfig(
            **shared,
            vocab_size=vocabulary,
            additional_vocab_size=EXTRA_ROWS,
            num_hidden_layers=build.layers,
            intermediate_size=2 * build.width,
            max_position_embeddings=2048,
            rope_theta=10_000.0,
            init_scale=1.0,
        ),
        image_patch_id=image_patch,
        multi_image_quirk=False,
    )


def small_network(build: Build, seed: int) -> LoadedModel:
    """Build a small network with random weights and the embedded model's tokenizer."""
    tokenizer = build_tokenizer()
    ids = token_ids(tokenizer)
    config = small_config(build, ids.image_patch, vocabulary_size(tokenizer))
    codec = None if build.codec is None else load_codec(build.codec)
    if codec is not None and codec.near is not None and codec.far is not None:
        config.depth_range = {"near": codec.near, "far": codec.far}
    torch.manual_seed(seed)  # after the codec, whose making draws numbers too, but only once
    model = MolmoActForActionReasoning(config)
    model.generation_config = GenerationConfig(
        bos_token_id=ids.bos, eos_token_id=ids.eos, pad_token_id=ids.pad
    )
    images = MolmoActImageProcessor(
        crop_mode="resize",
        max_crops=1,
        max_multi_image_crops=1,
        overlap_margins=(0, 0),
        base_image_input_size=(build.crop, build.crop),
        image_patch_size=build.patch,
        image_pooling_w=1,
        image_pooling_h=1,
    )
    processor = MolmoActProcessor(images, tokenizer, use_col_tokens=False, multi_image_quirk=False)
    return LoadedModel(
        model=model,
        processor=processor,
        tokenizer=tokenizer,
        vqvae=None if codec is None else codec.model,
        config=config,
        name="built",
    )


def codec_of(preset: Preset, base: Path | None) -> Codec | None:
    """Return the depth codec that belongs to a preset's network, if it has one."""
    if preset.build is not None:
        return None if preset.build.codec is None else load_codec(preset.build.codec)
    assert base is not None, "a network that is not built has a folder"
    return load_codec(str(base)) if any((base / name).is_file() for name in CODECS) else None


def open_network(preset: Preset) -> tuple[LoadedModel, Path | None]:
    """Load or build a preset's network, on the CPU.

    A network whose adapters alone are trained is kept in the precision that is computed in; one
    that is trained itself is kept in float32, whose small updates would get lost otherwise.

    Returns:
        The network, and its folder if it was loaded.
    """
    if preset.model is None:
        assert preset.build is not None, "checked when the preset was read"
        return small_network(preset.build, preset.seed), None
    folder = find_folder(preset.model)
    frozen = preset.lora is not None and preset.precision == "bf16"
    dtype = torch.bfloat16 if frozen else torch.float32
    return load_checkpoint(folder, dtype), folder


def meta_network(preset: Preset) -> MolmoActForActionReasoning:
    """Return the preset's network without its weights, to count them before they are loaded."""
    if preset.model is None:
        assert preset.build is not None, "checked when the preset was read"
        tokenizer = build_tokenizer()
        ids = token_ids(tokenizer)
        config = small_config(preset.build, ids.image_patch, vocabulary_size(tokenizer))
    else:
        config = read_config(find_folder(preset.model))
    with torch.device("meta"):
        return MolmoActForActionReasoning(config)


def idle(loaded: LoadedModel) -> tuple[str, ...]:
    """Return parts of the names of layers that never get a gradient.

    Processes that wait for each other's gradients would wait for these for ever.
    """
    images = loaded.processor.images
    single = images.image_pooling_w * images.image_pooling_h == 1
    return (UNUSED, *UNASKED) if single else (UNUSED,)


def prepare(loaded: LoadedModel, preset: Preset) -> nn.Module:
    """Make a network ready to be trained; adapters are the same in every process."""
    model = loaded.model
    if preset.checkpointing:
        model.gradient_checkpointing_enable(  # pyright: ignore[reportCallIssue]
            gradient_checkpointing_kwargs={"use_reentrant": False}
        )
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not any(part in name for part in idle(loaded)))
    if preset.lora is None:
        return model
    torch.manual_seed(preset.seed)
    return add_adapters(model, preset.lora, idle(loaded))


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that training changes, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def rate_groups(parameters: dict[str, nn.Parameter], rates: Optimiser) -> list[dict[str, Any]]:
    """Return AdamW's groups, each with its peak rate as ``peak``."""
    parts: dict[str, list[nn.Parameter]] = {"vision": [], "connector": [], "llm": []}
    for name, parameter in parameters.items():
        parts[part_of(name)].append(parameter)
    return [
        {"params": own, "lr": getattr(rates, part), "peak": getattr(rates, part)}
        for part, own in parts.items()
        if own
    ]


def part_of(name: str) -> str:
    """Return the part of the network that a parameter belongs to: vision, connector or llm."""
    if "vision_backbone." not in name:
        return "llm"
    return "vision" if "vision_backbone.image_vit." in name else "connector"


def about_model(sets: list[TrainingSet], preset: Preset, config: MolmoActConfig) -> dict[str, Any]:
    """Return the fields of config.json that training decided.

    With the data's own ranges, ``norm_stats`` has an entry for each set, and the first one is what
    a server takes when it is not told; otherwise the model's stay.
    """
    about: dict[str, Any] = {"images": preset.images, "chunk": preset.chunk}
    if preset.image_size is not None:
        about["image_size"] = list(preset.image_size)
    if preset.statistics == "data":
        about["norm_stats"] = {source.name: source.statistics.to_config() for source in sets}
        about["default_norm_key"] = sets[0].name
    else:
        about["norm_stats"] = config.norm_stats
        about["default_norm_key"] = config.default_norm_key
    return about


def with_weights(loaded: LoadedModel, weights: dict[str, Tensor]) -> LoadedModel:
    """Return a checkpoint's network with other weights, on the CPU; the given one is left alone.

    Args:
        loaded: The checkpoint.
        weights: Every parameter by name.
    """
    with torch.device("meta"):
        model = MolmoActForActionReasoning(loaded.model.config)
    model.load_state_dict(weights, assign=True)
    model.generation_config = loaded.model.generation_config
    return LoadedModel(
        model=model.eval(),
        processor=loaded.processor,
        tokenizer=loaded.tokenizer,
        vqvae=loaded.vqvae,
        config=loaded.config,
        name=loaded.name,
    )
