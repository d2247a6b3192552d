from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from core.decoding.grammar import GrammarError
from core.model.loading import CheckpointError, save_checkpoint
from core.overlay import draw_trace, prepare_frame
from core.policy.base import Cancelled
from core.policy.local import LocalPolicy, load_policy
from core.policy.writer import Decoding
from core.protocol.action_codec import encode_chunk
from core.protocol.prompts import (
    reasoning_answer,
    reasoning_prompt,
    steered_answer,
    steered_prompt,
)
from core.protocol.statistics import read_statistics
from core.session.facts import checkpoint_hash
from core.types import Frame, Observation, StudioError, Trace, TraceSource

ACTIONS = np.array([[0.05, -0.05, 0.1, 0.0, 0.02, -0.02, 1.0], [0.01, 0, 0, 0, 0, 0.09, 0.0]])
CODES = np.arange(100)
TRACE = np.array([[10, 20], [30, 40], [50, 60]])


@pytest.fixture
def stats(tiny):
    return read_statistics(tiny.config.norm_stats)


@pytest.fixture
def full(stats):
    return " " + reasoning_answer(CODES, [TRACE], encode_chunk(ACTIONS, stats), 2)


@pytest.fixture
def camera_view() -> Observation:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    return Observation(
        frames=(
            Frame(camera="front", image=image, t_ns=1),
            Frame(camera="wrist", image=image, t_ns=1),
        ),
        instruction="pick up the cube",
    )


def test_capabilities_come_from_the_configuration(tiny):
    capabilities = LocalPolicy(tiny).capabilities
    assert capabilities.name == "tiny"
    assert capabilities.image_size == (32, 24)
    assert (capabilities.chunk, capabilities.images, capabilities.execute_steps) == (2, 2, 1)
    assert capabilities.trace_in
    assert capabilities.stream
    assert capabilities.cancel


def test_a_whole_answer_becomes_depth_trace_and_actions(answering, full, camera_view):
    answer = LocalPolicy(answering(full)).infer(camera_view, request_id=9)
    assert answer.error == ""
    assert answer.warnings == ()
    assert answer.request_id == 9
    assert answer.text == full
    assert answer.prompt == reasoning_prompt("pick up the cube", 2)
    assert np.array_equal(answer.depth.codes, CODES)
    assert answer.depth_map.metric
    assert 0.5 <= answer.depth_map.values.min() <= answer.depth_map.values.max() <= 2.0
    assert np.array_equal(answer.traces[0].points, TRACE)
    assert answer.traces[0].source is TraceSource.MODEL
    assert np.abs(answer.chunk.actions - ACTIONS).max() < 0.005
    assert np.array_equal(answer.model_image, prepare_frame(camera_view.frames[0].image, (32, 24)))
    stages = ["prepare", "prefill", "depth", "trace", "first_row", "actions"]
    moments = [answer.timings[stage] for stage in stages]
    assert moments == sorted(moments)
    assert answer.timings["total"] >= moments[-1]


def test_stages_grow_and_never_carry_actions(answering, full, camera_view):
    stages = []
    LocalPolicy(answering(full)).infer(camera_view, request_id=4, on_stage=stages.append)
    assert [s.depth is not None for s in stages] == [True] * len(stages)
    assert [sum(len(t.points) for t in s.traces) for s in stages][:4] == [0, 1, 2, 3]
    assert all(s.chunk is None and s.request_id == 4 for s in stages)
    assert all(s.depth_map is stages[0].depth_map is not None for s in stages)
    assert all(full.startswith(s.text) for s in stages)
    assert "first_row" in stages[-1].timings
    assert "first_row" not in stages[0].timings


@pytest.mark.parametrize("decoding", Decoding)
def test_steering_shows_the_model_the_drawn_line(answering, stats, camera_view, drawn, decoding):
    loaded = answering(" " + steered_answer(encode_chunk(ACTIONS, stats)))
    answer = LocalPolicy(loaded, decoding=decoding).infer(camera_view, drawn)
    assert answer.error == ""
    assert answer.prompt == steered_prompt("pick up the cube", 2)
    assert answer.steered_by is drawn
    assert answer.depth is None
    assert answer.traces == ()
    small = prepare_frame(camera_view.frames[0].image, (32, 24))
    shown = draw_trace(small, drawn.points)
    assert np.array_equal(answer.model_image, shown)
    expected = loaded.processor(answer.prompt, [shown, small])
    asked = loaded.model.asked[0]
    asked["input_ids"] = asked["input_ids"][:, : expected["input_ids"].shape[1]]
    for name in ("input_ids", "images", "pooled_patches_idx"):
        assert np.array_equal(asked[name], expected[name]), name
    assert "images" not in loaded.model.asked[1]


def test_one_image_gets_the_single_image_prompt_and_a_warning(answering, stats, camera_view):
    text = " " + reasoning_answer(CODES, [TRACE], encode_chunk(ACTIONS, stats), 1)
    alone = replace(camera_view, frames=camera_view.frames[:1])
    answer = LocalPolicy(answering(text)).infer(alone)
    assert answer.chunk is not None
    assert answer.prompt == reasoning_prompt("pick up the cube", 1)
    assert "expects 2 images" in answer.warnings[0]


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (lambda text: text[:-40], True),
        (lambda text: text.replace("<DEPTH_7>", ""), False),
        (lambda text: text.replace("[10, 20]", "[10, 20, 30]"), True),
        (lambda text: "no idea", False),
        (lambda text: "", False),
    ],
)
def test_a_malformed_answer_has_a_sentence_and_no_actions(
    answering, full, camera_view, damage, kept
):
    answer = LocalPolicy(answering(damage(full)), decoding="reference").infer(camera_view)
    assert answer.chunk is None
    assert answer.error
    assert answer.text == damage(full)
    assert (answer.depth is not None) == kept
    assert answer.model_image is not None


def test_garbage_of_an_untrained_model_is_an_error_not_a_motion(tiny, camera_view):
    answer = LocalPolicy(tiny, decoding="reference").infer(camera_view)
    assert answer.chunk is None
    assert answer.error


@pytest.mark.parametrize("frames", [1, 2])
def test_a_grammar_makes_any_model_answer_in_the_wording_for_its_images(tiny, camera_view, frames):
    answer = LocalPolicy(tiny).infer(replace(camera_view, frames=camera_view.frames[:frames]))
    assert answer.error == ""
    assert answer.chunk.actions.shape == (2, 7)
    assert ("in the first image" in answer.text) == (frames == 2)


def test_a_tokenizer_without_a_grammar_answers_freely(answering, full, camera_view, monkeypatch):
    def refuse(*args, **kwargs):
        raise GrammarError("no grammar")

    monkeypatch.setattr("core.policy.writer.compile_grammar", refuse)
    answer = LocalPolicy(answering(full)).infer(camera_view)
    assert answer.text == full


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_cancelling_stops_within_one_token(answering, full, camera_view, steps):
    loaded = answering(full)
    with pytest.raises(Cancelled):
        LocalPolicy(loaded).infer(camera_view, cancelled=lambda: len(loaded.model.asked) >= steps)
    assert len(loaded.model.asked) == steps


def test_almost_no_motion_is_doubted(answering, stats, camera_view):
    still = np.zeros((2, 7))
    text = " " + steered_answer(encode_chunk(still, stats))
    trace = Trace(points=np.array([[0, 0], [9, 9]]), source=TraceSource.USER)
    answer = LocalPolicy(answering(text)).infer(camera_view, trace)
    assert answer.chunk is not None
    assert "almost zero" in answer.warnings[0]


@pytest.mark.parametrize(
    ("instruction", "points", "expected"),
    [
        ("", None, "empty"),
        ("x" * 5000, None, "5000 characters"),
        ("go", [[5, 5]], "two points"),
        ("say <im_patch>", None, "reserved"),
    ],
)
def test_impossible_requests_are_sentences(tiny, camera_view, instruction, points, expected):
    trace = None if points is None else Trace(points=np.array(points))
    with pytest.raises(StudioError, match=expected):
        LocalPolicy(tiny).infer(replace(camera_view, instruction=instruction), trace)


def test_a_prompt_that_is_too_long_for_the_model_is_a_sentence(tiny, camera_view):
    wordy = replace(camera_view, instruction="\u20ac" * 1000)  # two copies, three bytes each
    with pytest.raises(StudioError, match="tokens"):
        LocalPolicy(tiny).infer(wordy)


def test_a_checkpoint_without_statistics_is_refused(tiny):
    config = type(tiny.config).from_dict(tiny.config.to_dict())
    config.norm_stats = None
    with pytest.raises(StudioError, match="statistics"):
        LocalPolicy(replace(tiny, config=config))
    with pytest.raises(StudioError, match="no action statistics named 'mars'"):
        LocalPolicy(tiny, norm_key="mars")


def test_impossible_checkpoints_and_devices_are_sentences(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_policy(str(tmp_path))
    for device in ("cuda:77", "abacus"):
        with pytest.raises(StudioError, match=device):
            load_policy(str(tmp_path), device=device)


def test_the_hash_of_the_weights_is_told_once_it_is_known(tiny, tmp_path):
    folder = tmp_path / "small"
    save_checkpoint(folder, model=tiny.model, processor=tiny.processor, vqvae=tiny.vqvae)
    policy = load_policy(str(folder))
    assert policy.capabilities.name == "small"
    deadline = time.monotonic() + 30
    while not policy.capabilities.checkpoint and time.monotonic() < deadline:
        time.sleep(0.01)
    assert policy.capabilities.checkpoint == checkpoint_hash(folder)


def test_other_traces_are_continued_behind_the_same_depth(tiny, camera_view):
    policy = LocalPolicy(tiny)
    lines = [
        Trace(points=np.array(points, float), source=TraceSource.USER)
        for points in ([[10, 20], [200, 100]], [[3, 4], [50, 60], [70, 80]])
    ]
    own, *others = policy.continue_behind(camera_view, lines, request_id=7)
    alone = policy.infer(camera_view, request_id=7)
    assert own.text == alone.text
    assert [len(other.traces) for other in others] == [1, 1]
    for line, other in zip(lines, others, strict=True):
        assert other.traces[0].points.tolist() == line.points.tolist()
        assert other.depth.codes.tolist() == own.depth.codes.tolist()
        assert other.chunk.actions.shape == own.chunk.actions.shape
        assert other.request_id == 7
    again = policy.continue_behind(camera_view, own.traces)
    assert again[1].text == own.text


def test_comparing_without_a_grammar_is_a_sentence(tiny, camera_view, drawn):
    policy = LocalPolicy(tiny, decoding="reference")
    with pytest.raises(StudioError, match="decoding exact"):
        policy.continue_behind(camera_view, [drawn])
