"""What `camera check` says about a camera and its calibration."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

import main
from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError
from robot.cameras import command
from robot.cameras.command import Look, judge, place_item, watch
from robot.check_item import CheckState


def looking_down(mounted=False):
    pose = np.eye(4)
    pose[:3, :3] = [[0, -1, 0], [-1, 0, 0], [0, 0, -1]]
    pose[:3, 3] = [0.5, 0.1, 0.8]
    return CameraModel.from_fov(width=64, height=48, fovy=1.0, pose=pose, mounted_on_hand=mounted)


@pytest.fixture
def film(tmp_path):
    for number in range(5):
        picture = np.full((48, 64, 3), 40 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    return tmp_path


def test_a_good_camera_is_told_and_drawn(film, tmp_path, capsys):
    calibration = tmp_path / "front.json"
    calibration.write_text(json.dumps(looking_down().to_message()))
    kept = tmp_path / "kept" / "look.png"
    words = ["camera", "check", f"file:{film}", "--seconds", "0.6", "--calibration"]
    assert main.main([*words, str(calibration), "--picture", str(kept)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    kept.parent.mkdir()
    assert main.main([*words, str(calibration), "--picture", str(kept)]) == 0
    said = capsys.readouterr().out
    assert "64 x 48 pixels" in said
    assert "looks at x 0.50, y 0.10 on the table" in said
    assert f"Camera 'file:{film}' was calibrated today" in said
    drawn = cv2.imread(str(kept))
    assert (drawn == 255).all(axis=2).sum() > 20  # the grid, one point every 10 cm


def test_what_cannot_be_looked_at_is_a_sentence(film, capsys):
    assert main.main(["camera", "check", f"file:{film}", "--seconds", "0"]) == 1
    assert main.main(["camera", "check", "usb"]) == 1
    assert "expected opencv:NUMBER" in capsys.readouterr().err


def look(**changes):
    frame = Frame(camera="camera", image=np.zeros((48, 64, 3), np.uint8), t_ns=0)
    values = {"frames": 91, "seconds": 3.0, "gap_ms": 40.0, "age_ms": 20.0, "repeated": 0}
    return Look(**{**values, **changes}, last=frame)


def state(name, **changes):
    return {item.name: item.state for item in judge(look(**changes), None)}[name]


def test_slow_gappy_and_frozen_cameras_are_told():
    assert state("pictures") == state("longest gap") == state("new pictures") == CheckState.OK
    assert state("pictures", frames=10) == CheckState.WARN
    assert state("longest gap", gap_ms=300.0) == CheckState.FAIL
    assert state("new pictures", repeated=90) == CheckState.WARN
    assert state("new pictures", repeated=80) == CheckState.OK


def test_a_pose_that_does_not_look_down_is_told():
    good = looking_down()
    assert place_item(good).state == CheckState.OK
    level = np.eye(4)
    level[2, 3] = 0.5
    up = CameraModel(width=64, height=48, intrinsics=good.intrinsics, pose=level)
    assert place_item(up).state == CheckState.FAIL
    assert "on the hand" in place_item(looking_down(mounted=True)).found


def test_a_dark_camera_is_an_error(monkeypatch):
    monkeypatch.setattr(command, "FIRST_SECONDS", 0.05)

    class Dark:
        name, model = "camera", None

        def read(self, timeout):
            return None

    with pytest.raises(CameraError, match="0 pictures in all"):
        watch(Dark(), 0.1)
