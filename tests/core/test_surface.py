from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.camera import CameraModel
from core.depth import GRID, relative_map
from core.surface import OUTLINE, POINTS, SIDE, cell_of, make_surface
from core.types import DepthMap, StudioError

POSE = np.eye(4)
POSE[:3, :3] = [[0, -1, 0], [-1, 0, 0], [0, 0, -1]]  # looking straight down
POSE[:3, 3] = [0.5, 0.1, 1.2]
CAMERA = CameraModel.from_fov(width=320, height=240, fovy=1.0, pose=POSE)
IMAGE = np.zeros((240, 320, 3), np.uint8)
IMAGE[:, :160] = (255, 0, 51)


def flat(metres=0.9, height=96, width=128):
    return DepthMap(values=np.full((height, width), metres), metric=True)


@pytest.mark.parametrize("size", [(10, 10), (80, 80), (320, 320), (61, 97)])
def test_the_number_of_points_never_changes(size):
    surface = make_surface(flat(0.9, *size), IMAGE, CAMERA)
    assert surface.points.shape == (POINTS, 3)
    assert surface.colours.shape == surface.shades.shape == (POINTS, 4)
    for array in (surface.points, surface.colours, surface.shades, surface.outlines):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def test_points_lie_where_the_camera_sees_them_and_look_alike():
    surface = make_surface(flat(), IMAGE, CAMERA)
    np.testing.assert_allclose(surface.points[:, 2], 0.3, atol=1e-5)
    pixels = CAMERA.project(surface.points).reshape(SIDE, SIDE, 2)
    np.testing.assert_allclose(pixels[0, 0], [160 / SIDE, 120 / SIDE], atol=1e-2)
    np.testing.assert_allclose(pixels[-1, -1], [320 - 160 / SIDE, 240 - 120 / SIDE], atol=1e-2)
    colours = surface.colours.reshape(SIDE, SIDE, 4)
    np.testing.assert_allclose(
        colours[:, : SIDE // 3], np.tile([1, 0, 0.2, 1], (SIDE, SIDE // 3, 1)), atol=1e-6
    )
    assert not colours[:, 2 * SIDE // 3 :, :3].any()
    assert surface.placed
    assert surface.metric
    assert surface.span == pytest.approx((0.9, 0.9))


@settings(max_examples=30, deadline=None)
@given(x=st.floats(0.001, 0.999), y=st.floats(0.001, 0.999))
def test_every_point_knows_its_token(x, y):
    surface = make_surface(flat(), IMAGE, CAMERA)
    column, row = int(x * SIDE), int(y * SIDE)
    assert surface.cells[row * SIDE + column] == cell_of((column + 0.5) / SIDE, (row + 0.5) / SIDE)


def test_the_token_of_a_place_goes_row_by_row():
    assert cell_of(0, 0) == 0
    assert cell_of(0.95, 0.05) == 9
    assert cell_of(0.05, 0.15) == 10
    assert cell_of(0.99, 0.99) == 99
    assert cell_of(1.0, 0.5) == cell_of(-0.01, 0.5) == cell_of(0.5, float("nan")) == -1


def test_an_outline_goes_around_its_own_cell():
    surface = make_surface(flat(), IMAGE, CAMERA)
    assert surface.outlines.shape == (GRID * GRID, OUTLINE, 2, 3)
    for index in (0, 9, 47, 99):
        ring = surface.outlines[index]
        np.testing.assert_allclose(ring[:, 1], np.roll(ring[:, 0], -1, axis=0), atol=1e-6)
        pixels = CAMERA.project(ring[:, 0]) / (320, 240)
        assert {cell_of(x, y) for x, y in pixels} == {index}
        assert np.ptp(pixels[:, 0]) > 0.09


def test_an_outline_is_torn_where_the_surface_is():
    values = np.full((100, 100), 1.0)
    values[:, 55:] = 0.5
    surface = make_surface(DepthMap(values=values, metric=True), IMAGE, CAMERA)
    torn = np.isnan(surface.outlines).any(axis=(1, 2, 3)).reshape(GRID, GRID)
    assert torn[:, 5].all()
    assert not np.delete(torn, 5, axis=1).any()


def test_points_between_two_surfaces_and_unknown_ones_repeat_another():
    values = np.full((100, 100), 1.0)
    values[:, 50:] = 0.5
    values[:10] = np.nan
    surface = make_surface(DepthMap(values=values, metric=True), IMAGE, CAMERA)
    heights = np.unique(surface.points[:, 2].round(4))
    np.testing.assert_allclose(heights, [0.2, 0.7])
    assert np.isnan(surface.depths[0]).all()
    assert surface.depths[5].tolist() == [1.0] * 5 + [0.5] * 5


def test_near_is_bright():
    values = np.tile(np.linspace(0.5, 1.0, 100), (100, 1))
    shades = make_surface(DepthMap(values=values, metric=True), IMAGE, CAMERA).shades
    light = shades[:, :3].sum(axis=1).reshape(SIDE, SIDE)
    assert light[0, 0] > light[0, SIDE // 2] > light[0, -1]


def test_without_a_calibration_the_cloud_stands_in_front_of_an_assumed_camera():
    surface = make_surface(relative_map(np.linspace(-1, 1, 400).reshape(20, 20)), IMAGE, None)
    assert not surface.placed
    assert not surface.metric
    points = surface.points.reshape(SIDE, SIDE, 3)
    assert (points[..., 0] > 0.4).all()
    assert points[0, 9, 2] > points[-1, 9, 2]  # up is up
    assert points[9, 0, 1] > points[9, -1, 1]  # left is left when one looks along x
    assert surface.span == pytest.approx((0.5, 2.0), rel=1e-3)


def test_what_cannot_be_lifted_is_refused_in_a_sentence():
    with pytest.raises(StudioError, match="expected uint8"):
        make_surface(flat(), IMAGE[..., 0], CAMERA)
    with pytest.raises(StudioError, match="at least 10"):
        make_surface(flat(0.9, 9, 20), IMAGE, CAMERA)
    with pytest.raises(StudioError, match="no distance"):
        make_surface(flat(0.0), IMAGE, CAMERA)
