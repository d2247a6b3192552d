from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.finetune.small_data import write_small_set
from training.finetune.preset import Preset, read_preset

WORDS = ("steps=4", "batch=4", "micro_batch=2", "build.width=16", "build.heads=2", "image_size=[32, 24]",
         "lab.trials=0", "rehearse=false", "log_every=1", "save_every=2", "evaluate_samples=2")  # fmt: skip


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_set(tmp_path_factory.mktemp("sets") / "shelf")


@pytest.fixture
def preset() -> Any:
    def make(*words: str, model: str | None = None) -> Preset:
        return read_preset("tiny-smoke", (*WORDS, *words), model)

    return make
