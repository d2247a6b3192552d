"""Which motions are built for a path of poses."""

from __future__ import annotations

import numpy as np
import pytest

from robot.path import integrate
from tests.robot.fake_robot import START, down

pytest.importorskip("franky")

from robot.franka_motion import can_flow, flowing_motion, rest_to_rest_time, resting_motion

TRANSLATION = (0.5, 4.0, 2000.0)
ROTATION = (0.75, 7.5, 3750.0)


def path(steps, **columns):
    actions = np.zeros((steps, 7))
    for name, value in columns.items():
        actions[:, ("x", "y", "z", "rx", "ry", "rz").index(name)] = value
    return integrate(down(START), actions)


def test_paths_that_turn_do_not_flow():
    assert can_flow(path(4, x=0.03))
    assert not can_flow(path(4, x=0.03, rz=0.02))


def test_a_flowing_motion_arrives_at_rest():
    poses = path(3, y=0.03)
    waypoints = flowing_motion(poses, 0.2, 0.5).waypoints
    assert [w.minimum_time.to_msec() for w in waypoints] == [200, 200, 200]
    speeds = [w.target.velocity.end_effector_twist.linear[1] for w in waypoints]
    np.testing.assert_allclose(speeds, [0.15, 0.15, 0.0], atol=1e-9)
    last = waypoints[-1].target.pose.end_effector_pose
    np.testing.assert_allclose(last.matrix, poses[-1], atol=1e-9)


def test_poses_are_passed_well_below_the_limit():
    waypoints = flowing_motion(path(2, x=0.04), 0.1, 0.2).waypoints
    assert waypoints[0].target.velocity.end_effector_twist.linear[0] == pytest.approx(0.1)


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
