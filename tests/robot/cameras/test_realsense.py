"""A RealSense camera without one: its library is played."""

from __future__ import annotations

import sys
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from core.camera import CameraModel
from robot.base import CameraError
from robot.cameras.realsense import RealSenseCamera
from robot.rig.camera_options import open_camera


class Library(ModuleType):
    """The parts of pyrealsense2 that are used, spelled as version 2.59 spells them."""

    def __init__(self):
        super().__init__("pyrealsense2")
        self.plugged = True
        self.frames = 0
        self.domain = "global"
        self.late_ms = 40.0
        self.silent = False
        self.started = []
        self.stream = SimpleNamespace(color="colour")
        self.format = SimpleNamespace(rgb8="rgb8")
        self.camera_info = SimpleNamespace(serial_number="serial")
        self.timestamp_domain = SimpleNamespace(
            global_time="global", system_time="system", hardware_clock="hardware"
        )

    def config(self):
        wishes = []
        return SimpleNamespace(
            wishes=wishes,
            enable_device=lambda serial: wishes.append(serial),
            enable_stream=lambda *values: wishes.append(values),
        )

    def context(self):
        devices = [SimpleNamespace(get_info=lambda _: "123")] if self.plugged else []
        return SimpleNamespace(query_devices=lambda: devices)

    def pipeline(self):
        return Pipeline(self)


class Pipeline:
    def __init__(self, library):
        self.library = library

    def start(self, config):
        if not self.library.plugged:
            raise RuntimeError("No device connected")
        self.library.started.append(config.wishes)

    def stop(self):
        if not self.library.plugged:
            raise RuntimeError("stop() cannot be called before start()")

    def try_wait_for_frames(self, timeout_ms):
        if self.library.silent or not self.library.plugged:
            return False, None
        self.library.frames += 1
        image = np.full((480, 640, 3), self.library.frames, np.uint8)
        colour = SimpleNamespace(
            get_data=lambda: image,
            get_timestamp=lambda: 1e3 * time.time() - self.library.late_ms,
            get_frame_timestamp_domain=lambda: self.library.domain,
        )
        return True, SimpleNamespace(get_color_frame=lambda: colour)


@pytest.fixture
def library(monkeypatch):
    made = Library()
    monkeypatch.setitem(sys.modules, "pyrealsense2", made)
    return made


def test_colour_pictures_come_with_their_time_of_capture(library):
    camera = open_camera("front", "realsense:123", None)
    assert library.started == [["123", ("colour", 640, 480, "rgb8", 30)]]
    frames = [camera.read(0.1) for _ in range(2)]
    assert [frame.seq for frame in frames] == [0, 1]
    assert int(frames[1].image[0, 0, 0]) == 2
    assert not frames[1].image.flags.writeable
    age_ms = 1e-6 * (time.monotonic_ns() - frames[1].t_ns)
    assert 39.0 < age_ms < 5000.0
    camera.close()


@pytest.mark.parametrize("change", [{"domain": "hardware"}, {"late_ms": -500.0}, {"late_ms": 1e7}])
def test_a_time_that_cannot_be_believed_is_that_of_arrival(library, change):
    vars(library).update(change)
    before = time.monotonic_ns()
    frame = RealSenseCamera("front", "any").read(0.1)
    assert before <= frame.t_ns <= time.monotonic_ns()


def test_any_camera_and_the_calibrated_size(library):
    model = CameraModel.from_fov(width=1280, height=720, fovy=1.0, pose=np.eye(4))
    RealSenseCamera("front", "any", model)
    assert library.started == [[("colour", 1280, 720, "rgb8", 30)]]


def test_a_silent_camera_is_slow_and_an_absent_one_is_lost_until_it_is_back(library):
    camera = RealSenseCamera("front", "123")
    library.silent = True
    assert camera.read(0.01) is None
    library.silent, library.plugged = False, False
    with pytest.raises(CameraError, match="is lost"):
        camera.read(0.01)
    with pytest.raises(CameraError, match="No device connected"):
        camera.read(0.01)
    library.plugged = True
    assert camera.read(0.01) is not None
    camera.close()
    camera.close()


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(CameraError, match="pip install 'pyrealsense2"):
        RealSenseCamera("front", "any")
