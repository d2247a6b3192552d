"""Boxes of arms: typed, taught, kept per arm, and sent again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.arm.boxes import FILE, around, box_from, load_box, save_box
from app.arm.workspace_dialog import WorkspaceDialog
from core.types import StudioError
from robot.guard import Workspace
from tests.app.conftest import Rigged

BOX = Workspace(low=np.array([0.3, -0.2, 0.02]), high=np.array([0.6, 0.2, 0.4]))


def test_every_arm_keeps_its_own_box(tmp_path: Path) -> None:
    assert load_box(tmp_path, "a") is None
    save_box(tmp_path, "a", BOX)
    other = Workspace(low=BOX.low, high=BOX.high + 0.1)
    save_box(tmp_path, "b", other)
    found = load_box(tmp_path, "a")
    assert found is not None
    np.testing.assert_allclose(found.high, BOX.high)
    assert load_box(tmp_path, "c") is None


@pytest.mark.parametrize("text", ["a: [1, 2]", "a: [0, 0, 0, x, 1, 1]", "- 1", "a: [\n"])
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(StudioError):
        load_box(tmp_path, "a")


def test_a_box_around_corners() -> None:
    low, high = around([np.array([0.5, 0.1, 0.3]), np.array([0.3, 0.2, 0.1])])
    np.testing.assert_allclose((low, high), ([0.3, 0.1, 0.1], [0.5, 0.2, 0.3]))
    with pytest.raises(StudioError):
        box_from([0, 0, 0, 0, 1, 1])


def test_corners_are_taken_one_by_one(qtbot: QtBot) -> None:
    dialog = WorkspaceDialog(None)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    seen: list[Workspace | None] = []
    dialog.changed.connect(seen.append)
    dialog.take_corner(np.array([0.6, 0.2, 0.4]))
    assert not dialog.go.isEnabled()
    assert "opposite one" in dialog.said.text()
    dialog.take_corner(np.array([0.3, -0.2, 0.02]))
    assert dialog.go.isEnabled()
    assert dialog.taken.text() == "2 corners taken"
    box = dialog.box()
    assert box is not None
    np.testing.assert_allclose((box.low, box.high), (BOX.low, BOX.high))
    assert seen[-1] is not None
    with qtbot.waitSignal(dialog.chosen) as chosen:
        dialog.go.click()
    np.testing.assert_allclose(chosen.args[0].low, BOX.low)
    dialog.again.click()
    assert dialog.taken.text() == ""


def test_a_box_is_sent_kept_and_judged_by(rigged: Rigged) -> None:
    rigged.ready()
    rigged.window.actions_table["think"].trigger()
    rigged.phase("planned")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    before = rigged.rig.calls.count("preview")
    rigged.window.actions_table["workspace"].trigger()
    dialog = rigged.window.arm.space.dialog
    assert [field.value() for field in dialog.fields[:2]] == [0.2, -0.45]
    dialog.take.click()
    rigged.until(lambda: dialog.taken.text() == "1 corner taken")
    dialog.set_box(BOX.low.tolist(), BOX.high.tolist())
    dialog.go.click()
    rigged.until(lambda: len(rigged.rig.boxes) == 1)
    rigged.until(lambda: rigged.rig.calls.count("preview") > before)
    assert rigged.store.rig.workspace[0] == BOX.low.tolist()
    folder = rigged.window.arm.space._folder
    rigged.until((folder / FILE).exists)
    rigged.until(lambda: not rigged.studio.tasks._jobs)
    assert not dialog.isVisible()
    # a real arm that says nothing of a box gets the one that was used with it
    rigged.rig.kind, rigged.rig.workspace = "real", None
    rigged.studio.rig.open("ws://again")
    rigged.until(lambda: len(rigged.rig.boxes) == 2)
    assert rigged.rig.boxes[1] == rigged.rig.boxes[0]
    rigged.until(lambda: not rigged.studio.tasks._jobs)
