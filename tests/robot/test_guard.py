"""Nothing outside the limits passes the guard, and what it says names the fault."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.types import ActionChunk, StudioError
from robot.guard import Limits, Preview, RejectedError, Workspace, first_steps, preview
from tests.robot.fake_robot import START, down

BOX = Workspace(low=np.array([0.3, -0.3, 0.03]), high=np.array([0.7, 0.3, 0.5]))
LIMITS = Limits(workspace=BOX)
HERE = down(START)


def judge(actions, limits=LIMITS, rate=5.0, start=HERE, measured=HERE):
    rows = np.atleast_2d(np.asarray(actions, dtype=float))
    return preview(ActionChunk(actions=rows, rate_hz=rate), start, measured, limits)


def step(**values):
    names = ("x", "y", "z", "rx", "ry", "rz", "grip")
    row = np.zeros(7)
    for name, value in values.items():
        row[names.index(name)] = value
    return row


def test_an_ordinary_chunk_passes():
    result = judge([step(x=0.03, grip=1.0)] * 6)
    assert result.verdict.ok
    assert result.verdict.reason == ""
    np.testing.assert_allclose(result.poses[-1, :3, 3], START + np.array([0.18, 0.0, 0.0]))


@pytest.mark.parametrize(
    ("actions", "rate", "words", "number"),
    [
        ([step(), step(x=np.nan)], 5.0, "no finite number", 1),
        ([step(), step(), step(grip=np.inf)], 5.0, "no finite number", 2),
        ([step(), step(x=0.051)], 5.0, "51 mm", 1),
        ([step(x=0.04)], 10.0, "at most 30 mm", 0),
        ([step(rz=0.4)], 5.0, "degrees", 0),
        ([step(grip=1.2)], 5.0, "gripper", 0),
        ([step(grip=-0.5)], 5.0, "gripper", 0),
        ([step(x=0.03), step(x=-0.03)] * 7, 5.0, "in all", None),
        ([step(rx=0.3), step(rx=-0.3)] * 3, 5.0, "degrees in all", None),
        ([step(z=-0.045)] * 6, 5.0, "leaves the workspace: z would be 0.025", 4),
        ([step()], 20.0, "20 Hz", None),
    ],
)
def test_each_limit_rejects_with_reason_and_step(actions, rate, words, number):
    verdict = judge(actions, rate=rate).verdict
    assert not verdict.ok
    assert words in verdict.reason
    assert verdict.step == number
    with pytest.raises(RejectedError):
        verdict.require()


def test_without_a_workspace_nothing_passes():
    assert "workspace" in judge([step()], limits=Limits()).verdict.reason


def test_an_arm_that_is_held_elsewhere_is_not_driven():
    elsewhere = down(START + np.array([0.0, 0.05, 0.0]))
    assert "away from" in judge([step()], measured=elsewhere).verdict.reason
    assert not judge([step()], measured=np.full((4, 4), np.nan)).verdict.ok
    assert not judge([step()], start=np.full((4, 4), np.nan)).verdict.ok


def test_an_arm_outside_the_workspace_may_come_back():
    outside = down(np.array([0.5, 0.0, 0.52]))
    assert judge([step(z=-0.04)], start=outside, measured=outside).verdict.ok
    assert not judge([step(z=0.01)], start=outside, measured=outside).verdict.ok


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.just(7)), elements=st.floats(-0.1, 1.0))
    | hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.just(7))),
    st.floats(0.1, 100.0),
)
def test_what_passes_keeps_every_limit(actions, rate):
    result = judge(actions, rate=rate)
    if not result.verdict.ok:
        assert result.verdict.reason.endswith(".")
        return
    points = result.poses[:, :3, 3]
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert (points >= BOX.low - 1e-6).all()
    assert (points <= BOX.high + 1e-6).all()
    assert lengths.max() <= LIMITS.step_metres + 1e-6
    assert lengths.max() * rate <= LIMITS.speed + 1e-6
    assert lengths.sum() <= LIMITS.chunk_metres + 1e-6


def test_the_first_steps_of_a_chunk():
    chunk = ActionChunk(actions=np.zeros((3, 7)))
    assert first_steps(chunk, None) is chunk
    assert len(first_steps(chunk, 2).actions) == 2
    for steps in (0, 4, -1):
        with pytest.raises(RejectedError):
            first_steps(chunk, steps)


def test_a_workspace_is_read_from_text():
    box = Workspace.parse("0.3,-0.3,0.02,0.7,0.3,0.5")
    np.testing.assert_allclose(box.high, [0.7, 0.3, 0.5])
    for text in ("", "1,2,3", "a,b,c,d,e,f", "0,0,0,1,1,nan", "1,0,0,0,1,1"):
        with pytest.raises(StudioError):
            Workspace.parse(text)


def test_a_preview_travels():
    result = judge([step(x=0.2)])
    back = Preview.from_message(result.to_message())
    assert back.verdict == result.verdict
    np.testing.assert_array_equal(back.poses, result.poses)
