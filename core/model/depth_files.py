"""The depth codec's files beside a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from core.model.vqvae import DepthCodecError, DepthVqVae, VqVaeConfig
from core.model.weights import load_weights

WEIGHTS = "vae-final.safetensors"
RELEASED = "vae-final.pt"
SETTINGS = "vae_config.json"


def load_vqvae(folder: Path, device: torch.device) -> DepthVqVae | None:
    """Load the depth codec of a checkpoint folder, float32 and in evaluation mode.

    Reads ``vae-final.safetensors`` with ``vae_config.json``, else the released ``vae-final.pt``,
    from which nothing but tensors is accepted. Without settings the sizes come from the tensors.

    Returns:
        The codec, or None when the folder has none.

    Raises:
        StudioError: A file is broken or does not fit.
    """
    if (folder / WEIGHTS).is_file():
        codec = DepthVqVae(_settings(folder))
        load_weights(
            codec,
            [folder / WEIGHTS],
            dtype=torch.float32,
            device=device,
            what="the depth codec",
        )
    elif (folder / RELEASED).is_file():
        codec = _released(folder / RELEASED).to(device)
    else:
        return None
    return codec.requires_grad_(False).eval()


def save_vqvae(codec: DepthVqVae, folder: Path) -> None:
    """Write the depth codec into a checkpoint folder."""
    state = {name: value.detach().cpu().contiguous() for name, value in codec.state_dict().items()}
    save_file(state, folder / WEIGHTS, metadata={"format": "pt"})
    text = json.dumps(codec.config.to_dict(), indent=2)
    (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")


def _settings(folder: Path) -> VqVaeConfig:
    path = folder / SETTINGS
    if not path.is_file():
        return VqVaeConfig()
    try:
        return VqVaeConfig.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, AttributeError) as error:
        raise DepthCodecError(f"'{path}' holds no sizes of a depth codec: {error}") from error


def _released(path: Path) -> DepthVqVae:
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
        weights: dict[str, Tensor] = content.get("weights", content)
        state = {name.removeprefix("module."): value for name, value in weights.items()}
        codec = DepthVqVae(
            VqVaeConfig(
                hidden_dim=len(state["encoder.0.weight"]),
                num_tokens=state["_vq_vae._embedding"].shape[0],
                codebook_dim=state["_vq_vae._embedding"].shape[1],
            )
        )
        codec.load_state_dict({name: value.float() for name, value in state.items()})
    except (RuntimeError, KeyError, AttributeError, EOFError, UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DepthCodecError(f"'{path}' is no depth codec: {reason}") from error
    return codec
