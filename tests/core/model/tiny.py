"""A network small enough for tests, and the golden checkpoint."""

from __future__ import annotations

from typing import Any

import torch

from core.model.configuration import MolmoActConfig
from core.model.modeling import MolmoActForActionReasoning

PATCH_ID = 66


def tiny_config(**overrides: dict[str, Any]) -> MolmoActConfig:
    """4 x 4 patches of 4 px; vocabulary 64 + 8 with <im_patch> at 66."""
    parts: dict[str, dict[str, Any]] = {
        "vit_config": {
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "image_default_input_size": [16, 16],
            "image_patch_size": 4,
            "image_num_pos": 16,
        },
        "adapter_config": {
            "vit_layers": [-1, -3],
            "hidden_size": 16,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "intermediate_size": 24,
            "text_hidden_size": 32,
        },
        "llm_config": {
            "hidden_size": 32,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "vocab_size": 64,
            "additional_vocab_size": 8,
            "num_hidden_layers": 2,
            "intermediate_size": 48,
            "init_scale": 1.0,
        },
    }
    for name, values in overrides.items():
        parts[name] |= values
    return MolmoActConfig(**parts, image_patch_id=PATCH_ID)


def tiny_model(seed: int = 0, **overrides: dict[str, Any]) -> MolmoActForActionReasoning:
    """Return the network with random weights, in evaluation mode."""
    torch.manual_seed(seed)
    model = MolmoActForActionReasoning(tiny_config(**overrides)).eval()
    with torch.no_grad():
        # biases and norms that start at 0 and 1 would hide mistakes
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def picture_inputs(batch: int = 1, crops: int = 1) -> dict[str, torch.Tensor]:
    """Return ids with 4 image tokens per crop, crops of 4 x 4 patches and 2 x 2 pooling."""
    grid = torch.arange(16).view(2, 2, 2, 2).permute(0, 2, 1, 3).reshape(4, 4)
    indices = torch.cat([grid + 16 * crop for crop in range(crops)])
    ids = torch.randint(0, 64, (batch, 5 + 4 * crops + 6))
    ids[:, 3 : 3 + 4 * crops] = PATCH_ID
    return {
        "input_ids": ids,
        "images": torch.randn(batch, crops, 16, 48),
        "pooled_patches_idx": indices.expand(batch, -1, -1).contiguous(),
    }
