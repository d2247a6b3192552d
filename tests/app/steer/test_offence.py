"""The step that the guard objects to is marked in the picture and in 3D, with the reason."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QGraphicsScene

from app.steer.offence import KINDS, Offence, OffenceItem, offence_of, place_of
from app.steer.scene_lines import cross
from tests.app.conftest import Rigged
from tests.app.fakes import Verdict

OFFENCE = Offence(step=2, kind="workspace", reason="Step 3 leaves the workspace.")


def test_the_place_is_where_the_step_ends() -> None:
    path = np.arange(10.0).reshape(5, 2)
    np.testing.assert_allclose(place_of(OFFENCE, path), path[3])
    beyond = Offence(step=9, kind="", reason="")
    np.testing.assert_allclose(place_of(beyond, path), path[4])
    path[3] = np.nan
    np.testing.assert_allclose(place_of(OFFENCE, path), path[2])
    assert place_of(OFFENCE, np.full((5, 2), np.nan)) is None


def test_words_and_icons_by_kind(qapp: QApplication) -> None:
    from app.icons import icon

    assert OFFENCE.words == "Step 3: leaves the box"
    assert Offence(step=0, kind="new", reason="").words == "Step 1: rejected"
    for _, symbol in KINDS.values():
        assert not icon(symbol).pixmap(16, 16).isNull()


def test_the_words_stay_in_the_picture(qapp: QApplication) -> None:
    scene = QGraphicsScene()
    item = OffenceItem(7)
    scene.addItem(item)
    item.show_at(OFFENCE, QPointF(10, 50), 320)
    assert item._box().left() > 0
    item.show_at(OFFENCE, QPointF(300, 50), 320)
    assert item._box().right() < 0
    assert item.toolTip() == OFFENCE.reason
    item.show_at(None, QPointF(), 320)
    assert not item.isVisible()
    assert cross(np.zeros(3)).shape == (6, 3)


def test_a_rejected_plan_shows_its_step(rigged: Rigged) -> None:
    rigged.rig.verdict = Verdict(ok=False, reason=OFFENCE.reason, step=2, kind="workspace")
    rigged.ready()
    rigged.window.actions_table["think"].trigger()
    rigged.phase("planned")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    assert offence_of(rigged.store.plan) == OFFENCE
    item = rigged.window.workspace.canvas.ghosts.offence
    rigged.until(lambda: item.isVisible())
    path = rigged.window.workspace.canvas.path_item.points
    np.testing.assert_allclose([item.pos().x(), item.pos().y()], path[3], atol=1e-6)
    paths = rigged.window.workspace.cloud._paths
    np.testing.assert_allclose(paths[0].bad, paths[0].points[3])
    rigged.rig.verdict = Verdict()
    rigged.studio.controller.preview_again()
    rigged.until(lambda: not item.isVisible())
