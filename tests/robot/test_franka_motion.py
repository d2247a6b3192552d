"""Which motions are built for a path of poses."""

from __future__ import annotations

import numpy as np
import pytest

from robot.path import integrate
from robot.stream import Stream
from robot.stream_path import stream_path
from tests.robot.fake_robot import START, down

pytest.importorskip("franky")

from robot.franka_motion import (
    HEADROOM,
    rest_to_rest_time,
    resting_motion,
    streaming_motion,
)

TRANSLATION = (0.5, 4.0, 2000.0)
ROTATION = (0.75, 7.5, 3750.0)


def path(steps, **columns):
    actions = np.zeros((steps, 7))
    for name, value in columns.items():
        actions[:, ("x", "y", "z", "rx", "ry", "rz").index(name)] = value
    return integrate(down(START), actions)


SPEEDS = (0.9, 0.75)
SHARES = (0.3, 0.03)


def windows(poses, seconds=0.2):
    made = stream_path(poses, seconds, (0.9, 1.7))
    stream = Stream(made, 0.0)
    return stream.take()


def test_a_streamed_motion_arrives_at_rest():
    poses = path(2, y=0.03)
    waypoints = streaming_motion(windows(poses), SPEEDS, SHARES).waypoints
    assert len(waypoints) == 4
    speeds = [w.target.velocity.end_effector_twist.linear[1] for w in waypoints]
    assert speeds[0] == pytest.approx(0.127, abs=0.001)
    assert speeds[1] == pytest.approx(0.15)
    assert speeds[-1] == 0.0
    last = waypoints[-1].target.pose.end_effector_pose
    np.testing.assert_allclose(last.matrix, poses[-1], atol=1e-9)


def test_the_velocity_limit_is_what_makes_a_step_take_its_time():
    waypoints = streaming_motion(windows(path(6, x=0.03)), SPEEDS, SHARES).waypoints
    factor = waypoints[2].relative_dynamics_factor
    assert factor.velocity == pytest.approx(HEADROOM * 0.15 / 0.9)
    assert (factor.acceleration, factor.jerk) == SHARES
    assert waypoints[2].minimum_time is None


def test_a_target_is_never_passed_faster_than_its_limit():
    poses = path(3, x=0.002, rz=0.03)
    poses[2:, 0, 3] += 0.03
    window = windows(poses)
    for before, w in zip(
        window.twists, streaming_motion(window, SPEEDS, SHARES).waypoints, strict=False
    ):
        limit = w.relative_dynamics_factor.velocity * SPEEDS[0]
        assert abs(before[0]) < limit
        assert abs(w.target.velocity.end_effector_twist.linear[0]) < limit


def test_a_streamed_step_without_motion_waits():
    waypoints = streaming_motion(windows(path(1)), SPEEDS, SHARES).waypoints
    assert [w.hold_target_duration.to_msec() for w in waypoints] == [100, 100]


def test_a_resting_motion_is_slowed_to_the_time_of_a_step():
    waypoints = resting_motion(path(2, x=0.02, rz=0.05), 0.2, TRANSLATION, ROTATION).waypoints
    factor = waypoints[0].relative_dynamics_factor
    shortest = rest_to_rest_time(0.02, *TRANSLATION)
    assert factor.velocity == pytest.approx(max(shortest, rest_to_rest_time(0.05, *ROTATION)) / 0.2)
    assert factor.jerk == pytest.approx(factor.velocity**3)


def test_a_step_without_motion_waits():
    waypoints = resting_motion(path(1), 0.25, TRANSLATION, ROTATION).waypoints
    assert waypoints[0].hold_target_duration.to_msec() == 250


@pytest.mark.parametrize("distance", [1e-5, 1e-3, 0.03, 0.2, 2.0])
@pytest.mark.parametrize("limits", [(0.5, 4.0, 2000.0), (0.5, 4.0, 20.0), (0.05, 9.0, 30.0)])
def test_the_least_time_agrees_with_ruckig(distance, limits):
    ruckig = pytest.importorskip("ruckig")
    asked = ruckig.InputParameter(1)
    asked.current_position, asked.target_position = [0.0], [distance]
    asked.max_velocity, asked.max_acceleration, asked.max_jerk = ([v] for v in limits)
    trajectory = ruckig.Trajectory(1)
    ruckig.Ruckig(1).calculate(asked, trajectory)
    assert rest_to_rest_time(distance, *limits) == pytest.approx(trajectory.duration, rel=1e-6)
