from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from core.model.image_processing import MolmoActImageProcessor
from core.model.processing import MolmoActProcessor, wrap_prompt
from core.protocol.action_codec import rows_text
from core.protocol.answer import parse_answer
from core.protocol.prompts import (
    reasoning_answer,
    reasoning_prompt,
    steered_answer,
    steered_prompt,
    trace_text,
)
from training.augment import drawn_trace, jitter_slots
from training.embedded import PATCHES, PREPROCESSOR, PROCESSOR
from training.encoding import SOFT_ACTION_DIMS, AnswerEncoder, asking_positions
from training.tokenizer import build_tokenizer

ENCODER = AnswerEncoder(build_tokenizer())


def drawn(seed: int, points: int = 5):
    rng = np.random.default_rng(seed)
    return (
        rng.integers(0, 128, 100),
        rng.integers(0, 256, (points, 2)),
        rng.integers(0, 256, (8, 7)),
    )


def plain(text: str) -> list[int]:
    return [*ENCODER.text(text).tolist(), ENCODER.end]


@given(st.integers(0, 10_000))
def test_a_steered_answer_equals_its_tokenised_text(seed):
    _, _, bins = drawn(seed)
    assert ENCODER.steered(bins).ids.tolist() == plain(f" {steered_answer(rows_text(bins))}")


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_a_reasoning_answer_equals_its_tokenised_text(seed, points):
    codes, trace, bins = drawn(seed, points)
    text = f" {reasoning_answer(codes, [trace], rows_text(bins), 2)}"
    assert ENCODER.reasoning(codes, trace, bins).ids.tolist() == plain(text)


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_a_trace_answer_equals_its_tokenised_text(seed, points):
    trace = drawn(seed, points)[1]
    assert ENCODER.trace(trace).ids.tolist() == plain(f" {trace_text(trace)}")


def test_the_model_answer_is_read_back_by_the_protocol():
    codes, trace, bins = drawn(1)
    ids = ENCODER.reasoning(codes, trace, bins).ids
    text = ENCODER.tokenizer.decode(ids, skip_special_tokens=True)
    parsed = parse_answer(text, chunk=8, action_dim=7, expect_depth=True, expect_trace=True)
    assert np.array_equal(parsed.depth.codes, codes)
    assert np.array_equal(parsed.traces[0].points, trace)
    assert rows_text(bins) == "[" + ", ".join(f"[{', '.join(row)}]" for row in parsed.rows) + "]"


def test_slots_know_their_value_and_whether_a_neighbour_is_nearly_right():
    codes, trace, bins = drawn(2)
    answer = ENCODER.reasoning(codes, trace, bins)
    slots = answer.group >= 0
    assert slots.sum() == 100 + 10 + 56
    rebuilt = ENCODER.groups[answer.group[slots], answer.value[slots]]
    assert np.array_equal(rebuilt, answer.ids[slots])
    action = np.isin(answer.group, (ENCODER.SYMBOL, ENCODER.NEXT_SYMBOL))
    assert np.array_equal(answer.value[action].reshape(8, 7), bins)
    soft = answer.soft[action].reshape(8, 7)
    assert soft[:, list(SOFT_ACTION_DIMS)].all()
    assert not soft[:, 3:].any()
    assert answer.soft[np.isin(answer.group, (ENCODER.INTEGER, ENCODER.NEXT_INTEGER))].all()
    assert not answer.soft[answer.group == ENCODER.DEPTH].any()
    assert answer.ids[-1] == ENCODER.end


def test_each_answer_is_filled_anew():
    first = ENCODER.steered(np.zeros((8, 7), dtype=int))
    kept = first.ids.copy()
    ENCODER.steered(np.full((8, 7), 200))
    assert np.array_equal(first.ids, kept)


def test_a_tokenizer_that_splits_a_slot_is_refused():
    from tokenizers import Tokenizer, models

    words = ["<im_start>", "<im_end>", "<im_patch>", "<im_col>", "<DEPTH_START>", "<DEPTH_END>"]
    words += [f"<DEPTH_{code}>" for code in range(128)]
    tokenizer = Tokenizer(models.BPE(vocab={}, merges=[]))
    tokenizer.add_special_tokens(["<|endoftext|>", *words])
    poor = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")
    with pytest.raises(ValueError, match="expected one"):
        AnswerEncoder(poor)


@pytest.mark.parametrize("write", [reasoning_prompt, steered_prompt])
@pytest.mark.parametrize("instruction", ["pick up the red cube", "hol den Würfel, bitte 🤖"])
def test_prompt_ids_equal_what_serving_makes(write, instruction):
    processor = MolmoActProcessor(
        MolmoActImageProcessor.from_dict(PREPROCESSOR),
        ENCODER.tokenizer,
        use_col_tokens=PROCESSOR["use_col_tokens"],
        multi_image_quirk=False,
    )
    text = write(instruction, 2)
    made = processor(text, [np.zeros((120, 160, 3), dtype=np.uint8)] * 2)
    ids = [*ENCODER.prefix(PATCHES).tolist(), *ENCODER.prompt(text).tolist()]
    assert made["input_ids"].tolist() == [ids]
    assert ENCODER.prompt(text).tolist() == ENCODER.text(wrap_prompt(text)).tolist()


def test_noise_falls_on_soft_values_and_depth_codes_only():
    codes, trace, bins = drawn(3)
    answer = ENCODER.reasoning(codes, trace, bins)
    allowed = answer.soft | (answer.group == ENCODER.DEPTH)
    changed = np.zeros(len(answer.ids), dtype=bool)
    for seed in range(30):
        ids = jitter_slots(np.random.default_rng(seed), answer, ENCODER)
        changed |= ids != answer.ids
        for group in range(5):
            where = answer.group == group
            assert np.isin(ids[where], ENCODER.groups[group]).all()
    assert changed.any()
    assert not changed[~allowed].any()


def test_drawn_lines_have_two_to_five_points_and_end_near_the_object(labels):
    rng = np.random.default_rng(0)
    straight = 0
    for pair in np.flatnonzero(~labels.held)[:60].tolist():
        points, goal = drawn_trace(rng, labels, pair)
        assert 2 <= len(points) <= 5
        assert points.min() >= 0.0
        assert points.max() <= 255.0
        assert np.array_equal(points[-1], goal)
        assert np.linalg.norm(goal - labels.end[pair]) < 26.0
        straight += len(points) == 2
    assert 0 < straight < 60


def test_the_model_looks_before_the_first_point_and_the_first_step(encoder):
    bins = np.zeros((8, 7), dtype=int)
    steered = encoder.steered(bins)
    first = int(np.nonzero(steered.group >= 0)[0][0])
    assert asking_positions(steered).tolist() == [0, first, first + 1, first + 2]
    full = encoder.reasoning(np.zeros(100, dtype=int), np.zeros((3, 2), dtype=int), bins)
    groups = full.group[asking_positions(full)]
    assert [int(group) for group in groups] == [-1, *groups[1:3], *groups[3:6]]
    assert set(groups[1:3]) <= {encoder.INTEGER, encoder.NEXT_INTEGER}
    assert set(groups[3:6]) <= {encoder.SYMBOL, encoder.NEXT_SYMBOL}
    assert len(groups) == 6
