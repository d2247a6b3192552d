"""Checkpoint folders: load one, whatever its size, or say in a sentence why not; write one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedTokenizerFast

from core.model.configuration import (
    SUB_CONFIGS,
    ConfigError,
    MolmoActConfig,
    check_values,
    own_fields,
)
from core.model.depth_files import load_vqvae, save_vqvae
from core.model.image_processing import MolmoActImageProcessor
from core.model.modeling import MolmoActForActionReasoning
from core.model.processing import MolmoActProcessor
from core.model.tokens import load_tokenizer
from core.model.vqvae import DepthVqVae
from core.model.weights import load_weights, save_weights, weight_files
from core.types import StudioError

logger = logging.getLogger(__name__)

HUB_FILES = ("*.json", "*.safetensors", "vae-final.pt")
_HUB_ID = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
_MAY_LACK = {
    *("patch_stem", "init_scale", "initializer_range", "use_cache", "rope_scaling"),
    *("attention_dropout", "residual_dropout", "embedding_dropout", "image_feature_dropout"),
}
"""Fields whose defaults are right for every checkpoint: ours, and those that only train."""


class CheckpointError(StudioError):
    """A checkpoint folder that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedModel:
    """A checkpoint in memory.

    Attributes:
        model: The network, in evaluation mode.
        processor: Makes its inputs.
        tokenizer: The processor's tokenizer.
        vqvae: The depth codec, float32, if the checkpoint has one.
        config: The model's configuration.
        name: Name of the folder or hub id.
    """

    model: MolmoActForActionReasoning
    processor: MolmoActProcessor
    tokenizer: PreTrainedTokenizerFast
    vqvae: DepthVqVae | None
    config: MolmoActConfig
    name: str


def load_checkpoint(
    source: str | Path,
    dtype: torch.dtype | None = None,
    device: str | torch.device = "cpu",
    progress: Callable[[str], None] | None = None,
) -> LoadedModel:
    """Load a MolmoAct checkpoint: a released one, or one of :func:`save_checkpoint`.

    Args:
        source: Folder, or a Hugging Face id such as "allenai/MolmoAct-7B-D-0812", optionally with
            "@revision".
        dtype: Number format of the weights; None for float32 on the CPU and bfloat16 on a GPU.
        device: Where the model runs.
        progress: Told how far the loading of large weights is, a line per file.

    Raises:
        StudioError: In a sentence: no such folder, another kind of model, a missing or broken
            file, weights that do not fit the configuration or the memory.
    """
    place = torch.device(device)
    if place.type == "cuda" and not torch.cuda.is_available():
        raise CheckpointError("this machine has no usable CUDA GPU; choose the device 'cpu'")
    if dtype is None:
        dtype = torch.float32 if place.type == "cpu" else torch.bfloat16
    folder = find_folder(source)
    config = read_config(folder)
    processor = load_processor(folder, config)
    files = weight_files(folder)
    with torch.device("meta"):
        model = MolmoActForActionReasoning(config)
    load_weights(model, files, dtype=dtype, device=place, what="the model", progress=progress)
    ids = processor.ids
    model.generation_config = GenerationConfig(
        bos_token_id=ids.bos, eos_token_id=ids.eos, pad_token_id=ids.pad
    )
    model.eval()
    vqvae = load_vqvae(folder, place)
    logger.info("loaded %s: %d parameters", folder, model.num_parameters())
    return LoadedModel(
        model=model,
        processor=processor,
        tokenizer=processor.tokenizer,
        vqvae=vqvae,
        config=config,
        name=folder.name if Path(source).is_dir() else str(source),
    )


def save_checkpoint(
    folder: str | Path,
    *,
    model: MolmoActForActionReasoning,
    processor: MolmoActProcessor,
    vqvae: DepthVqVae | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write a checkpoint folder that :func:`load_checkpoint` reads.

    Args:
        folder: Made if needed; files of an older checkpoint in it are replaced.
        model: The network with its configuration.
        processor: Picture settings and tokenizer.
        vqvae: The depth codec, if there is one.
        dtype: Number format of the model's weights in the file; None keeps the network's.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    config = model.config
    config.architectures = ["MolmoActForActionReasoning"]
    config.dtype = dtype or model.dtype
    config.multi_image_quirk = processor.multi_image_quirk
    config.save_pretrained(target)
    _write_json(target / "preprocessor_config.json", processor.images.to_dict())
    _write_json(
        target / "processor_config.json",
        {"processor_class": "MolmoActProcessor", "use_col_tokens": processor.use_col_tokens},
    )
    ids = processor.ids
    _write_json(
        target / "generation_config.json",
        {"bos_token_id": ids.bos, "eos_token_id": ids.eos, "pad_token_id": ids.pad},
    )
    processor.tokenizer.save_pretrained(target)
    save_weights(model, target, dtype)
    if vqvae is not None:
        save_vqvae(vqvae, target)


def find_folder(source: str | Path) -> Path:
    """Return the folder of a checkpoint, fetched from the Hugging Face hub if it is not local.

    Raises:
        CheckpointError: There is no such folder, and the hub does not give it.
    """
    path = Path(source)
    if path.is_dir():
        return path
    repository, revision = hub_id(source)
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(repository, revision=revision, allow_patterns=list(HUB_FILES))
        )
    except Exception as error:  # network, proxy and hub errors share no base class
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"there is no folder '{source}', and the Hugging Face hub did not give it: {reason}"
        ) from error


def hub_id(source: str | Path) -> tuple[str, str | None]:
    """Split a Hugging Face id into its repository and its revision, None for the newest.

    Raises:
        CheckpointError: It is no such id.
    """
    match = _HUB_ID.fullmatch(str(source))
    if match is None:
        raise CheckpointError(
            f"there is no folder '{source}'; give a checkpoint folder or a Hugging Face id "
            "such as 'allenai/MolmoAct-7B-D-0812'"
        )
    return match["repo"], match["revision"]


def read_config(folder: Path) -> MolmoActConfig:
    """Read ``config.json``; every size must be stated.

    Raises:
        CheckpointError: The file is missing, is no JSON object, or is another model's.
        ConfigError: A size is missing or impossible.
    """
    values = read_json(folder / "config.json")
    kind = values.get("model_type")
    if kind != "molmoact":
        raise CheckpointError(f"'{folder}' holds a model of type '{kind}'; expected 'molmoact'")
    for part, cls in SUB_CONFIGS.items():
        given = values.get(part)
        if not isinstance(given, dict):
            raise ConfigError(f"'{folder / 'config.json'}' lacks '{part}'")
        if lacking := sorted(set(own_fields(cls)) - _MAY_LACK - given.keys()):
            raise ConfigError(f"'{folder / 'config.json'}' lacks '{part}.{lacking[0]}'")
        check_values(part, given, cls)
    try:
        return MolmoActConfig.from_dict(values)
    except StudioError:
        raise
    except Exception as error:  # transformers validates with several exception types
        raise ConfigError(
            f"'{folder / 'config.json'}' is no valid configuration: {error}"
        ) from error


def load_processor(folder: Path, config: MolmoActConfig) -> MolmoActProcessor:
    """Load tokenizer and picture settings and check that they fit the configuration.

    Raises:
        StudioError: A file is missing or broken, or does not fit.
    """
    images = MolmoActImageProcessor.from_dict(read_json(folder / "preprocessor_config.json"))
    tokenizer = load_tokenizer(
        folder / "tokenizer.json",
        read_json(folder / "tokenizer_config.json", optional=True),
        read_json(folder / "generation_config.json", optional=True),
    )
    settings = read_json(folder / "processor_config.json", optional=True)
    processor = MolmoActProcessor(
        images,
        tokenizer,
        use_col_tokens=bool(settings.get("use_col_tokens", True)),
        multi_image_quirk=config.multi_image_quirk,
    )
    if processor.ids.image_patch != config.image_patch_id:
        raise CheckpointError(
            f"the tokenizer's <im_patch> is {processor.ids.image_patch} and config.json says "
            f"{config.image_patch_id}; the files belong to different checkpoints"
        )
    vit = config.vit_config
    wanted = (vit.image_patch_size, vit.grid)
    if (images.image_patch_size, images.grid) != wanted:
        raise CheckpointError(
            f"preprocessor_config.json gives {images.grid} patches of {images.image_patch_size} px "
            f"and config.json expects {wanted[1]} of {wanted[0]} px"
        )
    return processor


def read_json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    """Read a JSON object; an optional file that is missing gives an empty one.

    Raises:
        CheckpointError: The file is missing or is no JSON object.
    """
    if not path.is_file():
        if optional:
            return {}
        raise CheckpointError(f"'{path}' is missing; a checkpoint folder needs it")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise CheckpointError(f"'{path}' is no valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"'{path}' holds no JSON object")
    return values


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
