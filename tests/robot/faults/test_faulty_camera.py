"""Cameras that go wrong: what a watchdog can tell them by."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from core.types import Frame
from robot.base import CameraError
from robot.faults.camera import DELAY_SECONDS, FaultyCamera
from robot.faults.kinds import FaultKind
from robot.faults.plan import Injection


class CountingCamera:
    """Each picture is filled with its number, plus a hundred for the second camera."""

    model = None

    def __init__(self, name, clock, base=0):
        self.name = name
        self.closed = False
        self._clock, self._base, self._count = clock, base, 0

    def read(self, timeout):
        seq, self._count = self._count, self._count + 1
        image = np.full((8, 12, 3), self._base + seq, np.uint8)
        return Frame(camera=self.name, image=image, t_ns=round(1e9 * self._clock()), seq=seq)

    def close(self):
        self.closed = True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cameras(clock):
    newest = {}
    made = [CountingCamera("front", clock), CountingCamera("wrist", clock, 100)]
    return [FaultyCamera(camera, newest, clock) for camera in made]


def fault(kind, seconds=1.0):
    return Injection(kind=kind, at=0.0, seconds=seconds)


def value(frame):
    return int(frame.image[0, 0, 0])


def test_without_a_fault_the_pictures_pass_unchanged(cameras):
    frames = [cameras[0].read(0.0) for _ in range(3)]
    assert [(value(f), f.seq, f.camera) for f in frames] == [(k, k, "front") for k in range(3)]


def test_a_frozen_camera_repeats_its_pixels_under_new_numbers(cameras, clock):
    cameras[0].read(0.0)
    cameras[0].begin(fault(FaultKind.CAMERA_FREEZE))
    clock.now = 0.5
    frames = [cameras[0].read(0.0) for _ in range(3)]
    assert [value(f) for f in frames] == [0, 0, 0]
    assert [f.seq for f in frames] == [1, 2, 3]
    assert frames[0].t_ns == 5e8
    clock.now = 1.0
    assert value(cameras[0].read(0.0)) == 4
    cameras[0].begin(fault(FaultKind.CAMERA_FREEZE))  # a second time it freezes at what is new
    assert [value(cameras[0].read(0.0)) for _ in range(2)] == [4, 4]


def test_a_camera_that_freezes_before_its_first_picture_freezes_there(cameras):
    cameras[0].begin(fault(FaultKind.CAMERA_FREEZE))
    assert [value(cameras[0].read(0.0)) for _ in range(2)] == [0, 0]


def test_a_dropped_camera_is_silent_and_an_unplugged_one_says_so(cameras, clock):
    cameras[0].begin(fault(FaultKind.CAMERA_DROP))
    assert cameras[0].read(0.0) is None
    assert value(cameras[1].read(0.0)) == 100
    clock.now = 1.0
    assert cameras[0].read(0.0) is not None
    cameras[0].begin(fault(FaultKind.CAMERA_UNPLUG))
    with pytest.raises(CameraError, match="still plugged in"):
        cameras[0].read(0.0)
    clock.now = 2.0
    assert cameras[0].read(0.0) is not None


def test_swapped_cameras_show_each_others_pictures(cameras, clock):
    for camera in cameras:
        camera.read(0.0)
    cameras[0].begin(fault(FaultKind.CAMERA_SWAP), "wrist")
    cameras[1].begin(fault(FaultKind.CAMERA_SWAP), "front")
    front, wrist = cameras[0].read(0.0), cameras[1].read(0.0)
    assert (front.camera, value(front), front.seq) == ("front", 100, 1)
    assert (wrist.camera, value(wrist), wrist.seq) == ("wrist", 1, 1)
    clock.now = 1.0
    assert value(cameras[0].read(0.0)) == 2


def test_a_delayed_camera_keeps_the_times_of_capture(cameras, clock):
    cameras[0].begin(fault(FaultKind.CAMERA_DELAY, 2 * DELAY_SECONDS))
    ages = []
    for tick in range(20):
        clock.now = 0.1 * DELAY_SECONDS * tick
        frame = cameras[0].read(0.0)
        if frame is not None:
            ages.append(clock.now - 1e-9 * frame.t_ns)
    assert len(ages) == 10
    assert ages == pytest.approx([DELAY_SECONDS] * 10, rel=0.11)
    clock.now = 2 * DELAY_SECONDS
    assert cameras[0].read(0.0).t_ns == 2e9 * DELAY_SECONDS
    clock.now = 10 * DELAY_SECONDS
    cameras[0].begin(fault(FaultKind.CAMERA_DELAY))
    assert cameras[0].read(0.0) is None  # nothing is left over from the first time


def test_no_pictures_are_kept_after_a_delay(cameras, clock):
    cameras[0].begin(fault(FaultKind.CAMERA_DELAY, DELAY_SECONDS))
    assert cameras[0].read(0.0) is None
    kept = weakref.ref(cameras[0]._queue[0][1].image)
    clock.now = 2 * DELAY_SECONDS
    cameras[0].read(0.0)
    cameras[0].read(0.0)  # the newest one is the camera's own
    assert kept() is None


def test_the_wrong_size_is_half(cameras):
    cameras[0].begin(fault(FaultKind.CAMERA_SIZE))
    assert cameras[0].read(0.0).image.shape == (4, 6, 3)


def test_closing_closes_the_camera_inside():
    inner = CountingCamera("front", Clock())
    FaultyCamera(inner, {}).close()
    assert inner.closed
