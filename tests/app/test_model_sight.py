"""What the model sees: the large window, the difference, and that it follows the line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.steer import model_input
from app.steer.model_input import ModelImage
from app.steer.model_window import Look, ModelWindow
from core.overlay import draw_trace, prepare_frame
from tests.app.conftest import Rigged


def sight(rigged: Rigged) -> Any:
    return rigged.window.workspace.sight


def clean(rigged: Rigged) -> np.ndarray:
    return prepare_frame(rigged.store.observation.frames[0].image, (160, 120))


def painted(window: ModelWindow) -> np.ndarray:
    """Read the pixels of the large picture back from the screen, one per image pixel."""
    box = window.box
    shot, scale, size = box.grab().toImage(), box.scale, box.pixmap.size()
    left = round((box.width() - size.width() * scale) / 2)
    top = round((box.height() - size.height() * scale) / 2)
    rows = [
        [
            shot.pixelColor(int(left + (x + 0.5) * scale), int(top + (y + 0.5) * scale)).getRgb()
            for x in range(size.width())
        ]
        for y in range(size.height())
    ]
    return np.array(rows, np.uint8)[..., :3]


def test_the_large_view_shows_the_models_own_pixels(rigged: Rigged) -> None:
    rigged.ready()
    window = sight(rigged).window
    rigged.key(Qt.Key.Key_S)
    assert window.isVisible()
    assert rigged.window.actions_table["see_as_model"].isChecked()
    window.grab()
    rigged.drag((100, 60), (200, 120))
    rigged.until(lambda: "pixels differ" in window.caption)
    assert window.box.scale == int(window.box.scale) >= 2
    wanted = draw_trace(clean(rigged), rigged.store.draft)
    np.testing.assert_array_equal(painted(window), wanted)
    count = int((wanted != clean(rigged)).any(axis=2).sum())
    assert f"160 × 120 px · {count:,} pixels differ" in window.caption
    assert window.caption.endswith("not sent yet")
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.until(lambda: window.caption.endswith("these were sent"))
    rigged.key(Qt.Key.Key_S)
    assert not window.isVisible()
    assert not rigged.window.actions_table["see_as_model"].isChecked()


def test_the_difference_has_a_key_and_the_buttons_choose(rigged: Rigged) -> None:
    rigged.ready()
    window = sight(rigged).window
    rigged.drag((100, 60), (200, 120))
    rigged.key(Qt.Key.Key_D)
    assert window.look == Look.CHANGE
    rigged.until(lambda: "pixels differ" in window.caption)
    shown, line = painted(window), draw_trace(clean(rigged), rigged.store.draft)
    changed = (line != clean(rigged)).any(axis=2)
    np.testing.assert_array_equal(shown[changed], line[changed])
    assert (shown[~changed].max(axis=1) == shown[~changed].min(axis=1)).all()
    for button in window.findChildren(QPushButton):
        if button.text() == Look.CLEAN:
            rigged.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    np.testing.assert_array_equal(painted(window), clean(rigged))
    rigged.key(Qt.Key.Key_Escape)
    assert not window.isVisible()
    assert rigged.store.observation is not None, "Esc only closed it"


def test_it_follows_a_drag_and_keeps_pace(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    rigged.ready()
    rigged.drag((100, 60), (200, 120))
    source = sight(rigged).input
    rigged.until(lambda: not source._pause.isActive())
    drawn: list[int] = []

    def counting(image: np.ndarray, points: np.ndarray) -> np.ndarray:
        drawn.append(1)
        return image.copy()

    monkeypatch.setattr(model_input.overlay, "draw_trace", counting)
    rigged.drag((200, 120), (220, 160), release=False)  # no timer runs within it
    assert len(drawn) == 1, "not for every move of the pointer"
    monkeypatch.undo()
    rigged.until(
        lambda: np.array_equal(source.image.seen, draw_trace(clean(rigged), rigged.store.draft))
    )
    assert rigged.window.workspace.model.image is source.image.seen


def test_after_going_live_it_is_said_to_be_past(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    view = rigged.window.workspace.model
    rigged.until(lambda: view.caption == "I, no line")
    rigged.key(Qt.Key.Key_L)
    rigged.until(lambda: view.caption == "I, past")


def test_the_clean_picture_is_resized_once(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    source = sight(rigged).input
    rigged.until(lambda: source.image is not None and not source._pause.isActive())
    before = source.image.clean
    rigged.drag((100, 60), (200, 120))
    rigged.until(lambda: source.image.steered)
    assert source.image.clean is before
    capabilities = rigged.store.capabilities
    rigged.store.set_capabilities(replace(capabilities, image_size=(80, 60)))
    rigged.until(lambda: source.image.seen.shape == (60, 80, 3))


def test_another_size_from_the_server_is_not_compared(qtbot: Any) -> None:
    window = ModelWindow()
    qtbot.addWidget(window)
    window.show()
    image = ModelImage(
        clean=np.zeros((12, 16, 3), np.uint8), seen=np.zeros((6, 8, 3), np.uint8), sent=True
    )
    window.set_image(image)
    assert "another size" in window.caption
    window.set_image(None)
    assert window.caption == ""
    window.box.grab()


def test_a_picture_larger_than_the_window_is_made_smaller(qtbot: Any) -> None:
    window = ModelWindow()
    qtbot.addWidget(window)
    window.resize(400, 380)
    window.show()
    large = np.zeros((1200, 1600, 3), np.uint8)
    window.set_image(ModelImage(clean=large, seen=large))
    assert window.box.scale < 1
    assert "no pixel differs" in window.caption
    window.box.grab()
