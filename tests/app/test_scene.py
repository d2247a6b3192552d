"""The 3D view within the window: what feeds it, what its actions do, and its files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from app.file_dialog import free_path
from app.steer.scene_export import SceneExport
from app.steer.viewpoints import Viewpoint
from core.camera import CameraModel
from core.depth import metric_map, relative_map
from core.types import DepthTokens
from tests.app.conftest import Rigged
from tests.app.fakes import CODES, front_camera


def think(rigged: Rigged) -> None:
    rigged.window.actions_table["think"].trigger()
    rigged.phase("planned")


def answer_with(rigged: Rigged, **changes: object) -> None:
    """Let the policy answer differently from now on."""
    real = rigged.policy.infer

    def infer(*args: object, **named: object) -> object:
        reasoning = real(*args, **named)  # type: ignore[arg-type]
        return replace(reasoning, **changes) if reasoning.depth is not None else reasoning

    rigged.policy.infer = infer  # type: ignore[method-assign]


def test_pointing_at_a_cell_marks_it_in_the_other_view(rigged: Rigged) -> None:
    rigged.ready()
    think(rigged)
    panels = rigged.window.workspace
    rigged.until(lambda: panels.cloud._surface is not None)
    grid = panels.depth_view.grid
    rigged.qtbot.mouseMove(grid, grid.cell_box(63).center().toPoint())
    assert grid.highlighted == 63
    assert panels.cloud.token.startswith(f"Token 63 · code {CODES[63]} · row 7, column 4 · ")
    assert panels.cloud.token.endswith(" m")
    assert panels.depth_view.caption.startswith(f"63: code {CODES[63]} · ")
    panels.cloud.cell_hovered.emit(5)
    assert grid.highlighted == 5
    assert panels.depth_view.caption.startswith(f"5: code {CODES[5]}")
    panels.cloud.cell_hovered.emit(-1)
    assert panels.depth_view.caption.startswith("Depth · 0.5")


def test_resting_on_the_cameras_picture_marks_the_cell(rigged: Rigged) -> None:
    rigged.ready()
    think(rigged)
    panels = rigged.window.workspace
    rigged.until(lambda: panels.cloud._surface is not None)
    viewport = rigged.view.viewport()
    rigged.qtbot.mouseMove(viewport, rigged.at(320 * 0.75, 240 * 0.85))
    rigged.until(lambda: panels.depth_view.grid.highlighted == 87)
    assert panels.cloud.token.startswith("Token 87")
    panels.canvas.view.pointer_left.emit()
    rigged.until(lambda: panels.depth_view.grid.highlighted == -1)
    assert panels.cloud.token == ""


def test_arrow_keys_go_from_cell_to_cell(rigged: Rigged) -> None:
    rigged.ready()
    think(rigged)
    grid = rigged.window.workspace.depth_view.grid
    grid.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up):
        rigged.qtbot.keyClick(grid, key)
    assert grid.highlighted == 2
    rigged.qtbot.keyClick(grid, Qt.Key.Key_Up)
    assert grid.highlighted == 2


def test_cells_that_changed_since_the_last_answer_are_counted(rigged: Rigged) -> None:
    rigged.ready()
    panels = rigged.window.workspace
    think(rigged)
    rigged.until(lambda: panels.cloud._surface is not None)
    assert "changed" not in panels.depth_view.caption
    codes = CODES.copy()
    codes[[3, 4, 50]] = (codes[[3, 4, 50]] + 1) % 128
    answer_with(rigged, depth=DepthTokens(codes=codes))
    rigged.window.actions_table["live"].trigger()
    think(rigged)
    rigged.until(lambda: panels.depth_view.caption.endswith(" m · 3 changed"))
    assert "3 of 100 cells changed" in panels.cloud.caption
    assert np.flatnonzero(panels.depth_view.grid.cells.changed).tolist() == [3, 4, 50]
    rigged.window.actions_table["live"].trigger()
    think(rigged)
    rigged.until(lambda: "no cell changed" in panels.depth_view.caption)


def test_confidence_is_told_in_both_views(rigged: Rigged) -> None:
    rigged.ready()
    think(rigged)
    panels = rigged.window.workspace
    panels.scene.set_confidence(np.linspace(0, 1, 100))
    panels.depth_view.highlight_cell(30)
    panels.cloud.highlight_cell(30)
    assert "30 % sure" in panels.cloud.token
    assert "30 % sure" in panels.depth_view.caption


@pytest.mark.parametrize(
    ("metric", "calibrated", "words"),
    [
        (True, True, "In metres"),
        (False, True, "Relative, not to scale"),
        (False, False, "Relative: camera not calibrated"),
        (True, False, "Relative: camera not calibrated"),
    ],
)
def test_a_cloud_says_how_far_it_can_be_trusted(
    rigged: Rigged, metric: bool, calibrated: bool, words: str
) -> None:
    rigged.ready()
    values = np.tile(np.linspace(-0.6, 0.9, 80), (80, 1))
    answer_with(rigged, depth_map=metric_map(values, 0.5, 2.0) if metric else relative_map(values))
    if not calibrated:
        rig = rigged.store.rig
        rigged.store.set_rig(replace(rig, cameras={**rig.cameras, "front": None}))
    think(rigged)
    rigged.until(lambda: rigged.window.workspace.cloud.caption == words)


def test_a_camera_on_the_hand_is_placed_by_the_arms_pose(rigged: Rigged) -> None:
    rigged.ready()
    think(rigged)
    rig, scene = rigged.store.rig, rigged.window.workspace.scene
    pose = np.eye(4)
    pose[:3, 3] = (0.05, 0, -0.08)
    hand = CameraModel.from_fov(width=320, height=240, fovy=1.0, pose=pose, mounted_on_hand=True)
    rigged.store.set_rig(replace(rig, cameras={**rig.cameras, "front": hand}))
    expected = rigged.store.observation.state.ee_pose @ pose
    np.testing.assert_allclose(scene.looks.camera().pose, expected)
    rigged.store.observation = replace(rigged.store.observation, state=None)
    assert scene.looks.camera() is None


def test_presets_look_through_the_cameras_there_are(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rigged.ready()
    rigged.until(lambda: rigged.store.robot is not None)
    panels, rig = rigged.window.workspace, rigged.store.rig
    seen: list[Viewpoint] = []
    monkeypatch.setattr(panels.cloud, "look", seen.append)
    panels.scene.looks.look("camera")
    np.testing.assert_allclose(eye(seen[-1]), front_camera().pose[:3, 3], atol=1e-9)
    tool = rigged.store.robot.ee_pose
    panels.scene.looks.look("wrist")
    np.testing.assert_allclose(seen[-1].centre, tool[:3, 3])
    pose = np.eye(4)
    pose[:3, 3] = (0.05, 0.01, -0.08)
    hand = CameraModel.from_fov(width=320, height=240, fovy=1.2, pose=pose, mounted_on_hand=True)
    rigged.store.set_rig(replace(rig, cameras={**rig.cameras, "wrist": hand}))
    panels.scene.looks.look("wrist")
    np.testing.assert_allclose(eye(seen[-1]), (tool @ pose)[:3, 3], atol=1e-9)
    rigged.store.set_rig(replace(rig, workspace=None, cameras={"front": None}))
    panels.scene.looks.look("camera")
    assert len(seen) == 3  # nobody knows where it is
    think(rigged)
    rigged.until(lambda: panels.scene.looks.surface is not None)
    panels.scene.looks.look("camera")
    np.testing.assert_allclose(eye(seen[-1]), 0, atol=1e-9)
    panels.scene.looks.look("front")
    assert abs(seen[-1].azimuth) == 180


def eye(view: Viewpoint) -> np.ndarray:
    """Return where a view is seen from."""
    up, around = np.radians(view.elevation), np.radians(view.azimuth)
    ray = [np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)]
    return view.centre + view.distance * np.array(ray)


def test_a_map_that_cannot_be_lifted_is_said(rigged: Rigged) -> None:
    rigged.ready()
    answer_with(rigged, depth_map=metric_map(np.zeros((5, 5)), 0.5, 2.0))
    think(rigged)
    rigged.until(
        lambda: any("There is no 3D view" in n.text for n in rigged.studio.notifier.history)
    )


def test_points_are_exported_where_asked_and_nothing_is_overwritten(
    rigged: Rigged, tmp_path: Path
) -> None:
    rigged.ready()
    actions, files = rigged.window.actions_table, rigged.window.workspace.scene.files
    assert not actions["scene_points"].isEnabled()
    assert "Think first" in actions["scene_points"].toolTip()
    files.save_points(tmp_path / "early.ply")
    assert "Think first" in rigged.studio.notifier.history[-1].text
    think(rigged)
    assert actions["scene_points"].isEnabled()
    rigged.key(
        Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    rigged.until(lambda: files.dialog is not None)
    assert not files.dialog.isModal()
    files.dialog.setDirectory(str(tmp_path))
    files.dialog.selectFile("scene.ply")
    (tmp_path / "scene.ply").write_bytes(b"mine")
    files.dialog.accept()
    rigged.until(lambda: "scene-2.ply" in rigged.studio.notifier.history[-1].text)
    assert (tmp_path / "scene.ply").read_bytes() == b"mine"
    data = (tmp_path / "scene-2.ply").read_bytes()
    assert b"robot base frame; metric" in data
    assert b"element vertex 6400" in data
    assert len(data) > 6400 * 15


def test_escape_closes_the_question_and_stops_the_arm_first(rigged: Rigged) -> None:
    rigged.ready()
    think(rigged)
    files = rigged.window.workspace.scene.files
    files.ask_points()
    rigged.window.actions_table["escape"].trigger()
    assert files.dialog is None
    assert rigged.store.phase == "planned"
    files.ask_picture()
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())
    rigged.window.actions_table["run"].trigger()
    rigged.phase("running")
    rigged.window.actions_table["escape"].trigger()
    rigged.until(lambda: rigged.rig.stops == ["operator (Esc)"])
    assert files.dialog is not None
    files.dialog.reject()


def test_a_picture_is_saved_as_png(rigged: Rigged, tmp_path: Path) -> None:
    rigged.ready()
    think(rigged)
    rigged.window.workspace.scene.files.save_picture(tmp_path / "a.png")
    rigged.until(lambda: (tmp_path / "a.png").exists())
    assert not QImage(str(tmp_path / "a.png")).isNull()


def test_a_folder_that_cannot_be_written_is_named(qtbot, tmp_path: Path) -> None:
    export = SceneExport()
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    try:
        with qtbot.waitSignal(export.failed, timeout=10_000) as failed:
            export.save_picture(picture, tmp_path / "none" / "a.png")
        assert "could not be written" in failed.args[0]
        assert "Choose another folder" in failed.args[0]
        with qtbot.waitSignal(export.failed, timeout=10_000) as failed:
            export.save_picture(QImage(), tmp_path / "a.png")
        assert "empty" in failed.args[0]
        with qtbot.waitSignal(export.saved, timeout=10_000) as saved:
            depth = metric_map(np.zeros((12, 12)), 0.5, 2.0)
            export.save_points(depth, np.zeros((6, 8, 3), np.uint8), None, tmp_path / "a.ply")
        assert saved.args[0].startswith("Saved 144 points")
        assert b"camera frame, assumed angle" in (tmp_path / "a.ply").read_bytes()
    finally:
        export.shutdown()
    assert os.listdir(tmp_path) == ["a.ply"]


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "scene.png"
    assert free_path(path) == path
    path.write_bytes(b"")
    assert free_path(path).name == "scene-2.png"
    (tmp_path / "scene-2.png").write_bytes(b"")
    assert free_path(path).name == "scene-3.png"


def test_without_opengl_what_needs_it_is_not_offered(rigged: Rigged) -> None:
    if rigged.window.workspace.cloud.has_gl:
        pytest.skip("this display has OpenGL")
    actions = rigged.window.actions_table
    for name in ("scene_front", "scene_depth", "scene_larger"):
        assert not actions[name].isEnabled()
        assert "OpenGL" in actions[name].toolTip()
    assert actions["scene_picture"].isVisible()
    assert rigged.window.workspace.cloud.flat.isVisibleTo(rigged.window)
