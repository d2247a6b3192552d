"""Watchdogs with a clock that stands: old, frozen and stuck pictures, old states, clock jumps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Frame, RobotState
from robot.rig.watchdogs import (
    LAB_WATCH,
    REAL_WATCH,
    CameraWatch,
    ClockWatch,
    Way,
    same_picture,
    state_fault,
)
from tests.robot.fake_robot import down

NOISE = np.random.default_rng(3)


def picture(value=None):
    if value is not None:
        return np.full((48, 64, 3), value, np.uint8)
    return NOISE.integers(0, 255, (48, 64, 3), dtype=np.uint8)


def frame(seq, at, image=None):
    image = picture() if image is None else image
    return Frame(camera="front", image=image, t_ns=int(at * 1e9), seq=seq)


def state(at, x=0.5):
    pose = down(np.array([x, 0.0, 0.25]))
    return RobotState(q=np.zeros(7), ee_pose=pose, gripper=1.0, t_ns=int(at * 1e9))


def resting():
    way = Way()
    for step in range(200):
        way.add(state(step / 10.0))
    return way


def moving(speed=0.1):
    way = Way()
    for step in range(200):
        way.add(state(step / 10.0, 0.5 + speed * step / 10.0))
    return way


def film(limits, count, rate, image=None, start=1.0):
    """Return a camera that has delivered pictures, and when the last one came."""
    watch = CameraWatch("front", limits)
    for seq in range(count):
        at = start + seq / rate
        watch.see(frame(seq, at, image), at)
    return watch, start + (count - 1) / rate


def test_no_picture_yet_is_no_picture():
    assert "not delivered" in CameraWatch("front", REAL_WATCH).judge(1.0, resting())


def test_a_living_camera_is_fine():
    watch, last = film(REAL_WATCH, 60, 30.0)
    assert watch.judge(last + 0.1, moving()) == ""


@pytest.mark.parametrize("limits", [REAL_WATCH, LAB_WATCH])
def test_an_old_picture_is_named_with_its_age(limits):
    watch, last = film(limits, 10, 30.0)
    assert watch.judge(last + 0.95 * limits.frame_seconds, resting()) == ""
    assert "camera 'front' is" in watch.judge(last + 1.05 * limits.frame_seconds, resting())


def test_a_picture_that_was_old_when_it_came_is_old():
    watch = CameraWatch("front", REAL_WATCH)
    watch.see(frame(0, 1.0), 1.5)
    assert "500 ms old" in watch.judge(1.5, resting())


def test_a_counter_that_stands_is_an_old_picture_whatever_its_stamp():
    watch = CameraWatch("front", REAL_WATCH)
    for at in np.arange(1.0, 2.0, 0.03):
        watch.see(frame(7, at), at)
    assert "old" in watch.judge(2.0, resting())


def test_equal_pictures_of_a_resting_arm_freeze_a_real_camera_only():
    image = picture(90)
    watch, last = film(REAL_WATCH, 60, 30.0, image)
    assert "frozen" in watch.judge(last, resting())
    watch, last = film(LAB_WATCH, 60, 30.0, image)
    assert watch.judge(last, resting()) == ""


def test_equal_pictures_of_a_moving_arm_freeze_any_camera_soon():
    for limits in (REAL_WATCH, LAB_WATCH):
        watch, last = film(limits, 8, 30.0, picture(90))
        assert "frozen" in watch.judge(last, moving())
        assert watch.judge(last, moving(0.01)) == ""  # hardly moved between the pictures


def test_a_picture_behind_the_arm_is_not_a_frozen_one():
    """The arm has moved since, but not while the equal pictures were taken."""
    way = Way()
    for step in range(100):
        way.add(state(step / 10.0, 0.5 if step < 50 else 0.7))
    watch, _ = film(LAB_WATCH, 8, 10.0, picture(90), start=4.0)
    assert watch.judge(5.5, way) == ""


def test_a_camera_that_moves_on_is_trusted_again():
    watch, last = film(REAL_WATCH, 60, 30.0, picture(90))
    watch.see(frame(60, last + 0.03), last + 0.03)
    assert watch.judge(last + 0.05, moving()) == ""


def test_one_changed_pixel_is_another_picture():
    one = picture(90)
    other = one.copy()
    other[17, 40, 1] += 1
    assert same_picture(one, one)
    assert same_picture(one, one.copy())
    assert not same_picture(one, other)
    assert not same_picture(one, one[:24])


@pytest.mark.parametrize("limits", [REAL_WATCH, LAB_WATCH])
def test_an_old_state_is_named_with_its_age(limits):
    assert state_fault(None, 5.0, limits)
    assert state_fault(state(5.0), 5.0 + 0.9 * limits.state_seconds, limits) == ""
    assert "state is" in state_fault(state(5.0), 5.0 + 1.1 * limits.state_seconds, limits)


def test_clock_jumps_are_told_once():
    clock = ClockWatch(replace(LAB_WATCH, jump_seconds=1.0))
    assert clock.judge(10.0, 1e9) == ""
    assert clock.judge(10.1, 1e9 + 0.1) == ""
    assert clock.judge(10.2, 1e9 + 0.9) == ""  # slowly put right
    assert "+60.0 s" in clock.judge(10.3, 1e9 + 61.0)
    assert clock.judge(10.4, 1e9 + 61.1) == ""
    assert "-3600.0 s" in clock.judge(10.5, 1e9 - 3538.8)


@given(st.lists(st.floats(0.001, 5.0), min_size=1, max_size=50))
def test_steady_clocks_never_jump(gaps):
    clock, now = ClockWatch(REAL_WATCH), 0.0
    for gap in gaps:  # however rarely it is looked at
        now += gap
        assert clock.judge(now, 1.6e9 + now) == ""
