from __future__ import annotations

import numpy as np
import pytest

from core.camera import CameraModel
from core.depth import metric_map, relative_map
from core.pointcloud import lift, lift_trace
from core.types import DepthMap, StudioError

POSE = np.eye(4)
POSE[:3, :3] = [[0, -1, 0], [-1, 0, 0], [0, 0, -1]]  # looking straight down
POSE[:3, 3] = [0.5, 0.1, 1.2]
CAMERA = CameraModel.from_fov(width=320, height=240, fovy=1.0, pose=POSE)
IMAGE = np.zeros((240, 320, 3), np.uint8)
IMAGE[:120] = (255, 0, 51)


def slope(height=32, width=40):
    return DepthMap(
        values=np.add.outer(np.linspace(0.8, 1.0, height), np.linspace(0, 0.1, width)),
        metric=True,
    )


def test_points_are_the_camera_models_back_projection():
    depth = slope()
    cloud = lift(depth, IMAGE, CAMERA)
    x, y = np.meshgrid((np.arange(40) + 0.5) * 8, (np.arange(32) + 0.5) * 7.5)
    expected = CAMERA.back_project(np.stack([x, y], axis=-1), depth.values).reshape(-1, 3)
    np.testing.assert_allclose(cloud.points, expected, atol=1e-5)
    assert cloud.points.dtype == cloud.colours.dtype == np.float32


def test_colours_come_from_the_same_place_of_the_picture():
    cloud = lift(slope(), IMAGE, CAMERA)
    upper = np.arange(len(cloud.points)) < len(cloud.points) // 2
    np.testing.assert_allclose(cloud.colours[upper], [[1, 0, 0.2]] * int(upper.sum()), atol=1e-6)
    assert not cloud.colours[~upper].any()


def test_a_relative_map_says_that_its_scale_is_assumed():
    cloud = lift(relative_map(np.linspace(-1, 1, 1024).reshape(32, 32)), IMAGE, CAMERA, near=0.4)
    assert not cloud.metric
    assert cloud.label == "relative, assumed 0.4 to 2 m"
    heights = 1.2 - cloud.points[:, 2]
    assert heights.min() == pytest.approx(0.4, rel=1e-3)
    assert heights.max() == pytest.approx(2.0, rel=1e-3)
    assert lift(slope(), IMAGE, CAMERA).label == "metric"


def test_points_between_two_surfaces_are_dropped_unless_wanted():
    values = np.full((100, 100), 1.0, np.float32)
    values[:, 50:] = 0.5
    depth = DepthMap(values=values, metric=True)
    assert len(lift(depth, IMAGE, CAMERA).points) == 9800
    assert len(lift(depth, IMAGE, CAMERA, keep_edges=True).points) == 10000


def test_what_was_not_measured_gives_no_point():
    values = np.full((4, 4), 1.0, np.float32)
    values[0] = [0, np.nan, np.inf, -1]
    cloud = lift(DepthMap(values=values, metric=True), IMAGE, CAMERA, keep_edges=True)
    assert len(cloud.points) == 12
    nothing = lift(DepthMap(values=np.zeros((4, 4)), metric=True), IMAGE, CAMERA)
    assert nothing.points.shape == nothing.colours.shape == (0, 3)


def test_points_can_be_merged_in_cells():
    cloud = lift(slope(), IMAGE, CAMERA, voxel=0.1)
    assert 10 < len(cloud.points) < 400


def test_a_trace_is_laid_onto_the_surface():
    depth = metric_map(np.zeros((320, 320)), 0.5, 2.0)
    points = lift_trace([[0, 0], [127.5, 127.5], [255, 255]], depth, CAMERA)
    np.testing.assert_allclose(points[1], [0.5, 0.1, 0.4], atol=1e-6)
    pixels = CAMERA.project(points)
    np.testing.assert_allclose(pixels, [[0.5, 0.5], [160, 120], [319.5, 239.5]], atol=1e-3)


def test_what_is_no_picture_is_refused():
    with pytest.raises(StudioError, match="expected uint8"):
        lift(slope(), IMAGE[..., 0], CAMERA)
    with pytest.raises(StudioError, match="0 < near < far"):
        lift(relative_map(np.eye(4)), IMAGE, CAMERA, near=3)
