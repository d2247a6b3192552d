from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy.doubt import DoubtKind
from core.policy.history import KEPT, History, judge_history
from core.types import (
    ActionChunk,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    Trace,
    TraceSource,
)

CODES = np.arange(100)
LINE = np.array([[10.0, 20.0], [200.0, 90.0]])


def picture(seed):
    """A noisy picture with a dark thing in it whose place depends on the seed."""
    rng = np.random.default_rng(seed)
    image = rng.integers(150, 160, (48, 64, 3)).astype(np.uint8)
    left = (seed * 7) % 48
    image[10:26, left : left + 12] = 20
    return image


def seen(seq, *, x=0.0, image=None, wrist=None, state=True):
    """An observation of a hand at x [m]."""
    pose = np.eye(4)
    pose[0, 3] = x
    images = {"front": picture(seq) if image is None else image}
    if wrist is not None:
        images["wrist"] = wrist
    return Observation(
        frames=tuple(Frame(camera=n, image=i, t_ns=seq, seq=seq) for n, i in images.items()),
        instruction="go",
        state=RobotState(q=np.zeros(7), ee_pose=pose, gripper=1.0, t_ns=seq) if state else None,
    )


def said(*, codes=None, line=None, speed=0.01, drawn=False):
    actions = np.zeros((8, 7))
    actions[:, 0] = speed
    return Reasoning(
        request_id=1,
        text="",
        depth=None if codes is None else DepthTokens(codes=codes),
        traces=() if line is None else (Trace(points=line),),
        chunk=ActionChunk(actions=actions),
        steered_by=Trace(points=LINE, source=TraceSource.USER) if drawn else None,
    )


def found(cycles):
    """Kinds of the doubts about the last of (observation, answer, executed steps)."""
    history = History()
    for observation, answer, steps in cycles:
        history = history.asked(observation, answer).ran(steps)
    return [doubt.kind for doubt in judge_history(history)]


def test_one_answer_is_compared_with_nothing():
    assert judge_history(History()) == []
    assert found([(seen(1), said(codes=CODES, line=LINE), 0)]) == []


def test_different_answers_to_different_pictures_are_fine():
    cycles = [
        (seen(k, x=0.1 * k), said(codes=(CODES + k) % 128, line=LINE + k), 4) for k in range(4)
    ]
    assert found(cycles) == []


def test_the_same_picture_after_the_hand_moved_is_a_frozen_camera():
    history = History()
    for k in range(2):
        history = history.asked(seen(k, x=0.03 * k, image=picture(5)), said())
    (doubt,) = judge_history(history)
    assert doubt.kind == DoubtKind.FROZEN_CAMERA
    assert doubt.severe
    assert "Camera 'front'" in doubt.sentence
    assert "30 mm" in doubt.sentence


def test_a_frozen_second_camera_is_named():
    history = History()
    for k in range(2):
        history = history.asked(seen(k, x=0.03 * k, wrist=picture(9)), said())
    (doubt,) = judge_history(history)
    assert "Camera 'wrist'" in doubt.sentence


@pytest.mark.parametrize("options", [{"x": 0.0}, {"state": False}])
def test_the_same_picture_of_an_arm_at_rest_is_fine(options):
    image = picture(5)
    cycles = [(seen(k, image=image, **options), said(codes=CODES, line=LINE), 0) for k in range(4)]
    assert found(cycles) == []


def test_two_answers_about_one_observation_may_agree():
    observation = seen(1)
    cycles = [(observation, said(codes=CODES, line=LINE), 0)] * 4
    assert found(cycles) == []


def test_depth_that_stays_while_the_picture_changes_is_doubted():
    cycles = [(seen(k), said(codes=CODES), 0) for k in range(3)]
    assert found(cycles) == [DoubtKind.FROZEN_DEPTH]
    assert found(cycles[:2]) == []
    changed = [*cycles[:2], (seen(2), said(codes=(CODES + 1) % 128), 0)]
    assert found(changed) == []


def test_depth_may_stay_while_only_the_noise_changes():
    rng = np.random.default_rng(0)
    cycles = [
        (seen(k, image=rng.integers(150, 160, (48, 64, 3)).astype(np.uint8)), said(codes=CODES), 0)
        for k in range(3)
    ]
    assert found(cycles) == []


def test_a_trace_that_stays_while_the_hand_moves_is_doubted():
    assert found([(seen(k, x=0.02 * k), said(line=LINE), 4) for k in range(3)]) == [
        DoubtKind.FROZEN_TRACE
    ]
    assert found([(seen(k, x=0.001 * k), said(line=LINE), 0) for k in range(3)]) == []


def test_a_drawn_trace_may_stay():
    cycles = [(seen(k, x=0.02 * k), said(line=LINE, drawn=True), 4) for k in range(3)]
    assert found(cycles) == []


def test_actions_that_were_run_again_and_again_without_effect_are_severe():
    history = History()
    for k in range(3):
        history = history.asked(seen(k), said()).ran(4)
    (doubt,) = judge_history(history)
    assert doubt.kind == DoubtKind.NO_EFFECT
    assert doubt.severe
    assert "look what holds it" in doubt.sentence


@pytest.mark.parametrize(
    "cycles",
    [
        [(seen(k), said(), 0) for k in range(3)],  # never run
        [(seen(k), said(speed=0.001), 4) for k in range(3)],  # asked for hardly any motion
        [(seen(k, x=0.04 * k), said(), 4) for k in range(3)],  # it moved
        [(seen(k), said(speed=0.01 + 0.001 * k), 4) for k in range(3)],  # it asked anew
        [(seen(k, state=False), said(), 4) for k in range(3)],  # nobody knows
        [(seen(k), replace(said(), chunk=None), 0) for k in range(3)],
    ],
)
def test_other_repetitions_have_their_reasons(cycles):
    assert DoubtKind.NO_EFFECT not in found(cycles)


def test_only_the_last_cycles_are_kept():
    history = History().ran(3)
    for k in range(10):
        history = history.asked(seen(k), said())
    assert len(history.cycles) == KEPT
    assert next(iter(history.cycles[-1].frames.values()))[0] == 9


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40), st.integers(1, 40)), max_size=5))
def test_any_pictures_can_be_compared(sizes):
    history = History()
    for number, (value, height, width) in enumerate(sizes):
        image = np.full((height, width, 3), value, np.uint8)
        history = history.asked(seen(number, x=0.1 * number, image=image), said(codes=CODES))
        assert all(doubt.sentence.endswith(".") for doubt in judge_history(history))
