"""The geometry of the 3D view: lines, picking, and places to look from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.steer import scene_lines, viewpoints
from core.camera import CameraModel

IDENTITY = np.eye(4)


def test_box_has_twelve_edges_along_the_axes() -> None:
    edges = scene_lines.box_edges(np.zeros(3), np.array([1.0, 2, 3])).reshape(12, 2, 3)
    spans = np.abs(edges[:, 1] - edges[:, 0])
    assert (np.count_nonzero(spans, axis=1) == 1).all()
    assert sorted(spans.sum(axis=1)) == [1.0] * 4 + [2.0] * 4 + [3.0] * 4
    assert len({tuple(sorted(map(tuple, e))) for e in edges}) == 12


def test_frame_axes_start_at_the_origin_of_the_pose() -> None:
    pose = np.eye(4)
    pose[:3, 3] = [1, 2, 3]
    axes = scene_lines.frame_axes(pose, 0.5)
    assert (axes[::2] == [1, 2, 3]).all()
    assert (axes[1::2] - axes[::2] == 0.5 * np.eye(3)).all()


def test_dashes_cover_half_of_the_way() -> None:
    path = np.array([[0.0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0]])
    pairs = scene_lines.dashes(path, 0.01).reshape(-1, 2, 3)
    assert np.linalg.norm(pairs[:, 1] - pairs[:, 0], axis=1).sum() == pytest.approx(0.1, abs=0.01)
    assert len(scene_lines.dashes(path[:1])) == 0


def test_the_table_is_a_grid_on_the_floor_of_the_box() -> None:
    low, high = np.array([0.2, -0.45, 0.02]), np.array([0.75, 0.45, 0.6])
    lines = scene_lines.table_lines(low, high).reshape(-1, 2, 3)
    assert len(lines) == 6 + 9
    assert np.allclose(lines[..., 2], 0.02)
    assert (lines >= low - 1e-6).all()
    assert (lines <= high + 1e-6).all()
    across = lines[lines[:, 0, 0] == lines[:, 1, 0]][:, 0, 0]
    np.testing.assert_allclose(across, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7], atol=1e-6)


def test_outlines_leave_out_what_is_torn_or_not_wanted() -> None:
    outlines = np.zeros((100, 4, 2, 3), np.float32)
    outlines[:] = np.arange(100)[:, None, None, None]
    outlines[7, 1, 0, 2] = np.nan
    assert len(scene_lines.outline_pairs(outlines)) == 2 * (400 - 1)
    mask = np.zeros((10, 10), bool)
    mask[0, 7] = mask[4, 2] = True
    pairs = scene_lines.outline_pairs(outlines, mask)
    assert len(pairs) == 2 * 7
    assert set(pairs[:, 0]) == {7.0, 42.0}
    assert scene_lines.outline_pairs(outlines, ~mask & mask).shape == (0, 3)


def test_the_point_in_front_is_picked() -> None:
    matrix = np.diag([1.0, 1, 1, 0])
    matrix[3, 2] = 1.0  # w is the distance along z
    points = np.array([[0, 0, 2.0], [0, 0, 1.0], [0.5, 0, 1.0], [0, 0, -1.0]], np.float32)
    assert scene_lines.nearest_point(points, matrix, (200, 100), (100, 50)) == 1
    assert scene_lines.nearest_point(points, matrix, (200, 100), (149, 51)) == 2
    assert scene_lines.nearest_point(points, matrix, (200, 100), (20, 20)) == -1
    assert scene_lines.nearest_point(points[:0], matrix, (200, 100), (20, 20)) == -1


@given(
    eye=st.tuples(*[st.floats(-2, 2)] * 3),
    centre=st.tuples(*[st.floats(-2, 2)] * 3),
)
def test_a_viewpoint_puts_the_eye_where_it_was_asked(eye: tuple, centre: tuple) -> None:
    if np.allclose(eye, centre, atol=1e-3):
        return
    view = viewpoints.looking(np.array(eye), np.array(centre))
    up, around = np.radians(view.elevation), np.radians(view.azimuth)
    ray = [np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)]
    np.testing.assert_allclose(view.centre + view.distance * np.array(ray), eye, atol=1e-6)


def test_one_cannot_look_at_ones_own_eye() -> None:
    with pytest.raises(ValueError, match="centre"):
        viewpoints.looking(np.ones(3), np.ones(3))


def test_views_from_around_see_the_whole_box() -> None:
    for name, (elevation, azimuth) in viewpoints.AROUND.items():
        view = viewpoints.from_around(name, np.zeros(3), 1.0)
        assert (view.elevation, view.azimuth) == (elevation, azimuth)
        assert view.distance * np.tan(np.radians(viewpoints.HORIZONTAL_FOV) / 2) > 0.5


def test_the_cameras_view_has_its_place_and_angle() -> None:
    pose = np.eye(4)
    pose[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    pose[:3, 3] = [-1, 0, 0.5]
    camera = CameraModel.from_fov(width=400, height=300, fovy=np.radians(40), pose=pose)
    view = viewpoints.from_camera(camera, 1.5)
    np.testing.assert_allclose(view.centre, [0.5, 0, 0.5], atol=1e-9)
    assert view.azimuth == pytest.approx(180)
    assert view.fov[1] == pytest.approx(40)
    assert view.fov[0] > 50


def test_the_wrists_view_looks_down_on_the_tool() -> None:
    pose = np.diag([1.0, -1, -1, 1])
    pose[:3, 3] = [0.5, 0.1, 0.3]
    view = viewpoints.from_wrist(pose)
    np.testing.assert_allclose(view.centre, [0.5, 0.1, 0.3])
    assert 25 < view.elevation < 45
    assert view.azimuth == pytest.approx(0)


def test_a_flat_view_is_widened_until_all_fits() -> None:
    assert viewpoints.angle_across((50, 40), 1.0) == 50
    assert viewpoints.angle_across((50, 40), 3.0) > 90
    assert viewpoints.angle_across((50, 40), 100.0) == 150
