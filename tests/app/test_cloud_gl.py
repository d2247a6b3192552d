"""The 3D view with OpenGL: its pixels, its pointer, and what it survives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.steer.cells import Cells
from app.steer.cloud_screen import CloudScreen
from app.steer.cloud_view import CloudView
from app.steer.cloud_words import LOST_GL
from app.steer.gl_check import gl_problem
from app.steer.scene_lines import ScenePath
from app.steer.viewpoints import from_camera
from app.theme import DATA
from core.depth import metric_map
from core.surface import make_surface
from robot.franka_shape import body_poses, load_shapes, tool_pose
from robot.sim.kinematics import home_joints
from tests.app.conftest import Rigged
from tests.app.fakes import front_camera
from tests.app.test_cloud import CODES, IMAGE, exercise

pytestmark = pytest.mark.gl

MAGENTA = (255, 0, 255)
DEPTH = metric_map(np.zeros((40, 40)), 0.5, 2.0)


@pytest.fixture(autouse=True)
def opengl() -> None:
    if gl_problem():
        pytest.skip(gl_problem())


def shown(qtbot: QtBot, width: int = 400, height: int = 340) -> CloudView:
    """Put a view on the screen and look through the camera."""
    view = CloudView()
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show()
    qtbot.waitExposed(view)
    view.look(from_camera(front_camera(), 0.8))
    return view


def pixels(image: QImage) -> np.ndarray:
    """(H, W, 3) uint8 RGB."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).copy()


def share(view: CloudView, colour: tuple[int, int, int] | str, tolerance: int = 12) -> float:
    """Share of the scene's pixels of about one colour."""
    if isinstance(colour, str):
        colour = tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))  # type: ignore[assignment]
    away = np.abs(pixels(view.picture()).astype(int) - colour).max(axis=2)
    return float((away <= tolerance).mean())


def test_the_cloud_fills_what_the_camera_saw(qtbot: QtBot) -> None:
    view = shown(qtbot)
    exercise(view)
    assert share(view, MAGENTA) < 0.01
    view.look(from_camera(front_camera(), 0.8))
    view.set_colours(by_depth=False)
    view.set_grid(shown=False)
    view.set_surface(make_surface(DEPTH, IMAGE, front_camera()))
    qtbot.waitUntil(lambda: share(view, MAGENTA) > 0.7, timeout=10_000)
    view.set_colours(by_depth=True)
    assert share(view, MAGENTA) < 0.01
    view.set_surface(None)
    assert share(view, theme.tokens().view, 2) > 0.99


def test_every_thing_is_drawn_and_goes_away_again(qtbot: QtBot) -> None:
    view = shown(qtbot)
    way = np.linspace([0.45, -0.2, 0.1], [0.45, 0.2, 0.3], 8).astype(np.float32)

    def path(allowed: bool, selected: bool) -> ScenePath:
        return ScenePath(points=way, allowed=allowed, selected=selected, label="model")

    def box(on: bool) -> None:
        view.set_box(
            *((np.array([0.3, -0.2, 0.0]), np.array([0.6, 0.2, 0.3])) if on else (None,) * 2)
        )

    for put, colour in (
        (lambda on: view.set_paths([path(True, True)] if on else []), DATA.path),
        (lambda on: view.set_paths([path(False, True)] if on else []), DATA.rejected),
        (lambda on: view.set_trace(way if on else None, user=True), DATA.user),
        (lambda on: view.set_trace(way if on else None, user=False), DATA.model),
        (box, DATA.box),
    ):
        assert share(view, colour) < 1e-4, colour
        put(True)
        assert share(view, colour) > 2e-4, colour
        put(False)
        assert share(view, colour) < 1e-4, colour
    view.set_paths([path(True, True)])
    strong = share(view, DATA.path)
    view.set_paths([path(True, False)])
    assert share(view, DATA.path) < strong / 2
    view.set_paths([path(False, True)])
    assert share(view, DATA.rejected) < 0.8 * strong  # dashed


def test_the_arm_stands_where_its_joints_put_it(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.set_shapes(load_shapes())
    q = home_joints()
    empty = pixels(view.picture())
    view.set_arm(body_poses(q))
    there = np.abs(pixels(view.picture()).astype(int) - empty).max(axis=2) > 20
    assert there.mean() > 0.02
    scene = view.scene
    assert scene is not None
    hand = scene.view_of(tool_pose(q)[:3, 3] + [0, 0, 0.1])
    ratio = there.shape[1] / scene.width()
    assert there[round(hand.y() * ratio), round(hand.x() * ratio)]
    away = q + 0.8 * np.eye(7)[0]
    view.set_arm(body_poses(away))
    moved = np.abs(pixels(view.picture()).astype(int) - empty).max(axis=2) > 20
    assert (moved != there).mean() > 0.02
    view.set_arm(None)
    np.testing.assert_array_equal(pixels(view.picture()), empty)


def test_cells_are_marked_on_the_surface(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.set_surface(make_surface(DEPTH, IMAGE, front_camera()))
    changed = np.zeros((10, 10), bool)
    changed[3, 6] = True
    view.set_cells(Cells(codes=CODES, changed=changed))
    assert share(view, DATA.changed) > 1e-3
    assert "1 of 100 cells changed" in view.caption
    view.set_cells(Cells(codes=CODES))
    assert share(view, DATA.changed) < 1e-4
    view.highlight_cell(64)
    assert share(view, DATA.focus, 20) > 1e-3
    assert view.token.startswith("Token 64 · code 64 · row 7, column 5")
    view.highlight_cell(-1)
    assert share(view, DATA.focus, 20) < 1e-4
    view.set_grid(shown=True)
    assert (np.abs(pixels(view.picture()).astype(int) - MAGENTA).max(axis=2) > 40).mean() > 0.03


def move(target: Any, place: QPointF, button: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        target.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        button,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, event)


def test_the_token_under_the_pointer_is_told(qtbot: QtBot) -> None:
    view = shown(qtbot)
    surface = make_surface(DEPTH, IMAGE, front_camera())
    view.set_surface(surface)
    view.set_cells(Cells(codes=CODES))
    scene = view.scene
    assert scene is not None
    for index in (12, 55, 87):
        middle = surface.points[surface.cells == index].mean(axis=0)
        with qtbot.waitSignal(view.cell_hovered, timeout=5000) as heard:
            move(scene, scene.view_of(middle))
        assert heard.args == [index]
        assert f"code {index}" in view.token
    with qtbot.waitSignal(view.cell_hovered, timeout=5000) as heard:
        QApplication.sendEvent(scene, QEvent(QEvent.Type.Leave))
    assert heard.args == [-1]
    assert view.token == ""


def test_mouse_turns_pans_and_goes_nearer(qtbot: QtBot) -> None:
    view = shown(qtbot)
    scene = view.scene
    assert scene is not None

    def state() -> tuple[float, ...]:
        centre = scene.opts["center"]
        return (scene.opts["azimuth"], scene.opts["distance"], centre.x(), centre.y(), centre.z())

    before = state()
    for button, changes in (
        (Qt.MouseButton.LeftButton, (True, False, False)),
        (Qt.MouseButton.RightButton, (False, False, True)),
    ):
        start = state()
        qtbot.mousePress(scene, button, pos=QPoint(100, 100))
        move(scene, QPointF(140, 120), button)
        qtbot.mouseRelease(scene, button, pos=QPoint(140, 120))
        end = state()
        assert (start[0] != end[0], start[1] != end[1], start[2:] != end[2:]) == changes
    scene.mouseDoubleClickEvent(
        QMouseEvent(
            QEvent.Type.MouseButtonDblClick,
            QPointF(100, 100),
            QPointF(100, 100),
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    assert state() != before


def test_nothing_is_painted_while_nothing_changes(qtbot: QtBot) -> None:
    view = shown(qtbot)
    surface = make_surface(DEPTH, IMAGE, front_camera())
    q = home_joints()
    way = np.zeros((4, 3), np.float32) + np.linspace(0, 0.3, 4, dtype=np.float32)[:, None]

    def put() -> None:
        view.set_surface(surface)
        view.set_paths([ScenePath(points=way.copy(), allowed=True, selected=True, label="m")])
        view.set_trace(way.copy())
        view.set_pose(tool_pose(q))
        view.highlight_cell(-1)

    put()
    screen = view.findChild(CloudScreen)
    assert screen is not None
    qtbot.wait(200)
    drawn: list[int] = []
    screen.rendered.connect(lambda: drawn.append(1))
    for _ in range(5):
        put()
        qtbot.wait(20)
    assert not drawn
    view.set_pose(tool_pose(q + 0.1))
    qtbot.waitUntil(lambda: len(drawn) > 0, timeout=5000)


def test_it_survives_hiding_another_theme_and_another_window(qtbot: QtBot) -> None:
    surface = make_surface(DEPTH, IMAGE, front_camera())
    views = [shown(qtbot), shown(qtbot)]
    for view in views:
        view.set_surface(surface)
        qtbot.waitUntil(lambda view=view: share(view, MAGENTA) > 0.7, timeout=10_000)
    first, second = views
    second.close()
    first.hide()
    theme.theme().changed.emit("dark")
    first.show()
    qtbot.waitUntil(lambda: share(first, MAGENTA) > 0.7, timeout=10_000)
    assert first.has_gl


def test_when_the_driver_gives_up_the_flat_depth_takes_over(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = shown(qtbot)
    view.set_depth_map(DEPTH)
    view.set_surface(make_surface(DEPTH, IMAGE, front_camera()))
    view.set_cells(Cells(codes=CODES))
    qtbot.waitUntil(lambda: share(view, MAGENTA) > 0.7, timeout=10_000)
    scene = view.scene
    assert scene is not None

    def lost() -> None:
        raise RuntimeError("GL_CONTEXT_LOST")

    monkeypatch.setattr(scene._cloud, "paint", lost)
    with qtbot.waitSignal(view.gl_lost, timeout=5000):
        scene.update()
    assert not view.has_gl
    assert view.message == LOST_GL
    assert view.flat.isVisible()
    assert not view.flat.pixmap.isNull()
    exercise(view)


def test_one_bad_picture_is_forgiven(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    view = shown(qtbot)
    view.set_surface(make_surface(DEPTH, IMAGE, front_camera()))
    qtbot.waitUntil(lambda: share(view, MAGENTA) > 0.7, timeout=10_000)
    scene = view.scene
    assert scene is not None
    paint, faults = scene._cloud.paint, [RuntimeError("once")]

    def once() -> None:
        if faults:
            raise faults.pop()
        paint()

    monkeypatch.setattr(scene._cloud, "paint", once)
    scene.update()
    qtbot.waitUntil(lambda: not faults and share(view, MAGENTA) > 0.7, timeout=5000)
    assert view.has_gl


def test_the_real_dock_floats_and_comes_back_with_its_picture(rigged: Rigged) -> None:
    rigged.ready()
    window = rigged.window
    view: CloudView = window.workspace.cloud
    window.actions_table["think"].trigger()
    rigged.phase("planned")
    rigged.until(lambda: view.caption.startswith("In metres"))
    window.actions_table["scene_camera"].trigger()
    dock = window.docks.by_name["scene"]
    wood = (150, 122, 96)  # the table in the scripted picture
    rigged.until(lambda: share(view, wood) > 0.15)
    for _ in range(2):
        dock.setFloating(True)
        dock.resize(600, 500)
        rigged.until(lambda: dock.isFloating() and share(view, wood) > 0.15)
        dock.setFloating(False)
        rigged.until(lambda: not dock.isFloating() and share(view, wood) > 0.15)
    assert view.has_gl
    dock.close()
    dock.show()
    rigged.until(lambda: share(view, wood) > 0.15)


def test_presets_look_from_where_they_say(rigged: Rigged) -> None:
    rigged.ready()
    scene = rigged.window.workspace.cloud.scene
    actions = rigged.window.actions_table
    rigged.until(lambda: actions["scene_wrist"].isEnabled())
    for name, elevation in (("front", 12.0), ("top", 89.9), ("side", 8.0)):
        actions[f"scene_{name}"].trigger()
        assert scene.opts["elevation"] == pytest.approx(elevation)
    actions["scene_camera"].trigger()
    eye = front_camera().pose[:3, 3]
    np.testing.assert_allclose(np.array(scene.cameraPosition().toTuple()), eye, atol=1e-3)
    for place in ((0.5, -0.1, 0.0), (0.4, 0.2, 0.1)):  # pixels of the picture, up to one scale
        seen = scene.view_of(np.array(place))
        pixel = front_camera().project(np.array(place)) - (160, 120)
        middle = np.array([seen.x() - scene.width() / 2, seen.y() - scene.height() / 2])
        assert np.cross([*middle, 0], [*pixel, 0])[2] == pytest.approx(0, abs=60)
        assert middle @ pixel > 0
    actions["scene_follow"].setChecked(True)
    np.testing.assert_allclose(
        scene.opts["center"].toTuple(), rigged.store.robot.ee_pose[:3, 3], atol=1e-6
    )
    rigged.rig.pose = rigged.rig.pose.copy()
    rigged.rig.pose[:3, 3] += (0.05, 0.02, -0.05)
    rigged.until(
        lambda: np.allclose(scene.opts["center"].toTuple(), rigged.rig.pose[:3, 3], atol=1e-5)
    )
    actions["scene_reset"].trigger()
    assert scene.opts["elevation"] == pytest.approx(scene._home.elevation)
