"""Networks laid out as ours and as the released ones: what is trained, and at which rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.model.image_processing import MolmoActImageProcessor
from core.model.loading import LoadedModel
from core.model.modeling import MolmoActForActionReasoning
from core.model.processing import MolmoActProcessor
from core.protocol.prompts import steered_prompt
from training.finetune.encode import SampleEncoder, collate
from training.finetune.loss import losses
from training.finetune.network import (
    UNUSED,
    part_of,
    prepare,
    rate_groups,
    small_network,
    trained_parameters,
)
from training.finetune.preset import Build, Optimiser
from training.finetune.questions import Facts, Kind, questions

BUILD = Build(crop=56, patch=14, width=16, heads=2)
FACTS = Facts(
    instruction="pick up the red cube",
    actions="[â½Ĺ, âºĹ]",
    trace=np.array([[1.0, 2.0], [30.0, 40.0]]),
    depth_codes=np.arange(100),
)


def ours() -> LoadedModel:
    return small_network(BUILD, 0)


def released() -> LoadedModel:
    """Linear patches pooled in fours, column tokens, overlapping tiles, and the index shift."""
    made = small_network(BUILD, 0)
    config = made.config
    config.vit_config.patch_stem = "linear"
    config.adapter_config.image_padding_embed = "pad_and_partial_pad"
    images = MolmoActImageProcessor(
        base_image_input_size=(56, 56), image_patch_size=14, overlap_margins=(1, 1)
    )
    processor = MolmoActProcessor(images, made.tokenizer)
    torch.manual_seed(0)
    return replace(made, model=MolmoActForActionReasoning(config), processor=processor)


def sample(loaded: LoadedModel, kind: Kind):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(2)]
    encoder = SampleEncoder(loaded.processor, longest=2000, segments={})
    return pictures, encoder.encode(pictures, questions(kind, FACTS, 2), kind.value)


@pytest.mark.parametrize("make", [ours, released])
def test_a_sample_begins_as_the_server_asks(make):
    loaded = make()
    pictures, one = sample(loaded, Kind.STEERED)
    asked = loaded.processor(steered_prompt(FACTS.instruction, 2), pictures)
    length = asked["input_ids"].shape[1]
    assert one.ids[:length].tolist() == asked["input_ids"][0].tolist()
    assert np.array_equal(one.pooled, asked["pooled_patches_idx"][0].numpy())
    assert np.array_equal(one.images, asked["images"][0].numpy())
    assert one.at[0] == length - 1


@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize("make", [ours, released])
def test_everything_that_is_trained_gets_a_gradient(make, adapters, preset):
    """Processes wait for each other's gradients: one that never comes would be waited for."""
    loaded = make()
    model = prepare(loaded, preset(*(["lora={rank: 2}"] if adapters else []))).train()
    batch = collate([sample(loaded, kind)[1] for kind in (Kind.REASONING, Kind.AUXILIARY)], 0)
    losses(model(**batch.inputs).logits, batch, z_loss=1e-4).total.backward()
    trained = trained_parameters(model)
    assert trained
    assert not [name for name, value in trained.items() if value.grad is None]
    assert not any(UNUSED in name for name in trained)
    assert all("lora_" in name for name in trained) == adapters


def test_parts_have_their_own_rates():
    rates = Optimiser(vision=1.0, connector=2.0, llm=3.0)
    parameters = trained_parameters(released().model)
    groups = rate_groups(parameters, rates)
    assert [group["peak"] for group in groups] == [1.0, 2.0, 3.0]
    assert sum(len(group["params"]) for group in groups) == len(parameters)
    names = {
        part: [n for n in parameters if part_of(n) == part] for part in ("vision", "connector")
    }
    assert all("image_vit" in name for name in names["vision"])
    assert {name.split(".")[2] for name in names["connector"]} >= {
        "image_pooling_2d",
        "image_projector",
    }
    assert part_of("base_model.model.lm_head.lora_A.default.weight") == "llm"


def test_checkpointing_changes_no_gradient(preset):
    found = []
    for words in ((), ("checkpointing=true",)):
        loaded = released()
        model = prepare(loaded, preset(*words)).train()
        batch = collate([sample(loaded, Kind.REASONING)[1]], 0)
        losses(model(**batch.inputs).logits, batch, z_loss=0.0).total.backward()
        found.append({name: p.grad for name, p in trained_parameters(model).items()})
    for name, value in found[0].items():
        assert torch.allclose(value, found[1][name], atol=1e-5), name
