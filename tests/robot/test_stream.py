"""Targets of a path, and which of them are handed over when."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.path import integrate
from robot.stream import HORIZON_SECONDS, Stream
from robot.stream_path import BRAKING_SHARE, SPIN, passing_twists, resting_path, stream_path, ways
from tests.robot.fake_robot import START, down

ACCELERATIONS = (0.9, 1.7)


def path(*steps, seconds=0.2):
    """Return targets along steps of (x, y, z, rx, ry, rz)."""
    actions = np.zeros((len(steps), 7))
    actions[:, :6] = [(*step, *([0.0] * (6 - len(step)))) for step in steps]
    return stream_path(integrate(down(START), actions), seconds, ACCELERATIONS)


def test_targets_come_at_ten_hertz_and_keep_the_poses():
    made = path((0.03, 0, 0), (0, 0.03, 0), seconds=0.2)
    assert made.seconds == pytest.approx(0.1)
    assert made.steps.tolist() == [0, 0, 1, 1, 2]
    np.testing.assert_allclose(made.poses[2, :3, 3], [0.53, 0, 0.25], atol=1e-12)
    np.testing.assert_allclose(made.poses[3, :3, 3], [0.53, 0.015, 0.25], atol=1e-12)
    assert path((0.01, 0, 0), seconds=0.1).steps.tolist() == [0, 1]


def test_a_straight_path_is_passed_at_its_speed():
    twists = path(*[(0.02, 0, 0)] * 6).twists
    assert not twists[[0, -1]].any()
    np.testing.assert_allclose(twists[2:-2, 0], 0.1)


def test_an_axis_that_turns_back_rests_there():
    twists = path((0.02, 0.01, 0), (-0.02, 0.01, 0)).twists
    assert twists[2, 0] == 0.0
    assert twists[2, 1] == pytest.approx(0.05)


step = st.tuples(*[st.floats(-0.05, 0.05)] * 3, *[st.floats(-0.3, 0.3)] * 3)


@given(st.lists(step, min_size=1, max_size=6), st.sampled_from([0.1, 0.2, 1.0]))
@settings(max_examples=60, deadline=None)
def test_every_speed_can_be_gained_and_lost_between_two_targets(steps, seconds):
    made = path(*steps, seconds=seconds)
    way = ways(made.poses)
    gain = 2.0 * BRAKING_SHARE * np.repeat(ACCELERATIONS, 3) * np.abs(way)
    squares = made.twists**2
    assert (np.abs(np.diff(squares, axis=0)) <= gain + 1e-9).all()
    spin = np.linalg.norm(np.cross(way[:-1, 3:], made.twists[1:-1, 3:]), axis=1)
    assert (0.5 * spin <= SPIN + 1e-9).all()


def test_an_axis_never_passes_faster_than_twice_its_slower_neighbour():
    poses = path((0.001, 0, 0), (0.04, 0, 0)).poses
    twists = passing_twists(poses, 0.1, ACCELERATIONS)
    assert 0.0 < twists[2, 0] < 2 * 0.005


def test_targets_are_handed_over_only_a_little_ahead():
    made = path(*[(0.02, 0, 0)] * 8)
    stream = Stream(made, 0.0)
    window = stream.take()
    ahead = round(HORIZON_SECONDS / made.seconds)
    assert len(window.poses) == ahead + 1
    assert not window.twists[-1].any()  # without another window the arm rests there
    assert not stream.complete
    assert not stream.due


def test_a_window_is_replaced_as_the_arm_goes_on():
    made = path(*[(0.02, 0, 0)] * 8)
    stream = Stream(made, 0.0)
    stream.take()
    reached = []
    for tick, here in enumerate(made.poses):
        stream.see(here, 0.1 * tick)
        if stream.due:
            window = stream.take()
            np.testing.assert_array_equal(window.poses[0], here)
            np.testing.assert_allclose(window.twists[1, 0], made.twists[tick + 1, 0])
        reached.append(stream.steps_passed)
    assert reached == [k // 2 for k in range(17)]
    assert stream.complete
    assert not stream.due


def test_what_was_not_handed_over_is_not_passed():
    made = path(*[(0.02, 0, 0)] * 8)
    stream = Stream(made, 0.0)
    stream.take()
    stream.see(made.poses[-1], 9.0)
    assert stream.steps_passed == round(HORIZON_SECONDS / made.seconds) // 2


def test_an_arm_that_came_to_rest_goes_on_from_the_end_of_its_window():
    made = path(*[(0.02, 0, 0)] * 8)
    stream = Stream(made, 0.0)
    last = stream.take().poses[-1]
    stream.rest()
    assert stream.due
    np.testing.assert_array_equal(stream.take().poses[0], last)


def test_a_pause_takes_its_time():
    made = path((0, 0, 0), (0.02, 0, 0))
    stream = Stream(made, 5.0)
    stream.take()
    stream.see(made.poses[0], 5.05)
    assert stream.steps_passed == 0
    stream.see(made.poses[0], 5.11)
    stream.see(made.poses[0], 5.22)
    assert stream.steps_passed == 1


def test_turns_count_as_progress():
    made = path((0, 0, 0, 0, 0, 0.2), seconds=0.1)
    stream = Stream(made, 0.0)
    stream.take()
    stream.see(made.poses[0], 1.0)
    assert stream.steps_passed == 0
    stream.see(made.poses[1], 1.0)
    assert stream.steps_passed == 1


def test_a_path_with_rests_is_handed_over_at_once():
    poses = integrate(down(START), np.full((3, 7), 0.01))
    stream = Stream(resting_path(poses, 0.2), 0.0)
    stream.take_all()
    assert stream.complete
    stream.see(poses[2], 0.5)
    assert stream.steps_passed == 2
