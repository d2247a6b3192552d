"""One small shard of demonstrations and one untrained model for all tests of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from core.model.modeling import MolmoActForActionReasoning
from core.protocol.statistics import NormStats, compute_statistics
from training.collect import collect_shard
from training.embedded import build_model, embedded_config
from training.encoding import AnswerEncoder
from training.labels import Labels, Shard, label_states, open_shards
from training.sampling import Sampler
from training.tokenizer import build_tokenizer

FRAMES = 40


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demos")
    collect_shard(folder / "shard_000", seed=0, frames=FRAMES)
    return folder


@pytest.fixture(scope="session")
def shards(demos: Path) -> list[Shard]:
    return open_shards(demos)


@pytest.fixture(scope="session")
def labels(shards: list[Shard]) -> Labels:
    return label_states(shards[0].states)


@pytest.fixture(scope="session")
def statistics(labels: Labels) -> NormStats:
    return compute_statistics(labels.actions.reshape(-1, 7))


@pytest.fixture(scope="session")
def codes(shards: list[Shard]) -> dict[int, np.ndarray]:
    """Depth codes as a codec would give them, drawn at random."""
    rng = np.random.default_rng(0)
    return {frame: rng.integers(0, 128, 100) for frame in shards[0].depth_index.tolist()}


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


@pytest.fixture(scope="session")
def encoder(tokenizer: PreTrainedTokenizerFast) -> AnswerEncoder:
    return AnswerEncoder(tokenizer)


@pytest.fixture(scope="session")
def model(
    tokenizer: PreTrainedTokenizerFast, statistics: NormStats, encoder: AnswerEncoder
) -> MolmoActForActionReasoning:
    torch.manual_seed(0)
    return build_model(embedded_config(tokenizer, statistics), encoder).eval()


@pytest.fixture
def sampler(shards, labels, codes, encoder, statistics) -> Sampler:
    return Sampler(
        shards=shards, labels=labels, codes=codes, encoder=encoder, statistics=statistics, seed=0
    )
