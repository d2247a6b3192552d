"""The 3D view without OpenGL: what it says, what stands in its place, and who lifts its clouds."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.steer.cells import Cells, changed_words, token_words
from app.steer.cloud_job import CloudJob
from app.steer.cloud_view import CloudView
from app.steer.cloud_words import NO_GL, cloud_words, paths_words
from app.steer.depth_legend import DepthLegend
from app.steer.gl_check import gl_problem
from app.steer.scene_lines import ScenePath
from app.steer.viewpoints import MIDDLE, from_around
from core.camera import CameraModel
from core.depth import metric_map, relative_map
from core.surface import make_surface
from core.types import DepthMap
from tests.app.fakes import front_camera

CODES = tuple(range(100))
IMAGE = np.full((24, 32, 3), (255, 0, 255), np.uint8)


def surface(metric=True, placed=True):
    values = np.tile(np.linspace(-0.5, 0.9, 40), (40, 1))
    depth = metric_map(values, 0.5, 2.0) if metric else relative_map(values)
    return make_surface(depth, IMAGE, front_camera() if placed else None)


def exercise(view: CloudView) -> None:
    """Call everything once."""
    rng = np.random.default_rng(1)
    view.set_depth_map(metric_map(np.zeros((20, 20)), 0.5, 2.0))
    view.set_surface(surface())
    view.set_cells(Cells(codes=CODES, changed=np.eye(10, dtype=bool)))
    view.set_depths(surface().depths, metric=True)
    view.set_confidence(np.linspace(0, 1, 100))
    path = ScenePath(
        points=rng.random((8, 3)).astype(np.float32), allowed=True, selected=True, label="model"
    )
    view.set_paths([path])
    view.set_paths([path, ScenePath(points=path.points, allowed=False, selected=False, label="b")])
    view.set_trace(rng.random((3, 3)), user=True)
    view.set_pose(np.eye(4))
    view.set_arm(np.tile(np.eye(4), (11, 1, 1)))
    view.set_box(np.zeros(3), np.ones(3))
    view.start_from(from_around("side", MIDDLE, 1.0))
    view.look(from_around("top", MIDDLE, 1.0))
    view.centre_on(MIDDLE)
    view.look_home()
    view.set_colours(by_depth=True)
    view.set_grid(shown=True)
    view.resize_points(1)
    view.highlight_cell(55)
    view.highlight_cell(-1)
    view.set_surface(surface(placed=False))
    view.set_surface(None)
    for call in (view.set_trace, view.set_pose, view.set_arm):
        call(None)
    view.set_paths([])
    view.set_box(None, None)


def test_without_opengl_the_decoded_depth_stands_in_its_place(qtbot: QtBot) -> None:
    if QGuiApplication.platformName() != "offscreen":
        pytest.skip("this display may have OpenGL")
    assert "offscreen" in gl_problem()
    view = CloudView()
    qtbot.addWidget(view)
    view.resize(300, 300)
    view.show()
    assert not view.has_gl
    assert view.message == NO_GL
    exercise(view)
    view.set_depth_map(metric_map(np.zeros((20, 20)), 0.5, 2.0))
    view.set_cells(Cells(codes=CODES))
    assert view.flat.isVisible()
    assert not view.flat.pixmap.isNull()
    heard: list[int] = []
    view.cell_hovered.connect(heard.append)
    qtbot.mouseMove(view.flat, view.flat.cell_box(37).center().toPoint())
    assert heard == [37]
    assert view.token == "Token 37 · code 37 · row 4, column 8"
    assert not view.picture().isNull()


def test_points_have_six_sizes(qtbot: QtBot) -> None:
    view = CloudView()
    qtbot.addWidget(view)
    first = view.point_size
    view.resize_points(1)
    assert view.point_size > first
    view.resize_points(-99)
    assert view.point_size < first
    smallest = view.point_size
    view.resize_points(-1)
    assert view.point_size == smallest


def test_the_caption_says_how_true_distances_are() -> None:
    cells = Cells(codes=CODES, changed=np.eye(10, dtype=bool))
    assert cloud_words(None, cells)[0] == "From the depth tokens"
    assert cloud_words(surface(), cells)[0] == "In metres · 10 of 100 cells changed"
    words, why = cloud_words(surface(metric=False), Cells())
    assert words == "Relative, not to scale"
    assert "0.5 to 2 m" in why
    words, why = cloud_words(surface(placed=False), Cells())
    assert words == "Relative: camera not calibrated"
    assert "Calibrate" in why


def test_several_paths_have_a_key() -> None:
    way = np.zeros((2, 3), np.float32)
    one = ScenePath(points=way, allowed=True, selected=True, label="model's")
    two = ScenePath(points=way, allowed=False, selected=False, label="a<b")
    assert paths_words([]) == paths_words([one]) == ""
    assert paths_words([one, two]) == "<b>━ model&#x27;s</b><br>╌ a&lt;b (rejected)"


def test_a_cell_is_told_in_a_line() -> None:
    depths = np.full((10, 10), 0.744, np.float32)
    changed = np.zeros((10, 10), bool)
    changed[4, 2] = True
    cells = Cells(codes=CODES, depths=depths, metric=True, changed=changed)
    assert token_words(cells, 42) == "Token 42 · code 42 · row 5, column 3 · 0.74 m · changed"
    sure = Cells(codes=CODES[:10], depths=depths, confidence=np.full(100, 0.914))
    assert token_words(sure, 9) == "Token 9 · code 9 · row 1, column 10 · nearness 0.74 · 91 % sure"
    assert token_words(sure, 10, short=True).startswith("10: not here yet")
    depths[0, 0] = np.nan
    assert token_words(sure, 0).split(" · ")[3] == "no depth"
    assert token_words(cells, -1) == token_words(cells, 100) == ""


def test_changed_cells_are_counted_in_words() -> None:
    assert changed_words(Cells()) == ""
    assert changed_words(Cells(changed=np.zeros((10, 10), bool))) == "no cell changed"
    assert changed_words(Cells(changed=np.eye(10, dtype=bool))) == "10 of 100 cells changed"


def test_the_legend_names_its_ends_only_when_they_have_a_scale(qtbot: QtBot) -> None:
    legend = DepthLegend()
    qtbot.addWidget(legend)
    legend.set_span(0.5, 1.25, metric=True)
    assert legend.ends == ("1.25 m", "0.50 m")
    wide = legend.sizeHint().width()
    legend.set_span(0.5, 1.25, metric=False)
    assert legend.ends == ("far", "near")
    assert legend.sizeHint().width() < wide


def test_clouds_are_lifted_elsewhere_and_only_the_newest_counts(qtbot: QtBot) -> None:
    job = CloudJob()
    camera = CameraModel.from_fov(width=32, height=24, fovy=1.0, pose=np.eye(4))
    heard: list[object] = []
    job.lifted.connect(heard.append)
    try:
        for distance in (1.0, 2.0, 3.0):
            depth = DepthMap(values=np.full((24, 32), distance), metric=True)
            job.request(depth, IMAGE, camera, trace=np.array([[0.0, 0], [255, 255]]))
        qtbot.waitUntil(lambda: len(heard) >= 1, timeout=30_000)
        (result,) = heard
        assert np.allclose(result.surface.points[:, 2], 3.0)
        assert result.surface.metric
        assert result.trace.shape == (2, 3)
        job.request(depth, IMAGE, camera, trace=np.array([[9.0, 9]]), user=True)
        qtbot.waitUntil(lambda: len(heard) >= 2, timeout=30_000)
        assert heard[1].surface is result.surface  # only the trace is laid anew
        assert heard[1].user
        job.request(depth, IMAGE, None)
        qtbot.waitUntil(lambda: len(heard) >= 3, timeout=30_000)
        assert not heard[2].surface.placed
    finally:
        job.shutdown()


def test_a_failure_is_a_sentence(qtbot: QtBot) -> None:
    job = CloudJob()
    camera = CameraModel.from_fov(width=8, height=6, fovy=1.0, pose=np.eye(4))
    depth = DepthMap(values=np.ones((60, 80)), metric=True)
    with qtbot.waitSignal(job.failed, timeout=30_000) as failed:
        job.request(depth, np.zeros((6, 8), np.uint8), camera)
    job.shutdown()
    assert "expected uint8" in failed.args[0]
