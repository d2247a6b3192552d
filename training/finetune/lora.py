"""Low-rank adapters by PEFT, on the released layer names.

Released post-training adapts every linear layer of encoder, connector and language model and its
head (molmoact.md 7.3). PEFT's own "all-linear" leaves the head out, so the layers are listed. The
convolutional stem of small networks and the token tables stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from safetensors.torch import save_file
from torch import Tensor, nn

from core.types import StudioError
from training.finetune.preset import Lora

WEIGHTS = "adapter_model.safetensors"
SETTINGS = "adapter_config.json"
ABOUT = "steering_studio.json"
"""Beside the adapter: what the merged checkpoint's config.json needs."""

HEAD = "lm_head"


class AdapterError(StudioError):
    """An adapter that cannot be used."""


def linear_layers(model: nn.Module, *, head: bool, idle: Sequence[str] = ()) -> list[str]:
    """Return the names of all linear layers.

    Args:
        model: The network.
        head: Include the language model's head.
        idle: Parts of the names of layers that are left out.
    """
    names = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    names = [name for name in names if not any(part in name for part in idle)]
    return [name for name in names if head or name != HEAD]


def trainable_parameters(model: nn.Module, lora: Lora, idle: Sequence[str] = ()) -> int:
    """Return how many parameters adapters on a network would have, without making them."""
    modules = dict(model.named_modules())
    layers = [modules[name] for name in linear_layers(model, head=lora.head, idle=idle)]
    return sum(
        lora.rank * (layer.in_features + layer.out_features)
        for layer in layers
        if isinstance(layer, nn.Linear)
    )


def add_adapters(model: nn.Module, lora: Lora, idle: Sequence[str] = ()) -> nn.Module:
    """Put fresh adapters on a network: the first matrix Gaussian, the second 0.

    Args:
        model: The network.
        lora: Size of the adapters.
        idle: Parts of the names of layers that never get a gradient.

    Returns:
        The network that is trained; everything but the adapters is frozen.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise StudioError(
            "adapters need the packages of the extra 'train': pip install 'steering-studio[train]'"
        ) from error
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        bias="none",
        init_lora_weights="gaussian",
        target_modules=linear_layers(model, head=lora.head, idle=idle),
    )
    return cast(nn.Module, get_peft_model(cast(Any, model), config))


def save_adapter(
    folder: Path, model: nn.Module, weights: dict[str, Tensor], about: dict[str, Any]
) -> None:
    """Write an adapter as PEFT does, as safetensors.

    Args:
        folder: Made if needed.
        model: The network of :func:`add_adapters`, for its configuration.
        weights: Its trained parameters by name, whole and on the CPU.
        about: Contents of :data:`ABOUT`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = cast(Any, model).peft_config["default"]
    config.inference_mode = True
    config.save_pretrained(str(folder))
    named = {name.replace(".default.weight", ".weight"): v for name, v in weights.items()}
    save_file({k: v.contiguous() for k, v in named.items()}, folder / WEIGHTS, {"format": "pt"})
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adapter:
    """An adapter on disk.

    Attributes:
        folder: Where it is.
        rank: Rank of its matrices.
        alpha: Its scale is ``alpha / rank``.
        about: Contents of :data:`ABOUT`.
    """

    folder: Path
    rank: int
    alpha: float
    about: dict[str, Any]


def read_adapter(folder: Path) -> Adapter:
    """Read an adapter's settings; the weights are left alone.

    Raises:
        AdapterError: A file is missing or damaged, or it is no plain LoRA adapter.
    """
    settings = _json(folder / SETTINGS)
    if not (folder / WEIGHTS).is_file():
        raise AdapterError(
            f"'{folder}' has no {WEIGHTS}; only adapters in the safetensors format are read"
        )
    if settings.get("peft_type") != "LORA":
        raise AdapterError(f"'{folder}' holds a {settings.get('peft_type')} adapter; expected LORA")
    for name in ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save"):
        if settings.get(name):
            raise AdapterError(f"the adapter '{folder}' uses {name}, which cannot be merged here")
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1 or not isinstance(alpha, int | float):
        raise AdapterError(f"the adapter '{folder}' says rank {rank!r} and alpha {alpha!r}")
    about = _json(folder / ABOUT) if (folder / ABOUT).is_file() else {}
    return Adapter(folder=folder, rank=rank, alpha=float(alpha), about=about)


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AdapterError(f"'{path.parent}' is no adapter: it has no {path.name}") from error
    except (OSError, ValueError) as error:
        raise AdapterError(f"'{path}' cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise AdapterError(f"'{path}' holds no settings")
    return values
