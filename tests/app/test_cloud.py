"""The 3D view: its geometry, its life without OpenGL, and (with a display) its picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.steer import scene_lines
from app.steer.cloud_job import CloudJob
from app.steer.cloud_view import CloudView, gl_problem
from core.camera import CameraModel
from core.types import DepthMap


def test_cloud_always_has_the_same_number_of_points() -> None:
    rng = np.random.default_rng(0)
    for count in (0, 1, 70, 100, 350):
        points, colours = rng.random((2, count, 3))
        steady, tint = scene_lines.steady_cloud(points, colours, 100)
        assert steady.shape == (100, 3)
        assert tint.shape == (100, 4)
        assert steady.dtype == tint.dtype == np.float32
        assert np.isfinite(steady).all()
    known = {tuple(p) for p in points.astype(np.float32)}
    assert {tuple(p) for p in steady} <= known


def test_points_that_are_not_finite_are_left_out() -> None:
    points = np.array([[np.nan, 0, 0], [1.0, 2, 3]])
    steady, _ = scene_lines.steady_cloud(points, np.ones((2, 3)), 4)
    assert (steady == [1, 2, 3]).all()
    with pytest.raises(ValueError, match="expected"):
        scene_lines.steady_cloud(points, np.ones((3, 3)), 4)


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


def test_without_opengl_every_call_is_accepted(qtbot: QtBot) -> None:
    if QGuiApplication.platformName() != "offscreen":
        pytest.skip("this display may have OpenGL")
    assert "offscreen" in gl_problem()
    view = CloudView()
    qtbot.addWidget(view)
    view.show()
    assert not view.has_gl
    exercise(view)


def exercise(view: CloudView) -> None:
    rng = np.random.default_rng(1)
    view.set_cloud(rng.random((500, 3)), rng.random((500, 3)), metric=False)
    view.set_path(np.repeat(np.eye(4)[None], 5, axis=0))
    view.set_path(np.repeat(np.eye(4)[None], 5, axis=0), allowed=False)
    view.set_trace(rng.random((3, 3)), user=True)
    view.set_pose(np.eye(4))
    view.set_box(np.zeros(3), np.ones(3))
    view.look_from(np.array([1.0, 0, 1]), np.zeros(3))
    view.set_path(None)
    view.set_trace(None)
    view.set_pose(None)
    view.set_box(None, None)
    view.set_cloud(None)


@pytest.mark.gl
def test_cloud_is_drawn(qtbot: QtBot) -> None:
    if gl_problem():
        pytest.skip(gl_problem())
    view = CloudView()
    qtbot.addWidget(view)
    view.resize(400, 320)
    view.show()
    qtbot.waitExposed(view)
    exercise(view)
    points = np.random.default_rng(2).uniform(-0.1, 0.1, (20_000, 3))
    view.look_from(np.array([1.0, 0, 0.2]), np.zeros(3))
    view.set_cloud(points, np.tile([1.0, 0.0, 1.0], (20_000, 1)))

    qtbot.waitUntil(lambda: is_magenta(view), timeout=10_000)


@pytest.mark.gl
def test_cloud_survives_hiding_another_theme_and_another_window(qtbot: QtBot) -> None:
    if gl_problem():
        pytest.skip(gl_problem())
    points = np.random.default_rng(2).uniform(-0.1, 0.1, (20_000, 3))
    views = [CloudView(), CloudView()]
    for view in views:
        qtbot.addWidget(view)
        view.resize(400, 320)
        view.show()
        qtbot.waitExposed(view)
        view.look_from(np.array([1.0, 0, 0.2]), np.zeros(3))
        view.set_cloud(points, np.tile([1.0, 0.0, 1.0], (20_000, 1)))
        qtbot.waitUntil(lambda view=view: is_magenta(view), timeout=10_000)
    first, second = views
    second.close()
    first.hide()
    theme.theme().changed.emit("dark")
    first.show()
    qtbot.waitUntil(lambda: is_magenta(first), timeout=10_000)
    assert first.has_gl


def is_magenta(view: CloudView) -> bool:
    image = view.grab().toImage()
    return image.pixelColor(image.width() // 2, image.height() // 2).name() == "#ff00ff"


def test_clouds_are_lifted_elsewhere_and_only_the_newest_counts(qtbot: QtBot) -> None:
    job = CloudJob()
    camera = CameraModel.from_fov(width=8, height=6, fovy=1.0, pose=np.eye(4))
    image = np.zeros((6, 8, 3), np.uint8)
    heard: list[object] = []
    job.lifted.connect(heard.append)
    try:
        for distance in (1.0, 2.0, 3.0):
            depth = DepthMap(values=np.full((6, 8), distance), metric=True)
            job.request(depth, image, camera, trace=np.array([[0.0, 0], [255, 255]]))
        qtbot.waitUntil(lambda: len(heard) >= 1, timeout=30_000)
    finally:
        job.shutdown()
    (result,) = heard
    assert np.allclose(result.points[:, 2], 3.0)
    assert result.metric
    assert result.trace.shape == (2, 3)


def test_a_failure_is_a_sentence(qtbot: QtBot) -> None:
    job = CloudJob()
    camera = CameraModel.from_fov(width=8, height=6, fovy=1.0, pose=np.eye(4))
    depth = DepthMap(values=np.ones((6, 8)), metric=True)
    with qtbot.waitSignal(job.failed, timeout=30_000) as failed:
        job.request(depth, np.zeros((6, 8), np.uint8), camera)
    job.shutdown()
    assert "expected uint8" in failed.args[0]
