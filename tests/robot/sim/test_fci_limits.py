"""Each published limit, with a signal made to break it and one that keeps to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.path import rotation_matrix
from robot.sim.fci_limits import (
    JOINT_HIGH,
    JOINT_VELOCITY,
    FciLimits,
    joint_velocity_bounds,
    turn_between,
)

HOME = np.array([0.0, 0.0, 0.0, -1.6, 0.0, 2.5, 0.8])
CARTESIAN = "cartesian_motion_generator"
JOINT = "joint_motion_generator"


def travel(accelerations):
    """Return the places that accelerations (one per tick) lead to from rest."""
    return 1e-6 * np.cumsum(np.cumsum(accelerations))


def there_and_rest(peak, ramp, cruise=0):
    """Return accelerations of a motion from rest to rest: up and down in ``ramp`` ticks."""
    push = np.concatenate([np.linspace(0, peak, ramp + 1)[1:], np.linspace(peak, 0, ramp + 1)[1:]])
    return np.concatenate([push, np.zeros(cruise), -push, np.zeros(3)])


def pose(x=0.0, turned=0.0):
    made = np.eye(4)
    made[0, 3] = 0.4 + x
    made[:3, :3] = rotation_matrix(np.array([0.0, 0.0, turned])) @ np.diag([1.0, -1.0, -1.0])
    return made


def judge(signal, what, *, cartesian=True, ticks=None, elbow=False, end=True):
    """Return the limits after a motion whose translation, rotation or one joint is the signal."""
    limits = FciLimits()
    limits.begin(pose(), HOME, cartesian=cartesian)
    for tick in range(len(signal)) if ticks is None else ticks:
        value, q, place = signal[tick], HOME.copy(), pose()
        if what == "translation":
            place = pose(x=value)
        elif what == "rotation":
            place = pose(turned=value)
        else:
            q[what] += value
        limits.command(1000 + tick, place, q, 1e-3 * tick, elbow=elbow)
    if end:
        limits.end(0.0)
    return limits


SMOOTH = travel(there_and_rest(4.0, 20, cruise=100))


@pytest.mark.parametrize("what", ["translation", "rotation", 0, 6])
@pytest.mark.parametrize("cartesian", [True, False])
def test_a_smooth_motion_is_not_blamed(what, cartesian):
    limits = judge(SMOOTH, what, cartesian=cartesian)
    assert not limits.found
    assert limits.count == 0
    row = {"translation": 0, "rotation": 1}.get(what, 2)
    np.testing.assert_allclose(limits.peaks[row, 1], 4.0, rtol=1e-3)


@pytest.mark.parametrize(
    ("what", "signal", "name", "limit"),
    [
        ("translation", travel(there_and_rest(8.0, 400)), "velocity_limits_violation", 3.0),
        ("rotation", travel(there_and_rest(14.0, 200)), "velocity_limits_violation", 2.5),
        ("translation", travel(there_and_rest(9.5, 10)), "velocity_discontinuity", 9.0),
        ("rotation", travel(there_and_rest(18.0, 10)), "velocity_discontinuity", 17.0),
        ("translation", travel(there_and_rest(5.0, 1)), "acceleration_discontinuity", 4500.0),
        ("rotation", travel(there_and_rest(9.0, 1)), "acceleration_discontinuity", 8500.0),
        (0, travel(there_and_rest(9.0, 310)), "joint_velocity_limits_violation", 2.62),
        (2, travel(there_and_rest(10.5, 10)), "joint_velocity_discontinuity", 10.0),
        (2, travel(there_and_rest(6.0, 1)), "joint_acceleration_discontinuity", 5000.0),
    ],
)
def test_each_cartesian_limit_is_named(what, signal, name, limit):
    limits = judge(signal, what)
    fault = limits.found[f"{CARTESIAN}_{name}"]
    assert abs(fault.value) > fault.limit == pytest.approx(limit)
    assert fault.what == (what if isinstance(what, str) else f"joint {what + 1}")
    assert len(limits.found) == 1  # no other limit is blamed


@pytest.mark.parametrize(
    ("joint", "signal", "name"),
    [
        (0, travel(there_and_rest(9.0, 310)), "velocity_limits_violation"),
        (5, travel(there_and_rest(10.5, 10)), "velocity_discontinuity"),
        (3, travel(there_and_rest(6.0, 1)), "acceleration_discontinuity"),
        (3, travel(there_and_rest(8.0, 200, cruise=900)), "position_limits_violation"),
    ],
)
def test_each_joint_limit_is_named(joint, signal, name):
    found = judge(signal, joint, cartesian=False).found
    assert found[f"{JOINT}_{name}"].what == f"joint {joint + 1}"


def test_the_elbow_has_limits_of_its_own():
    fast = travel(there_and_rest(6.0, 280))
    assert f"{CARTESIAN}_elbow_limit_violation" in judge(fast, 2, elbow=True).found
    assert not judge(fast, 2, elbow=False).found


def test_a_motion_begins_where_the_arm_is_and_ends_at_rest():
    jumped = judge(0.05 + np.zeros(10), "translation").found
    assert set(jumped) == {"cartesian_position_motion_generator_start_pose_invalid"}
    turned = judge(0.05 + np.zeros(10), 1, cartesian=False).found
    assert set(turned) == {"joint_position_motion_generator_start_pose_invalid"}
    half = SMOOTH[: len(SMOOTH) // 2]
    assert not judge(half, "translation", end=False).found
    assert f"{CARTESIAN}_velocity_discontinuity" in judge(half, "translation").found


def test_an_arm_that_is_stopped_brakes_by_itself():
    limits = judge(SMOOTH[:100], "translation", end=False)
    limits.drop()
    limits.end(0.0)
    assert not limits.found
    assert not limits.rates.any()


@given(lost=st.sets(st.integers(1, len(SMOOTH) - 2), max_size=150))
@settings(max_examples=60, deadline=None)
def test_lost_ticks_are_not_the_clients_fault(lost):
    ticks = [tick for tick in range(len(SMOOTH)) if tick not in lost]
    assert not judge(SMOOTH, "translation", ticks=ticks).found
    assert not judge(SMOOTH, 3, ticks=ticks).found


def test_a_jump_is_seen_across_lost_ticks():
    signal = SMOOTH.copy()
    signal[80:] += 0.002
    ticks = [tick for tick in range(len(signal)) if not 78 <= tick < 82]
    assert judge(signal, "translation", ticks=ticks).found


def test_a_mode_that_cannot_be_judged_counts():
    limits = FciLimits()
    limits.unknown(1.0)
    assert limits.count == 1
    assert "mode_not_judged" in limits.found


def test_joints_are_slower_near_their_ends():
    low, high = joint_velocity_bounds(HOME)
    np.testing.assert_allclose(high, JOINT_VELOCITY)
    np.testing.assert_allclose(low, -JOINT_VELOCITY)
    _, near = joint_velocity_bounds(JOINT_HIGH - 0.01)
    assert (near < 0.3 * JOINT_VELOCITY).all()
    _, at_end = joint_velocity_bounds(JOINT_HIGH)
    assert not at_end.any()


@given(st.lists(st.floats(-0.005, 0.005), min_size=3, max_size=3))
def test_small_turns_are_measured_exactly(vector):
    before = rotation_matrix(np.array([0.3, -2.0, 0.7]))
    after = rotation_matrix(np.array(vector)) @ before
    np.testing.assert_allclose(turn_between(before, after), vector, atol=1e-11)
