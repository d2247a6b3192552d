"""Networks that have learned nothing, and how the toy data sets are labelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import (
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTImageProcessorPil,
)

from core.model.depth_files import save_vqvae
from core.model.vqvae import DepthVqVae, VqVaeConfig
from training.data.settings import Settings


@pytest.fixture(scope="session")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder with a small codec of metric depth; its codes are drawn at random."""
    folder = tmp_path_factory.mktemp("codec")
    torch.manual_seed(3)
    save_vqvae(DepthVqVae(VqVaeConfig(hidden_dim=2, codebook_dim=4, num_resnet_blocks=1)), folder)
    (folder / "config.json").write_text(json.dumps({"depth_range": {"near": 0.5, "far": 2.0}}))
    return folder


@pytest.fixture(scope="session")
def depth_anything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Depth-Anything-V2 that has learned nothing, in the layout of the hub."""
    folder = tmp_path_factory.mktemp("depth-anything")
    torch.manual_seed(0)
    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_ratio=2,
        image_size=28,
        patch_size=14,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[4, 4, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=4,
    )
    model = DepthAnythingForDepthEstimation(config)
    torch.nn.init.ones_(model.head.conv3.bias)  # else its last ReLU may leave nothing
    model.save_pretrained(folder)
    size = {"height": 56, "width": 56}
    processor = DPTImageProcessorPil(
        size=size, keep_aspect_ratio=True, ensure_multiple_of=14, resample=3
    )
    processor.save_pretrained(folder)
    return folder


@pytest.fixture
def settings(codec: Path) -> Settings:
    """Recorded depth, and traces by the recorded pose."""
    return Settings(
        depth="sensor",
        codec=str(codec),
        depth_model="",
        released_depth=False,
        trace="kinematics",
        every=3,
        pointing_url="",
        pointing_model="",
        device="cpu",
    )
