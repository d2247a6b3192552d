"""Pictures from files and devices, and what is said when there are none."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from core.camera import CameraModel
from core.types import StudioError
from robot.base import CameraError
from robot.cameras.file import FileCamera
from robot.cameras.opencv import OpenCvCamera
from robot.rig.camera_options import open_cameras

RED = np.zeros((12, 16, 3), np.uint8)
RED[..., 2] = 250  # OpenCV counts blue first


@pytest.fixture
def red(tmp_path):
    file = tmp_path / "red.png"
    cv2.imwrite(str(file), RED)
    return file


def test_a_picture_is_played_over_and_over(red):
    camera = FileCamera("front", str(red))
    frames = [camera.read(1.0) for _ in range(3)]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert frames[2].t_ns > frames[0].t_ns
    assert tuple(frames[0].image[0, 0]) == (250, 0, 0)
    assert camera.read(0.0) is None  # the next one is not due yet


def test_a_folder_is_played_in_the_order_of_names(tmp_path):
    for number in (2, 0, 1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((4, 4, 3), 60 * number, np.uint8))
    camera = FileCamera("front", str(tmp_path))
    shades = [int(camera.read(1.0).image[0, 0, 0]) for _ in range(4)]
    assert shades == [0, 60, 120, 0]


def test_a_video_starts_again_at_its_end(tmp_path):
    file = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (32, 32))
    for shade in (0, 200):
        writer.write(np.full((32, 32, 3), shade, np.uint8))
    writer.release()
    camera = FileCamera("front", str(file))
    bright = [bool(camera.read(1.0).image.mean() > 100) for _ in range(4)]
    assert bright == [False, True, False, True]


def test_what_cannot_be_played_is_named(tmp_path, red):
    with pytest.raises(CameraError, match="no file"):
        FileCamera("front", str(tmp_path / "nothing.png"))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CameraError, match="holds no picture"):
        FileCamera("front", str(empty))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    with pytest.raises(CameraError, match="broken"):
        FileCamera("front", str(broken))


def test_a_picture_that_vanishes_is_an_error_until_it_is_back(tmp_path):
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), RED)
    camera = FileCamera("front", str(tmp_path))
    camera.read(1.0)
    (tmp_path / "b.png").rename(tmp_path / "b.away")
    with pytest.raises(CameraError):
        camera.read(1.0)
    assert camera.read(1.0) is not None


def test_a_missing_device_is_a_sentence():
    with pytest.raises(CameraError, match="'wrist' cannot be opened"):
        OpenCvCamera("wrist", "/dev/no-such-camera")


def test_cameras_from_options(tmp_path, red):
    model = CameraModel.from_fov(width=16, height=12, fovy=1.0, pose=np.eye(4))
    calibration = tmp_path / "front.json"
    calibration.write_text(json.dumps(model.to_message()))
    cameras = open_cameras([f"front=file:{red}", f"wrist=file:{red}"], [f"front={calibration}"])
    assert [camera.name for camera in cameras] == ["front", "wrist"]
    assert cameras[0].model is not None
    np.testing.assert_allclose(cameras[0].model.intrinsics, model.intrinsics)
    assert cameras[1].model is None


@pytest.mark.parametrize(
    ("sources", "calibrations", "words"),
    [
        (["front"], [], "NAME=SOURCE"),
        (["front=usb"], [], "opencv:NUMBER"),
        (["front=rtsp:none"], [], "opencv:NUMBER"),
        (["../x=file:{red}"], [], "NAME=SOURCE"),
        (["front=file:{red}", "front=file:{red}"], [], "twice"),
        (["front=file:{red}"], ["wrist={red}"], "no such --camera"),
        (["front=file:{red}"], ["front={red}"], "no calibration"),
        (["front=file:{red}"], ["front=/nowhere.json"], "cannot be read"),
    ],
)
def test_options_that_are_not_understood(red, sources, calibrations, words):
    with pytest.raises(StudioError, match=words):
        open_cameras(
            [text.format(red=red) for text in sources],
            [text.format(red=red) for text in calibrations],
        )
