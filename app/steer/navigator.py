"""The whole picture, small, with a rectangle around what is shown of it; a drag moves that."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app import theme
from app.steer.zoom import Zoom

LARGEST = QSize(128, 96)


class Navigator(QWidget):
    """Appears when a part of the picture lies outside its view."""

    chosen = Signal(QPointF)
    """The place of the image that shall come to the middle."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()
        self._zoom = Zoom()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of the picture")
        self.setToolTip("The whole picture; drag the frame to look elsewhere")
        self.hide()

    @property
    def frame(self) -> QRectF:
        """The rectangle around what is shown, in its own pixels."""
        (x, y), (across, down) = self._zoom.corner, self._zoom.span
        shown = QRectF(x, y, across, down) & QRectF(0, 0, *self._zoom.image)
        k = self._scale
        return QRectF(shown.x() * k, shown.y() * k, shown.width() * k, shown.height() * k)

    @property
    def _scale(self) -> float:
        return self.width() / self._zoom.image[0] if self._zoom.image[0] else 1.0

    def set_picture(self, pixmap: QPixmap) -> None:
        """Take over the picture."""
        self._pixmap = pixmap
        if self.isVisible():
            self.update()

    def set_zoom(self, zoom: Zoom) -> None:
        """Follow what is shown; the whole needs no overview."""
        if zoom.image != self._zoom.image and min(zoom.image) > 0:
            size = QSize(round(zoom.image[0]), round(zoom.image[1]))
            self.resize(size.scaled(LARGEST, Qt.AspectRatioMode.KeepAspectRatio))
        self._zoom = zoom
        self.setVisible(zoom.is_partial and not self._pixmap.isNull())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, darker where it is out of view, and the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect())
        painter.drawPixmap(area, self._pixmap, QRectF(self._pixmap.rect()))
        shade = QColor(theme.DATA.casing)
        shade.setAlpha(140)
        for part in _around(area, self.frame):
            painter.fillRect(part, shade)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.DATA.casing), 3.0))
        painter.drawRect(self.frame.adjusted(1, 1, -1, -1))
        painter.setPen(QPen(QColor(theme.THEMES["dark"].text), 1.0))
        painter.drawRect(self.frame.adjusted(1, 1, -1, -1))
        painter.setPen(QPen(QColor(theme.DATA.casing), 1.0))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(event.position() / self._scale)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer while it is held."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.chosen.emit(event.position() / self._scale)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the release, so that it does not reach the picture below."""
        event.accept()


def _around(area: QRectF, hole: QRectF) -> list[QRectF]:
    """Return what of an area lies outside a rectangle within it."""
    return [
        QRectF(area.left(), area.top(), area.width(), hole.top() - area.top()),
        QRectF(area.left(), hole.bottom(), area.width(), area.bottom() - hole.bottom()),
        QRectF(area.left(), hole.top(), hole.left() - area.left(), hole.height()),
        QRectF(hole.right(), hole.top(), area.right() - hole.right(), hole.height()),
    ]
