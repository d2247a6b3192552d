"""The guard's cheap checks: limits met exactly, units named, clamping counted, boxes taught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.types import ActionChunk, StudioError
from robot.guard import Limits, Preview, Workspace, clamp, preview
from tests.robot.fake_robot import START, down

BOX = Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
LIMITS = Limits(workspace=BOX)
HERE = down(START)


def judge(actions, limits=LIMITS, rate=5.0, gripper=None):
    rows = np.atleast_2d(np.asarray(actions, dtype=float))
    chunk = ActionChunk(actions=rows, rate_hz=rate)
    return preview(chunk, HERE, HERE, limits, gripper=gripper).verdict


def row(x=0.0, turn=0.0, grip=1.0):
    return [x, 0.0, 0.0, turn, 0.0, 0.0, grip]


@pytest.mark.parametrize(
    ("build", "edge", "rate", "kind"),
    [
        (lambda v: [row(x=v)], 0.05, 5.0, "step"),
        (lambda v: [row(turn=v)], 0.35, 5.0, "step"),
        (lambda v: [row(x=v)], 0.03, 10.0, "speed"),
        (lambda v: [row(x=v / 10 * (-1) ** k) for k in range(10)], 0.4, 5.0, "chunk"),
        (lambda v: [row(turn=v / 10 * (-1) ** k) for k in range(10)], 1.5, 2.0, "chunk"),
        (lambda v: [row(grip=v)], 1.05, 5.0, "gripper"),
        (lambda v: [row(grip=-v)], 0.05, 5.0, "gripper"),
        (lambda v: [row(x=v / 5)] * 5, 0.2, 5.0, "workspace"),
    ],
)
def test_each_limit_is_met_from_both_sides(build, edge, rate, kind):
    assert judge(build(edge - 1e-6), rate=rate).ok
    assert judge(build(edge), rate=rate).ok
    verdict = judge(build(edge + 1e-6), rate=rate)
    assert not verdict.ok
    assert verdict.kind == kind


def test_the_rate_is_met_from_both_sides():
    for rate, ok in ((0.5, True), (0.499, False), (10.0, True), (10.001, False)):
        verdict = judge([row()], rate=rate)
        assert verdict.ok == ok
        assert verdict.kind == ("" if ok else "rate")


@pytest.mark.parametrize("shape", [(3, 6), (7,), (0, 7), (2, 3, 7), (65, 7)])
def test_a_chunk_of_another_shape_is_rejected_even_if_it_got_that_far(shape):
    chunk = ActionChunk(actions=np.zeros((1, 7)))
    object.__setattr__(chunk, "actions", np.zeros(shape))
    assert preview(chunk, HERE, HERE, LIMITS).verdict.kind == "shape"


@pytest.mark.parametrize(
    ("grips", "measured", "allowed", "step"),
    [
        ([1, 1, 0], None, 1, None),
        ([1, 0, 1], None, 1, 2),
        ([1, 0, 1], None, 2, None),
        ([0, 0, 1], 1.0, 1, 2),
        ([0, 0, 0], 1.0, 0, 0),
        ([0, 0, 0], 0.5, 0, None),
        ([1, 1, 1], 0.0, 0, 0),
    ],
)
def test_the_gripper_changes_as_often_as_allowed(grips, measured, allowed, step):
    limits = replace(LIMITS, gripper_changes=allowed)
    verdict = judge([row(grip=g) for g in grips], limits, gripper=measured)
    assert verdict.ok == (step is None)
    assert verdict.step == step


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([row(x=20.0)], "millimetres"),
        ([row(x=0.02, turn=5.0)], "degrees"),
        ([[0.4, -0.9, 0.2, 0.1, 0.0, 0.5, -1.0]], "LIBERO"),
        ([[0.9, 0.2, -0.4, 0.0, 0.0, 0.0, 1.0]], "LIBERO"),
    ],
)
def test_a_wrong_unit_is_named(actions, words):
    verdict = judge(actions)
    assert verdict.kind == "units"
    assert words in verdict.reason
    assert verdict.step == 0


def test_a_long_step_alone_is_no_wrong_unit():
    verdict = judge([row(x=0.1)])
    assert verdict.kind == "step"
    assert "100 mm" in verdict.reason
    assert "look" not in verdict.reason


def test_clamping_shortens_and_counts():
    rows = np.array([[0.3, 0.4, 0, 0, 0, 0, 1.3], [0.01, 0, 0, 0.7, 0, 0, 0.5]]) * 0.2
    rows[:, 6] = [1.3, -0.02]
    rows[1, 3] = 0.7
    chunk, count = clamp(ActionChunk(actions=rows), HERE, LIMITS)
    np.testing.assert_allclose(chunk.actions[0, :3], [0.03, 0.04, 0.0])
    np.testing.assert_allclose(chunk.actions[1, 3], 0.35)
    np.testing.assert_allclose(chunk.actions[:, 6], [1.0, -0.02])
    assert count == 4
    same = ActionChunk(actions=np.array([row(x=0.02)]))
    assert clamp(same, HERE, LIMITS) == (same, 0)


@pytest.mark.parametrize("actions", [[row(x=np.nan)], [row(x=30.0)], [row(x=0.01, turn=8.0)]])
def test_what_has_no_meaning_is_not_clamped(actions):
    chunk = ActionChunk(actions=np.array(actions))
    assert clamp(chunk, HERE, LIMITS) == (chunk, 0)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64, st.tuples(st.integers(1, 6), st.just(7)), elements=st.floats(-0.15, 0.15)
    ),
    st.floats(0.5, 10.0),
)
def test_a_clamped_chunk_keeps_steps_turns_and_speed(actions, rate):
    actions = actions + np.eye(7)[6]  # a closed gripper below 0 would be another unit
    chunk = ActionChunk(actions=actions, rate_hz=rate)
    clamped, count = clamp(chunk, HERE, LIMITS)
    lengths = np.linalg.norm(clamped.actions[:, :3], axis=1)
    assert lengths.max() <= min(LIMITS.step_metres, LIMITS.speed / rate) + 1e-9
    assert np.linalg.norm(clamped.actions[:, 3:6], axis=1).max() <= LIMITS.step_radians + 1e-9
    assert count == (clamped.actions != actions).sum()
    assert clamp(clamped, HERE, LIMITS)[1] <= count
    assert preview(clamped, HERE, HERE, LIMITS).verdict.kind not in ("step", "speed", "units")


def test_a_workspace_is_taught_by_corners():
    corners = np.array([[0.4, -0.2, 0.1], [0.6, 0.2, 0.4], [0.5, 0.25, 0.2]])
    box = Workspace.around(corners, 0.02)
    np.testing.assert_allclose(box.low, [0.38, -0.22, 0.08])
    np.testing.assert_allclose(box.high, [0.62, 0.27, 0.42])
    back = Workspace.from_message(box.to_message())
    np.testing.assert_array_equal(back.low, box.low)
    np.testing.assert_array_equal(back.high, box.high)


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ([[0.4, 0.0, 0.1]], "two corners"),
        ([[0.4, 0.0, 0.1], [0.6, 0.01, 0.4]], "along y"),
        ([[0.4, 0.0, np.nan], [0.6, 0.2, 0.4]], "not known"),
        ([[-0.2, -0.2, 0.1], [0.6, 0.2, 0.4]], "base"),
        ([[2.0, -0.2, 0.1], [2.6, 0.2, 0.4]], "reaches"),
    ],
)
def test_a_box_that_makes_no_sense_is_refused(corners, words):
    with pytest.raises(StudioError, match=words):
        Workspace.around(np.array(corners), 0.0)


def test_a_box_begins_above_the_table():
    BOX.require_sensible(table=0.02)
    with pytest.raises(StudioError, match="10 mm below the table"):
        BOX.require_sensible(table=0.04)
    for message in ({}, {"low": [0, 0], "high": [1, 1]}, {"low": "a", "high": "b"}, None):
        with pytest.raises(StudioError):
            Workspace.from_message(message)


def test_an_older_rig_says_less():
    poses = np.eye(4)[None]
    old = {"poses": poses, "ok": False, "reason": "No.", "step": 2}
    back = Preview.from_message(old)
    assert back.verdict.step == 2
    assert (back.verdict.kind, back.joints, back.digest, back.clamped) == ("", None, "", 0)
