"""Pictures keep their size, and straight things are straight in them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.camera import CameraModel
from core.types import Frame
from robot.base import CameraError
from robot.cameras.steady import SteadyCamera

MODEL = CameraModel(
    width=640,
    height=480,
    intrinsics=np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]]),
    pose=np.eye(4),
)
BARREL = np.array([-0.3, 0.1, 0.0, 0.0])


class Pictures:
    name = "front"

    def __init__(self, *pictures, model=None):
        self.model = model
        self.closed = False
        self._pictures = list(pictures)

    def read(self, timeout):
        image = self._pictures.pop(0)
        if image is None:
            return None
        return Frame(camera="front", image=image, t_ns=5, seq=7)

    def close(self):
        self.closed = True


def plain(width, height):
    return np.full((height, width, 3), 90, np.uint8)


def test_pictures_pass_unchanged():
    camera = SteadyCamera(Pictures(plain(640, 480), None, model=MODEL))
    frame = camera.read(0.0)
    assert (frame.t_ns, frame.seq, frame.image.shape) == (5, 7, (480, 640, 3))
    assert camera.read(0.0) is None
    assert (camera.name, camera.model) == ("front", MODEL)


def test_another_size_is_refused_until_it_is_back():
    camera = SteadyCamera(Pictures(plain(640, 480), plain(320, 240), plain(640, 480)))
    assert camera.read(0.0) is not None
    with pytest.raises(CameraError, match="320 x 240 pictures, but began with 640 x 480"):
        camera.read(0.0)
    assert camera.read(0.0) is not None


def test_a_smaller_picture_of_the_same_view_is_good_and_another_view_is_not():
    assert SteadyCamera(Pictures(plain(320, 240), model=MODEL)).read(0.0) is not None
    camera = SteadyCamera(Pictures(plain(640, 360), plain(640, 480), model=MODEL))
    with pytest.raises(CameraError, match="calibrated for 640 x 480"):
        camera.read(0.0)
    assert camera.read(0.0) is not None  # the wrong one did not become the rule


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_lens_is_taken_out_where_the_pinhole_model_expects_it(share):
    rays = np.array([[x, y, 1.0] for x in (-0.4, 0.0, 0.4) for y in (-0.3, 0.0, 0.3)])
    flat = MODEL.intrinsics.copy()
    flat[:2, 2] -= 0.5  # OpenCV's pixels have their origin in their centre
    bent = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), flat, BARREL)[0][:, 0] * share
    picture = np.zeros((round(480 * share), round(640 * share), 3), np.uint8)
    for x, y in bent:
        cv2.circle(picture, (round(float(x)), round(float(y))), 3, (255, 255, 255), cv2.FILLED)
    image = SteadyCamera(Pictures(picture, model=MODEL), BARREL).read(0.0).image
    for place in MODEL.project(rays) * share:
        x, y = (int(v) for v in place)
        assert image[y - 1 : y + 2, x - 1 : x + 2].max() > 128
    assert not np.array_equal(image, picture)
    assert not image.flags.writeable


def test_closing_closes_the_camera_inside():
    inner = Pictures()
    SteadyCamera(inner).close()
    assert inner.closed
