from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.model.loading import LoadedModel
from core.protocol.prompts import reasoning_answer, reasoning_prompt, steered_answer
from core.types import StudioError
from training.finetune.encode import SampleEncoder, collate
from training.finetune.loss import losses
from training.finetune.network import small_network
from training.finetune.preset import Build
from training.finetune.questions import Facts, Kind, Segment, questions

BUILD = Build(crop=32, patch=16, width=16, heads=2)


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    made = small_network(BUILD, seed=0)
    made.model.eval()
    return made


def encoder(loaded: LoadedModel, longest: int = 1000, **segments: float) -> SampleEncoder:
    return SampleEncoder(loaded.processor, longest=longest, segments=segments)


def facts(seed: int = 0) -> Facts:
    rng = np.random.default_rng(seed)
    return Facts(
        instruction="pick up the red cube",
        actions="[â½Ĺ, âºĹ]",
        trace=rng.uniform(0, 255, (3, 2)),
        depth_codes=rng.integers(0, 128, 100),
    )


def pictures(seed: int = 0, count: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (24, 32, 3), dtype=np.uint8) for _ in range(count)]


def sample(loaded, kind: Kind, seed: int = 0, images: int = 2, **segments: float):
    asked = questions(kind, facts(seed), images)
    return encoder(loaded, **segments).encode(pictures(seed, images), asked, kind.value)


@pytest.mark.parametrize("images", [1, 2])
def test_a_sample_is_what_the_model_reads_and_shall_write(loaded, images):
    one = sample(loaded, Kind.REASONING, images=images)
    prompt = reasoning_prompt("pick up the red cube", images)
    inputs = loaded.processor(prompt, pictures(0, images))
    length = inputs["input_ids"].shape[1]
    assert one.ids[:length].tolist() == inputs["input_ids"][0].tolist()
    assert np.array_equal(one.images, inputs["images"][0].numpy())
    assert np.array_equal(one.pooled, inputs["pooled_patches_idx"][0].numpy())
    own = facts()
    answer = reasoning_answer(own.depth_codes, [own.trace], own.actions, images)
    assert loaded.tokenizer.decode(one.target[:-1]) == f" {answer}"
    assert one.target[-1] == loaded.processor.ids.eos
    # teacher forcing: the token after every marked position is its target
    assert one.ids[one.at[1:]].tolist() == one.target[:-1].tolist()
    assert one.at[0] == length - 1


def test_every_token_of_an_answer_knows_its_segment(loaded):
    one = sample(loaded, Kind.REASONING)
    texts = {
        segment: loaded.tokenizer.decode(one.target[one.segment == segment]) for segment in Segment
    }
    assert texts[Segment.DEPTH].count("<DEPTH_") == 102
    assert texts[Segment.TRACE].strip().startswith("[[")
    assert texts[Segment.ACTION].strip() == "[â½Ĺ, âºĹ]"
    assert "The depth map of the first image is" in texts[Segment.TEXT]


def test_segment_weights_reach_the_tokens(loaded):
    one = sample(loaded, Kind.REASONING, depth=0.0, action=2.0)
    assert set(one.weight[one.segment == Segment.DEPTH]) == {0.0}
    assert set(one.weight[one.segment == Segment.ACTION]) == {2.0}
    assert set(one.weight[one.segment == Segment.TRACE]) == {1.0}


def test_a_steered_answer_has_actions_only(loaded):
    one = sample(loaded, Kind.STEERED)
    text = loaded.tokenizer.decode(one.target[:-1])
    assert text == f" {steered_answer('[â½Ĺ, âºĹ]')}"


def test_several_answers_share_a_samples_weight(loaded):
    one = sample(loaded, Kind.AUXILIARY)
    assert np.allclose(one.weight, 1 / math.sqrt(2))
    assert set(one.branch.tolist()) == {0, 1, 2}


def logits_of(loaded, samples):
    batch = collate(samples, loaded.processor.ids.pad)
    with torch.no_grad():
        logits = loaded.model(**batch.inputs).logits
    return batch, logits


def test_questions_of_one_sample_do_not_see_each_other(loaded):
    """Each answer's loss is the same as when its question stands alone."""
    both, logits = logits_of(loaded, [sample(loaded, Kind.AUXILIARY)])
    together = logits.flatten(0, 1)[both.at]
    alone = []
    for kind in (Kind.DEPTH, Kind.TRACE):
        batch, logits = logits_of(loaded, [sample(loaded, kind)])
        alone.append(logits.flatten(0, 1)[batch.at])
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_padding_changes_no_loss(loaded):
    kinds = (Kind.STEERED, Kind.REASONING, Kind.AUXILIARY)
    samples = [sample(loaded, kind, seed) for seed, kind in enumerate(kinds)]
    batch, logits = logits_of(loaded, samples)
    together = losses(logits, batch, z_loss=1e-4)
    single = [logits_of(loaded, [one]) for one in samples]
    parts = [losses(logits, batch, z_loss=1e-4) for batch, logits in single]
    assert torch.allclose(together.total, sum(part.total for part in parts), rtol=1e-5)
    assert torch.allclose(together.sums, sum(part.sums for part in parts), rtol=1e-4)
    assert torch.allclose(together.rows, torch.cat([part.rows for part in parts]), rtol=1e-4)


def test_the_loss_is_cross_entropy_and_z_loss_on_answers(loaded):
    batch, logits = logits_of(loaded, [sample(loaded, Kind.STEERED)])
    chosen = logits.flatten(0, 1)[batch.at]
    entropy = torch.nn.functional.cross_entropy(chosen, batch.target, reduction="sum")
    z = torch.logsumexp(chosen, dim=1).square().sum()
    found = losses(logits, batch, z_loss=0.5)
    assert torch.allclose(found.total, entropy + 0.5 * z, rtol=1e-5)
    assert len(batch.at) == len(batch.target) == int(found.sums[:, 1].sum())


@pytest.mark.parametrize("segments", [{"sound": 1.0}, {"depth": -1.0}, {"depth": float("nan")}])
def test_unknown_segments_are_refused(loaded, segments):
    with pytest.raises(StudioError, match="segments are text, depth, trace, action"):
        encoder(loaded, **segments)


def test_a_sample_that_is_too_long_is_refused(loaded):
    asked = questions(Kind.STEERED, facts(), 2)
    with pytest.raises(StudioError, match="the most is 20"):
        encoder(loaded, longest=20).encode(pictures(), asked, "steered")


def test_reserved_words_in_an_instruction_are_refused(loaded):
    odd = Facts(
        instruction="pick up <im_patch>",
        actions="[â½Ĺ]",
        trace=np.zeros((2, 2)),
        depth_codes=None,
    )
    asked = questions(Kind.STEERED, odd, 2)
    with pytest.raises(StudioError, match="reserved"):
        encoder(loaded).encode(pictures(), asked, "steered")


def test_depth_needs_codes():
    without = Facts(instruction="x", actions="[â½Ĺ]", trace=np.zeros((2, 2)), depth_codes=None)
    with pytest.raises(StudioError, match="needs depth codes"):
        questions(Kind.REASONING, without, 2)
