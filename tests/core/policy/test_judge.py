from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.policy.doubt import SEVERE_BEGINNING, Doubt, DoubtKind, severe_texts, texts
from core.policy.judge import judge_actions
from core.protocol.statistics import read_statistics
from core.types import Trace


def statistics(low, high):
    return read_statistics({"lab": {"action": {"q01": low, "q99": high}}})


STATS = statistics([-0.1] * 3 + [0.0] * 3 + [0.0], [0.2] * 3 + [0.0] * 3 + [1.0])
ARM = statistics([-0.1] * 6 + [0.0], [0.1] * 6 + [1.0])
RESTING = [0.001, 0, 0.002, 0, 0, 0, 1.0]
LONG = Trace(points=np.array([[10.0, 10.0], [110.0, 10.0]]))
SHORT = Trace(points=np.array([[10.0, 10.0], [20.0, 10.0]]))


def kinds(actions, stats=ARM, traces=()):
    return [doubt.kind for doubt in judge_actions(np.array(actions, float), stats, traces)]


def moving(rows=8):
    """Straight on, at changing speed."""
    actions = np.zeros((rows, 7))
    actions[:, 0] = np.linspace(0.02, 0.05, rows)
    actions[:, 6] = 1.0
    return actions


def test_almost_no_motion_is_doubted():
    (doubt,) = judge_actions(np.array([RESTING, RESTING]), STATS)
    assert doubt.kind == DoubtKind.STILL
    assert "at most 1.0 %" in doubt.sentence
    assert "trace" not in doubt.sentence


def test_standing_still_harms_nobody_even_when_the_trace_goes_on():
    (doubt,) = judge_actions(np.array([RESTING, RESTING]), STATS, [SHORT, LONG])
    assert "although the trace goes on for 100 units" in doubt.sentence
    assert "fine-tuning" in doubt.sentence
    assert not doubt.severe


def test_a_short_trace_asks_for_no_motion():
    (doubt,) = judge_actions(np.array([RESTING, RESTING]), STATS, [SHORT])
    assert "trace" not in doubt.sentence


@pytest.mark.parametrize("changed", [{0: 0.05}, {6: 0.0}])
def test_motion_or_a_moving_gripper_is_fine(changed):
    actions = np.array([RESTING, RESTING])
    for column, value in changed.items():
        actions[1, column] = value
    assert judge_actions(actions, STATS, [LONG]) == []


def test_statistics_without_any_motion_raise_no_doubt():
    flat = statistics([0.0] * 7, [0.0] * 7)
    assert judge_actions(np.zeros((2, 7)), flat) == []


def test_turning_alone_is_doubted_when_the_trace_goes_on():
    actions = moving()
    actions[:, 3], actions[:, 0] = actions[:, 0], 0.0
    assert kinds(actions, traces=[LONG]) == [DoubtKind.ONLY_TURNS]
    assert kinds(actions, traces=[SHORT]) == []


@pytest.mark.parametrize(("rows", "severe"), [(2, False), (4, True), (8, True)])
def test_saturated_rows_are_severe_from_half_of_the_chunk_on(rows, severe):
    actions = moving()
    actions[:rows, :4] = [-0.1, 0.1, -0.0996, 0.0996]  # the outermost bins
    (doubt,) = judge_actions(actions, ARM)
    assert doubt.kind == DoubtKind.SATURATED
    assert doubt.severe == severe
    assert f"{rows} of 8 steps" in doubt.sentence


def test_full_speed_straight_on_is_fine():
    actions = moving()
    actions[:, 0] = 0.1
    assert kinds(actions) == []


def test_all_steps_alike_in_every_direction_are_doubted():
    row = [0.03, 0.02, -0.04, 0.03, -0.02, 0.05, 1.0]
    assert kinds([row] * 8) == [DoubtKind.CONSTANT]
    assert kinds([row] * 3) == []
    assert kinds([[0.03, 0.02, -0.04, 0, 0, 0, 1.0]] * 8) == []


@pytest.mark.parametrize(
    ("gripper", "found"),
    [
        ([1, 1, 1, 0, 0, 0, 0, 0], []),
        ([1, 0, 0, 1, 1, 1, 1, 1], []),
        ([1, 0, 1, 0, 0, 0, 0, 0], [DoubtKind.FLICKER]),
    ],
)
def test_a_gripper_that_opens_and_closes_again_and_again_is_doubted(gripper, found):
    actions = moving()
    actions[:, 6] = gripper
    assert kinds(actions) == found


def test_severe_doubts_come_first_and_are_found_again():
    mild = Doubt(kind=DoubtKind.STILL, sentence="It rests.")
    severe = Doubt(kind=DoubtKind.SATURATED, sentence="It races.", severe=True)
    sentences = texts([mild, severe])
    assert sentences == (f"{SEVERE_BEGINNING}It races.", "It rests.")
    assert severe_texts(sentences) == ("It races.",)
    assert severe_texts(("The image is large.",)) == ()


finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
ranges = hnp.arrays(np.float32, 7, elements=st.floats(-1e6, 1e6, width=32))


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(0, 9), st.just(7)), elements=finite),
    ranges,
    ranges,
    hnp.arrays(np.bool_, 7),
    st.booleans(),
)
def test_no_finite_chunk_makes_the_judge_raise(actions, one, other, mask, traced):
    action = {"q01": np.minimum(one, other), "q99": np.maximum(one, other), "mask": mask}
    stats = read_statistics({"any": {"action": action}})
    before = actions.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doubts = judge_actions(actions, stats, [LONG] if traced else [])
    assert all(doubt.sentence.endswith(".") for doubt in doubts)
    np.testing.assert_array_equal(actions, before)


def test_a_chunk_of_another_arm_is_not_judged():
    assert kinds(np.zeros((2, 8))) == []
