"""Puts the 3D scene on the screen as a picture, so that the window itself is not drawn by OpenGL.

A QOpenGLWidget inside a window makes Qt send the whole window through OpenGL whenever anything in
it changes. In software that costs about 18 ms for each move of the pointer, anywhere. So the scene
is never shown: it renders into its own buffer, at most 30 times a second and only when it has
changed, and this widget paints that buffer like any other picture.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.steer.cloud_gl import CloudScene

PERIOD_MS = 33
SHARE = 8
"""A picture that took t ms is followed by the next after this many t, unless a hand turns it."""

REST_MOST_MS = 250
REST_LEAST_MS = 5

PATIENCE = 30
"""Periods that a new picture waits for somebody who draws elsewhere, about a second."""


class CloudScreen(QWidget):
    """Shows a scene, and hands it the mouse and the keys."""

    failed = Signal(str)
    """Why there can be no picture."""
    rendered = Signal()
    """A new picture of the scene is on its way to the screen."""

    def __init__(self, scene: CloudScene, parent: QWidget | None = None) -> None:
        """Take over a scene that has no parent; it leaves with this widget."""
        super().__init__(parent)
        self.scene = scene
        self._picture = QImage()
        self._dirty = True
        self._waited = 0
        self._held = False
        self._buffer = QSize()
        self._timer = QTimer(self, singleShot=True, interval=PERIOD_MS)
        self._timer.timeout.connect(self._render)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        scene.touched.connect(self._touch)
        self.destroyed.connect(scene.deleteLater)

    def _touch(self) -> None:
        self._dirty = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _render(self) -> None:
        if not self._dirty or not self.isVisible():
            return
        if self._waited < PATIENCE and self._someone_draws():
            self._waited += 1
            self._timer.start()
            return
        self._waited = 0
        self._dirty = False
        began = time.perf_counter()
        self._fit_scene()
        self._picture = self.scene.grabFramebuffer()
        # Without a graphics card it can take longer than the keys, above all Esc, should wait.
        took_ms = 1000 * (time.perf_counter() - began)
        share_ms = REST_LEAST_MS if self._held else round(SHARE * took_ms)
        rest_ms = max(PERIOD_MS - round(took_ms), share_ms)
        self._timer.setInterval(min(rest_ms, REST_MOST_MS))
        if self._picture.isNull():
            self.failed.emit("the OpenGL context did not come up")
            return
        self.update()
        self.rendered.emit()

    def _someone_draws(self) -> bool:
        """Whether a button is held elsewhere: whoever draws must not wait for this picture."""
        held = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        return held and not self.underMouse()

    def _fit_scene(self) -> None:
        size = self.size()
        if self._buffer != size:
            self._buffer = size
            # A widget that is not shown is not told of its size, and keeps its old buffer.
            QCoreApplication.sendEvent(self.scene, QResizeEvent(size, QSize()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the newest picture."""
        painter = QPainter(self)
        if self._picture.isNull():
            painter.fillRect(self.rect(), self.palette().window())
        else:
            painter.drawImage(self.rect(), self._picture)
        painter.end()

    def showEvent(self, event: QShowEvent) -> None:
        """Render what has changed meanwhile."""
        super().showEvent(event)
        self._touch()

    def hideEvent(self, event: QHideEvent) -> None:
        """Render nothing that nobody sees."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Render anew in the new size."""
        super().resizeEvent(event)
        self.scene.resize(event.size())
        self._touch()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = True
        self.scene.mousePressEvent(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.scene.mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = bool(event.buttons())
        self.scene.mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.scene.mouseDoubleClickEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.scene.wheelEvent(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        QCoreApplication.sendEvent(self.scene, event)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.scene.keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.scene.keyReleaseEvent(event)
