"""Looking: zoom by keys, the hand on Space, other cameras, late and lost pictures."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app import theme
from app.steer.camera_panel import LOST_MS
from tests.app.conftest import NO_KEYS, Rigged, drag

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
SPACE = Qt.Key.Key_Space


def canvas(rigged: Rigged) -> Any:
    return rigged.window.workspace.canvas


def point_at(rigged: Rigged, pixel: tuple[float, float] = (160, 120)) -> None:
    """Bring the pointer over the picture, as a window system tells it."""
    viewport = rigged.view.viewport()
    rigged.qtbot.mouseMove(viewport, rigged.at(*pixel))
    viewport.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)


def space(rigged: Rigged, kind: QEvent.Type, *, repeat: bool = False) -> bool:
    """Send one event of the key to the window; true when it was taken before any shortcut."""
    if kind == QEvent.Type.KeyPress:
        # the window system asks first whether the press is nobody's shortcut
        override = QKeyEvent(QEvent.Type.ShortcutOverride, SPACE, NO_KEYS, " ", repeat)
        override.ignore()
        QApplication.sendEvent(rigged.view, override)
        if not override.isAccepted():
            return False
    QApplication.sendEvent(rigged.view, QKeyEvent(kind, SPACE, NO_KEYS, " ", repeat))
    return True


PRESS, RELEASE = QEvent.Type.KeyPress, QEvent.Type.KeyRelease


def test_space_and_drag_pans_and_asks_nothing(rigged: Rigged) -> None:
    rigged.ready()
    rigged.view.zoom_at(QPointF(200, 200), 3)
    point_at(rigged)
    grabbed = rigged.at(150, 100)
    assert space(rigged, PRESS)
    for _ in range(3):  # a held key repeats itself
        space(rigged, PRESS, repeat=True)
        space(rigged, RELEASE, repeat=True)
    assert rigged.view.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor
    drag(rigged.view.viewport(), [grabbed, grabbed + QPoint(40, 25)])
    moved = rigged.view.to_viewport(QPointF(150, 100)) - QPointF(grabbed)
    assert (moved - QPointF(40, 25)).manhattanLength() <= 3
    space(rigged, RELEASE)
    assert rigged.store.draft is None
    assert rigged.store.phase == "ready"
    assert not rigged.policy.asked
    drag(rigged.view.viewport(), [grabbed, grabbed + QPoint(60, 40)])
    assert rigged.store.draft is not None, "the hand is gone with the key"


def test_space_alone_over_the_picture_thinks_once_when_it_is_let_go(rigged: Rigged) -> None:
    rigged.ready()
    point_at(rigged)
    space(rigged, PRESS)
    space(rigged, PRESS, repeat=True)
    space(rigged, RELEASE, repeat=True)
    assert not rigged.policy.asked
    assert rigged.store.phase == "ready"
    space(rigged, RELEASE)
    rigged.phase("planned")
    assert len(rigged.policy.asked) == 1


def test_space_in_the_middle_of_a_stroke_does_nothing(rigged: Rigged) -> None:
    rigged.ready()
    point_at(rigged)
    rigged.drag((100, 60), (160, 100), release=False)
    space(rigged, PRESS)
    space(rigged, RELEASE)
    assert not rigged.policy.asked
    rigged.drag((160, 100), (200, 120))
    assert rigged.store.draft is not None


def test_space_thinks_at_once_elsewhere_and_is_typed_in_the_box(rigged: Rigged) -> None:
    rigged.ready()
    line = rigged.window.workspace.instruction.line
    line.setFocus()
    point_at(rigged)
    rigged.qtbot.keyClicks(line, " now")
    assert line.text().endswith(" now")
    assert not rigged.policy.asked
    rigged.view.viewport().setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    rigged.view.setFocus()
    rigged.key(SPACE)
    rigged.phase("planned")


def test_the_hand_is_dropped_when_the_window_loses_the_keyboard(rigged: Rigged) -> None:
    rigged.ready()
    point_at(rigged)
    space(rigged, PRESS)
    rigged.window._guard._drop_hand()
    rigged.click(100, 60)
    assert rigged.store.draft is not None
    assert not rigged.policy.asked


def test_zoom_by_keys_and_by_the_button(rigged: Rigged) -> None:
    rigged.ready()
    button = rigged.window.workspace._looking.zoom_button
    whole = rigged.view.scale_factor
    rigged.key(Qt.Key.Key_Plus, CTRL)
    assert rigged.view.scale_factor == pytest.approx(whole * 1.44)
    assert button.text() == f"{rigged.view.scale_factor * 100:.0f} %"
    rigged.key(Qt.Key.Key_Minus, CTRL)
    assert rigged.view.is_fitted
    rigged.key(Qt.Key.Key_0, CTRL)
    assert button.text() == "100 %"
    names = [action.objectName() for action in button.menu().actions()]
    assert names == ["fit", "actual_size", "zoom_in", "zoom_out"]
    rigged.key(Qt.Key.Key_F)
    assert rigged.view.scale_factor == pytest.approx(whole)


def test_an_enlarged_picture_is_moved_by_keys_up_to_its_corners(rigged: Rigged) -> None:
    rigged.ready()
    rigged.view.zoom_at(QPointF(300, 300), 4)
    for _ in range(30):
        rigged.key(Qt.Key.Key_Left, CTRL)
        rigged.key(Qt.Key.Key_Up, CTRL)
    assert rigged.view.to_image(QPointF(0, 0)).manhattanLength() < 1
    for _ in range(30):
        rigged.key(Qt.Key.Key_Right, CTRL)
        rigged.key(Qt.Key.Key_Down, CTRL)
    viewport = rigged.view.viewport()
    corner = rigged.view.to_image(QPointF(viewport.width(), viewport.height()))
    assert (corner - QPointF(320, 240)).manhattanLength() < 1


def test_another_camera_can_be_looked_through_but_not_drawn_on(rigged: Rigged) -> None:
    rigged.ready()
    panel = rigged.window.workspace.cameras
    rigged.drag((100, 60), (200, 120))
    before = rigged.store.draft.copy()
    rigged.qtbot.mouseClick(panel.insets["wrist"], LEFT)
    assert canvas(rigged).camera == "wrist"
    assert canvas(rigged).head.title == "Wrist"
    assert not canvas(rigged).user_item.isVisible()
    assert list(panel.insets) == ["front"]
    assert panel.insets["front"].is_marked
    assert "traces are drawn on front" in rigged.view.layers.state.text
    assert canvas(rigged).hint.startswith("You look through wrist;")
    rigged.drag((50, 60), (90, 120))
    assert canvas(rigged).hint == (
        "You look through wrist; traces are drawn on front (Esc goes back)."
    )
    rigged.key(Qt.Key.Key_Z, CTRL)
    assert (rigged.store.draft == before).all(), "nor undone"
    rigged.key(Qt.Key.Key_Escape)
    assert canvas(rigged).camera == "front"
    assert canvas(rigged).user_item.isVisible()
    assert rigged.view.layers.state.text == ""
    assert rigged.store.observation is not None, "Esc only led back"
    rigged.key(Qt.Key.Key_Z, CTRL)
    assert rigged.store.draft is None


def test_a_key_cycles_the_cameras_and_a_button_leads_back(rigged: Rigged) -> None:
    rigged.ready()
    seen = []
    for _ in range(3):
        seen.append(canvas(rigged).camera)
        rigged.key(Qt.Key.Key_O)
    assert seen == ["front", "wrist", "front"]
    back = canvas(rigged).head.back
    assert back.isVisible()
    assert "front" in back.text()
    rigged.qtbot.mouseClick(back, LEFT)
    assert canvas(rigged).camera == "front"
    assert not back.isVisible()
    assert not canvas(rigged).head.mark.isHidden()


def test_thinking_leads_back_to_the_camera_of_the_trace(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_O)
    rigged.key(SPACE)
    rigged.phase("planned")
    assert canvas(rigged).camera == "front"
    assert canvas(rigged).model_item.isVisible()


def test_a_camera_that_is_gone_is_not_looked_through(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_O)
    rigged.store.set_rig(None)
    assert rigged.store.looking == ""
    assert rigged.window.actions_table.reason("next_camera") == "There is no other camera."


def test_picture_in_picture_takes_the_pointer_only_where_it_lies(rigged: Rigged) -> None:
    rigged.ready()
    inlay = rigged.view.layers.inlay
    rigged.key(Qt.Key.Key_W)
    rigged.until(lambda: not inlay.pixmap.isNull())
    assert inlay.name == "wrist"
    assert not rigged.window.workspace.cameras.insets
    inlay.grab()
    area = rigged.view.picture_area
    assert inlay.geometry().right() == pytest.approx(area.right() - 8, abs=2)
    assert inlay.geometry().top() == pytest.approx(area.top() + 8, abs=2)
    rigged.drag((40, 200), (120, 120))
    assert rigged.store.draft is not None
    assert "wrist" not in rigged.window.workspace.cameras.insets
    rigged.key(Qt.Key.Key_O, SHIFT)
    assert rigged.view.layers.inlay_corner == "bottom right"
    drag(inlay, [QPoint(10, 10), QPoint(10, 10) - inlay.pos()])
    assert rigged.view.layers.inlay_corner == "top left"
    area = rigged.view.picture_area  # a pinned picture has other panels around it
    assert inlay.geometry().left() == pytest.approx(area.left() + 8, abs=2)
    before = rigged.store.draft.copy()
    rigged.qtbot.mouseClick(inlay, LEFT)
    assert canvas(rigged).camera == "wrist"
    assert inlay.name == "front"
    assert (rigged.store.draft == before).all()
    rigged.key(Qt.Key.Key_W)
    assert not inlay.isVisible()


def test_a_pinned_picture_is_framed_and_its_live_feed_stands_beside_it(rigged: Rigged) -> None:
    rigged.ready()
    head, panel = canvas(rigged).head, rigged.window.workspace.cameras
    rigged.until(lambda: head.badge.text().startswith("live · "))
    assert "front" not in panel.insets

    def edge() -> str:
        rigged.show_changes()  # other panels around the picture give it another size
        place = rigged.view.picture_area.topLeft().toPoint() + QPoint(1, 60)
        return rigged.view.grab().toImage().pixelColor(place).name()

    assert edge() != theme.tokens().accent
    rigged.key(SPACE)
    rigged.phase("planned")
    assert head.badge.text() == "pinned 0 s ago"
    assert head.badge.property("role") == "badge-accent"
    assert edge() == theme.tokens().accent
    assert not panel.insets["front"].is_marked, "one draws on the pinned picture, not there"
    rigged.until(lambda: panel.insets["front"].badge.startswith("front · "))
    rigged.key(Qt.Key.Key_L)
    rigged.until(lambda: head.badge.text().startswith("live · "))
    assert edge() != theme.tokens().accent


def test_a_late_picture_is_amber_a_lost_one_is_grey_and_it_comes_back(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rigged.ready()
    badge = canvas(rigged).head.badge
    age = {"front": 50.0}
    monkeypatch.setattr(rigged.studio.feed, "age_ms", lambda camera: age["front"])
    rigged.rig.live = False
    rigged.until(lambda: badge.text() == "live · 50 ms")
    age["front"] = 250.0
    rigged.until(lambda: badge.text() == "late · 250 ms")
    assert badge.property("role") == "badge-warn"
    assert not rigged.view.is_greyed
    age["front"] = LOST_MS + 500
    rigged.until(lambda: rigged.view.is_greyed)
    assert badge.text() == "lost · 2.5 s"
    assert "Camera front has sent no picture for 2.5 s" in rigged.view.layers.notice
    assert rigged.view.image_size == (320, 240)
    age["front"] = 5.0
    rigged.rig.live = True
    rigged.until(lambda: not rigged.view.is_greyed and not rigged.view.layers.notice)


def test_a_camera_lost_while_one_draws_leaves_the_pinned_picture_and_the_stroke(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rigged.ready()
    rigged.drag((100, 60), (160, 100), release=False)
    rigged.rig.live = False
    monkeypatch.setattr(rigged.studio.feed, "age_ms", lambda camera: 9000.0)
    panel = rigged.window.workspace.cameras
    rigged.until(lambda: "front" in panel.insets)
    canvas(rigged).tick(9000.0)
    assert not rigged.view.is_greyed
    rigged.drag((160, 100), (200, 120))
    assert rigged.store.draft is not None
    assert canvas(rigged).head.badge.text().startswith("pinned")
