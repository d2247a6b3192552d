"""``train merge``: an adapter becomes part of its model, in a folder that every loader reads.

The weights keep their names and number format (molmoact.md 3.3); what the base folder holds beside
them, such as the released modelling files, is copied, so that ``AutoModelForImageTextToText`` with
the released code reads the result as well.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from core.model.loading import LoadedModel, find_folder, load_checkpoint, save_checkpoint
from core.types import StudioError
from training.finetune.lora import WEIGHTS, Adapter, AdapterError, read_adapter

COPIED = ("*.py", "chat_template*", "vae-final.pt", "depth_anything*.pth", "model.yaml", "LICENSE*")
"""Files of the base folder that are taken over when the export does not write them itself."""

_PREFIX = "base_model.model."


def merge(adapter_folder: Path, model: str, out: Path, dtype: torch.dtype | None = None) -> Path:
    """Merge an adapter into its model and write the result.

    Args:
        adapter_folder: What fine-tuning wrote.
        model: The checkpoint that it was trained on, a folder or a hub id.
        out: Folder to write; must not exist or be empty.
        dtype: Number format of the weights; None keeps float32 on disk as it was computed.

    Returns:
        The folder.

    Raises:
        StudioError: Adapter and model do not fit, or the folder is taken.
    """
    if out.exists() and any(out.iterdir()):
        raise StudioError(f"the folder '{out}' is not empty; choose another one with --out")
    adapter = read_adapter(adapter_folder)
    base = find_folder(model)
    # in float32 whatever the file says: adding a small number to a bfloat16 one loses it
    loaded = load_checkpoint(base, torch.float32)
    add_into(loaded.model, adapter)
    write_model(out, loaded, adapter.about, base=base, dtype=dtype)
    return out


def add_into(model: nn.Module, adapter: Adapter) -> None:
    """Add an adapter's updates to a network's weights: W + alpha / rank * B A.

    Raises:
        AdapterError: The adapter was made for another network.
    """
    try:
        weights = load_file(adapter.folder / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise AdapterError(f"the adapter '{adapter.folder}' cannot be read: {error}") from error
    modules = dict(model.named_modules())
    ending = ".lora_A.weight"
    names = [key[len(_PREFIX) : -len(ending)] for key in weights if key.endswith(ending)]
    for name in names:
        layer = modules.get(name)
        first, second = (weights.pop(f"{_PREFIX}{name}.lora_{k}.weight", None) for k in "AB")
        if not isinstance(layer, nn.Linear) or first is None or second is None:
            raise AdapterError(
                f"the adapter '{adapter.folder}' does not fit the model at the layer '{name}'; "
                "give --model the checkpoint that it was trained on"
            )
        _add(layer, first, second, name, adapter)
    if weights or not names:
        odd = f"the odd weight '{min(weights)}'" if weights else "no weights"
        raise AdapterError(f"the adapter '{adapter.folder}' has {odd}")


def _add(layer: nn.Linear, first: Tensor, second: Tensor, name: str, adapter: Adapter) -> None:
    wanted = (adapter.rank, layer.in_features), (layer.out_features, adapter.rank)
    if (tuple(first.shape), tuple(second.shape)) != wanted:
        raise AdapterError(
            f"the adapter's matrices for '{name}' are {list(first.shape)} and "
            f"{list(second.shape)}; the model's layer asks for {list(wanted[0])} and "
            f"{list(wanted[1])}"
        )
    if not (torch.isfinite(first).all() and torch.isfinite(second).all()):
        raise AdapterError(f"the adapter's weights for '{name}' are not finite")
    with torch.no_grad():
        update = second.float() @ first.float()
        layer.weight.add_((adapter.alpha / adapter.rank * update).to(layer.weight.dtype))


def write_model(
    out: Path,
    loaded: LoadedModel,
    about: dict[str, Any],
    *,
    base: Path | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write a checkpoint folder whole or not at all.

    Args:
        out: Folder to write.
        loaded: Network, processor and codec.
        about: Fields of config.json that training decided: ``norm_stats`` and others.
        base: Folder that further files are copied from.
        dtype: Number format of the weights.

    Raises:
        StudioError: The folder cannot be written.
    """
    for name, value in about.items():
        if name in ABOUT_FIELDS:
            setattr(loaded.model.config, name, value)
    partial = out.with_name(f"{out.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        save_checkpoint(
            partial,
            model=loaded.model,
            processor=loaded.processor,
            vqvae=loaded.vqvae,
            dtype=dtype,
        )
        for pattern in COPIED:
            for path in sorted(base.glob(pattern)) if base is not None else ():
                if path.is_file() and not (partial / path.name).exists():
                    shutil.copyfile(path, partial / path.name)
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StudioError(f"'{out}' cannot be written: {error}") from error


ABOUT_FIELDS = ("norm_stats", "default_norm_key", "image_size", "images", "chunk")
