from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.finetune.small_data import WORDS, write_small_set
from training.finetune.preset import Preset, read_preset


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_set(tmp_path_factory.mktemp("sets") / "shelf")


@pytest.fixture
def preset() -> Any:
    def make(*words: str, model: str | None = None) -> Preset:
        return read_preset("tiny-smoke", (*WORDS, *words), model)

    return make
