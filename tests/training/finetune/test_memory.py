from __future__ import annotations

import pytest
import torch

from core.model import memory as free_module
from core.model.configuration import (
    MolmoActAdapterConfig,
    MolmoActConfig,
    MolmoActLlmConfig,
    MolmoActVitConfig,
)
from core.model.memory import OutOfMemoryError
from core.model.modeling import MolmoActForActionReasoning
from training.finetune import memory
from training.finetune.memory import estimate, require
from training.finetune.preset import read_preset

GIB = 1024**3


@pytest.fixture(scope="module")
def released() -> MolmoActForActionReasoning:
    config = MolmoActConfig(
        vit_config=MolmoActVitConfig(),
        adapter_config=MolmoActAdapterConfig(),
        llm_config=MolmoActLlmConfig(),
    )
    with torch.device("meta"):
        return MolmoActForActionReasoning(config)


def needed(model, *words: str, processes: int = 1, name: str = "posttrain-7b-lora"):
    preset = read_preset(name, words)
    return estimate(model, preset, tokens=1400, crops=4, processes=processes)


def test_adapters_of_the_released_model_fit_one_large_gpu(released):
    need = needed(released)
    assert 15 * GIB < need.parameters < 17 * GIB
    assert need.gradients + need.optimiser < 2 * GIB
    assert need.certain + need.activations < 78 * GIB


def test_every_parameter_needs_sixteen_bytes_and_shares_shrink_with_processes(released):
    whole = needed(released, name="posttrain-7b-full")
    assert whole.certain == 16 * whole.trained
    shared = needed(released, name="posttrain-7b-full", processes=8)
    assert shared.certain == pytest.approx(whole.certain / 8, rel=1e-6)
    copies = needed(released, "parallel=ddp", name="posttrain-7b-full", processes=8)
    assert copies.certain == whole.certain
    averaged = needed(released, "ema=0.999", name="posttrain-7b-full")
    assert averaged.certain == 20 * averaged.trained


def test_checkpointing_and_small_batches_save_activations(released):
    assert needed(released).activations < needed(released, "checkpointing=false").activations
    assert needed(released, "micro_batch=1").activations < needed(released).activations


@pytest.mark.parametrize(
    ("free", "fits", "warns"), [(200, True, False), (17.5, True, True), (8, False, False)]
)
def test_what_surely_does_not_fit_is_refused(released, monkeypatch, free, fits, warns):
    monkeypatch.setattr(memory, "free_memory", lambda _: int(free * GIB))
    need, place = needed(released), torch.device("cpu")
    if not fits:
        with pytest.raises(OutOfMemoryError, match="parallel=fsdp"):
            require(need, place)
        return
    warning = require(need, place)
    assert (warning is not None) == warns
    assert warning is None or "checkpointing=true" in warning


def test_neighbours_share_the_memory(released, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda _: 40 * GIB)
    with pytest.raises(OutOfMemoryError):
        require(needed(released), torch.device("cpu"), neighbours=4)


def test_the_estimate_reads_like_a_sentence(released):
    text = str(needed(released))
    assert "parameters 15" in text
    assert "weights are trained (1.2 %)" in text or "weights are trained (1.1 %)" in text
    assert free_module.free_memory(torch.device("cpu")) > 0
