"""An untrained depth codec, and how the toy data sets are labelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

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
