"""The real window with a scripted policy and rig behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.app.comparing import Comparing
from tests.app.fakes import ScriptedPolicy, ScriptedRecorder, ScriptedRig

NO_KEYS = Qt.KeyboardModifier.NoModifier
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


@dataclass
class Rigged:
    """A window with what stands behind it."""

    window: Any
    studio: Any
    policy: ScriptedPolicy
    rig: ScriptedRig
    recorder: ScriptedRecorder
    qtbot: Any

    @property
    def store(self) -> Any:
        return self.studio.store

    @property
    def view(self) -> Any:
        return self.window.workspace.canvas.view

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=10_000)
        self.show_changes()

    def show_changes(self) -> None:
        """Show at once what has changed; the window does it a part at a time."""
        self.window.workspace.later.finish()
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def phase(self, phase: str) -> None:
        """Wait for a phase."""
        self.until(lambda: self.store.phase == phase)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def at(self, x: float, y: float) -> QPoint:
        """Viewport position of an image pixel."""
        return self.view.to_viewport(QPointF(x, y)).toPoint()

    def click(self, x: float, y: float) -> None:
        self.qtbot.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=self.at(x, y))

    def drag(self, *pixels: tuple[float, float], release: bool = True) -> None:
        drag(self.view.viewport(), [self.at(*p) for p in pixels], release=release)

    def ready(self) -> None:
        """Wait until the live picture is there."""
        self.phase("ready")
        self.until(lambda: self.view.image_size != (0, 0))


def drag(
    target: QWidget,
    places: list[QPoint],
    *,
    release: bool = True,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    """Press, move with the button held, release; qtbot's moves carry no button."""
    send(target, QEvent.Type.MouseButtonPress, places[0], button, button)
    for a, b in pairwise(places):
        for t in np.linspace(0, 1, 9)[1:]:
            place = QPointF(a) + (QPointF(b) - QPointF(a)) * t
            send(target, QEvent.Type.MouseMove, place.toPoint(), _NONE, button)
    if release:
        send(target, QEvent.Type.MouseButtonRelease, places[-1], button, _NONE)


def move(target: QWidget, place: QPoint, *, held: bool = False) -> None:
    """Move the pointer, with the left button held or without."""
    send(target, QEvent.Type.MouseMove, place, _NONE, _LEFT if held else _NONE)


def release(target: QWidget, place: QPoint) -> None:
    """Let go of the left button."""
    send(target, QEvent.Type.MouseButtonRelease, place, _LEFT, _NONE)


def send(
    target: QWidget,
    kind: QEvent.Type,
    place: QPoint,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
) -> None:
    """Deliver a mouse event."""
    position = QPointF(place)
    QApplication.sendEvent(
        target,
        QMouseEvent(kind, position, target.mapToGlobal(position), button, held, NO_KEYS),
    )


@pytest.fixture
def scripted_rig() -> ScriptedRig:
    """The rig behind the window; a module may have one of its own."""
    return ScriptedRig()


@pytest.fixture
def rigged(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted_rig: ScriptedRig
) -> Iterator[Rigged]:
    """The window on the screen, connected and ready."""
    from app import theme
    from app.main_window import MainWindow
    from app.settings import Settings
    from app.studio import Studio

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    policy, rig, recorder = ScriptedPolicy(), scripted_rig, ScriptedRecorder()
    theme.apply_theme(QApplication.instance(), "light", scale=1.0)
    studio = Studio(
        settings=Settings(instruction="pick up the blue cube", sessions=str(tmp_path)),
        saved=Settings(),
        make_policy=lambda url, token: policy,
        make_rig=lambda url, token: rig,
        make_recorder=lambda: recorder,
        addresses={
            "policy": ("ws://policy", None),
            "rig": ("ws://rig", None),
        },
    )
    window = MainWindow(studio)
    qtbot.addWidget(window)
    window.show()
    studio.start()
    held = Rigged(window, studio, policy, rig, recorder, qtbot)
    yield held
    policy.gate.set()
    rig.busy.set()
    window.close()


@pytest.fixture
def comparing(rigged: Rigged) -> Iterator[Comparing]:
    """The window with a policy that knows comparisons."""
    together = Comparing(rigged.policy)
    rigged.policy.compare = together.compare  # type: ignore[attr-defined]
    rigged.ready()
    yield together
    together.hold.set()
