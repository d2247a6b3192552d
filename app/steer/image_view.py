"""A picture that can be zoomed and panned, with an exact map from the pointer to the pixel.

Scene coordinates are image pixels with the origin at the corner of the top-left pixel, as in
:mod:`core.camera`. Qt reports the pointer in logical pixels on every screen, so there is no device
pixel ratio in here. The view always chooses its scene rectangle as large as its viewport; then Qt
neither scrolls nor adds the margins that ``fitInView`` would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget

from app import theme
from app.picture import to_pixmap

MAX_SCALE = 32.0
_PAN_BUTTONS = Qt.MouseButton.MiddleButton | Qt.MouseButton.RightButton
_STEP = 1.2
_STILL = 4.0
"""A right button that moved less than this was clicked [screen px]."""


class ImageView(QGraphicsView):
    """Shows one image; the wheel zooms to the pointer, the middle or right button pans."""

    pressed = Signal(QPointF, Qt.KeyboardModifier)
    moved = Signal(QPointF, bool)
    released = Signal(QPointF)
    double_clicked = Signal(QPointF)
    pointer_left = Signal()
    key_pressed = Signal(QKeyEvent)
    scale_changed = Signal(float)
    context_requested = Signal(QPointF, QPoint)
    """A right click that did not pan: image pixel, and place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self._picture = QGraphicsPixmapItem()
        self._picture.setShapeMode(QGraphicsPixmapItem.ShapeMode.BoundingRectShape)
        self.scene().addItem(self._picture)
        self._size = QSize(0, 0)
        self._zoom = 1.0
        self._centre = QPointF()
        self._pan_from: QPointF | None = None
        self._right_at: QPointF | None = None
        self._message = ""
        self._readout = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setMinimumSize(240, 180)
        self.setAccessibleName("Camera picture")
        theme.theme().changed.connect(self._repaint)

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) of the image [px]; (0, 0) while there is none."""
        return self._size.width(), self._size.height()

    @property
    def scale_factor(self) -> float:
        """Logical screen pixels per image pixel."""
        return self.transform().m11()

    def set_image(self, rgb: NDArray[np.uint8] | None) -> None:
        """Show (H, W, 3) uint8 RGB; a new size fits the view, an equal one keeps the zoom."""
        if rgb is None:
            self._picture.setPixmap(QPixmap())
            self._size = QSize(0, 0)
            self._repaint()
            return
        self._picture.setPixmap(to_pixmap(rgb))
        size = self._picture.pixmap().size()
        if size != self._size:
            self._size = size
            self.fit()

    def set_message(self, text: str) -> None:
        """Say something in the middle while there is no image."""
        if text != self._message:
            self._message = text
            self._repaint()

    def set_readout(self, text: str) -> None:
        """Write something small into the lower right corner."""
        if text != self._readout:
            self._readout = text
            self.viewport().update()

    def fit(self) -> None:
        """Show the whole image as large as it goes, without a margin."""
        self._zoom = 1.0
        self._centre = QPointF(self._size.width() / 2, self._size.height() / 2)
        self._place()

    def to_image(self, position: QPointF) -> QPointF:
        """Map a point of the viewport to image pixels, without rounding."""
        inverse, _ = self.viewportTransform().inverted()
        return self._picture.mapFromScene(inverse.map(position))

    def to_viewport(self, pixel: QPointF) -> QPointF:
        """Map image pixels to the viewport, without rounding."""
        return self.viewportTransform().map(self._picture.mapToScene(pixel))

    def contains(self, pixel: QPointF) -> bool:
        """Whether a point lies on the image."""
        width, height = self.image_size
        return 0 <= pixel.x() < width and 0 <= pixel.y() < height

    def zoom_at(self, position: QPointF, factor: float) -> None:
        """Zoom by a factor and keep the pixel under ``position`` (of the viewport) in place."""
        before = self.to_image(position)
        fitted = self._fit_scale()
        self._zoom = min(max(self._zoom * factor, 1.0), max(MAX_SCALE / fitted, 1.0))
        scale = fitted * self._zoom
        offset = position - QPointF(self.viewport().width() / 2, self.viewport().height() / 2)
        self._centre = before - offset / scale
        self._place()

    def _fit_scale(self) -> float:
        if self._size.isEmpty():
            return 1.0
        view = self.viewport().size()
        return min(view.width() / self._size.width(), view.height() / self._size.height())

    def _place(self) -> None:
        """Apply zoom and centre; the image never leaves the view further than its own edge."""
        scale = self._fit_scale() * self._zoom
        if scale <= 0:
            return
        span_x, span_y = self.viewport().width() / scale, self.viewport().height() / scale
        self._centre = QPointF(
            _within(self._centre.x(), span_x, self._size.width()),
            _within(self._centre.y(), span_y, self._size.height()),
        )
        corner = self._centre - QPointF(span_x / 2, span_y / 2)
        self.setTransform(QTransform.fromScale(scale, scale))
        self.setSceneRect(QRectF(corner.x(), corner.y(), span_x, span_y))
        # Nearest neighbour at high zoom: there the person looks at single pixels.
        smooth = scale < 6
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        self._picture.setTransformationMode(
            Qt.TransformationMode.SmoothTransformation
            if smooth
            else Qt.TransformationMode.FastTransformation
        )
        self.scale_changed.emit(scale)

    def _repaint(self) -> None:
        self.setBackgroundBrush(QColor(theme.tokens().window))
        self.viewport().update()

    def showEvent(self, event: QEvent) -> None:
        """Fit once the size is known."""
        self._repaint()
        self._place()
        super().showEvent(event)  # type: ignore[arg-type]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the zoom relative to the fitted size."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scene, or the message where there is no image."""
        super().paintEvent(event)
        if self._size.isEmpty() and self._message:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(theme.tokens().muted))
            area = self.viewport().rect().adjusted(32, 32, -32, -32)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, flags, self._message)
            painter.end()
        elif self._readout:
            self._paint_readout()

    def _paint_readout(self) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.ui_font(8.5))
        width = painter.fontMetrics().horizontalAdvance(self._readout) + 16
        corner = self.to_viewport(QPointF(*self.image_size))
        right = min(corner.x(), self.viewport().width())
        bottom = min(corner.y(), self.viewport().height())
        box = QRectF(right - width - 8, bottom - 28, width, 20)
        ground = QColor(theme.DATA.casing)
        ground.setAlpha(200)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(theme.THEMES["dark"].text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._readout)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to the pointer."""
        steps = event.angleDelta().y() / 120
        if steps:
            self.zoom_at(event.position(), _STEP**steps)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a gesture of the tool, or a pan."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.pressed.emit(self.to_image(event.position()), event.modifiers())
        elif event.button() & _PAN_BUTTONS:
            self._pan_from = event.position()
            right = event.button() == Qt.MouseButton.RightButton
            self._right_at = event.position() if right else None
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or report the pointer."""
        if self._pan_from is not None and event.buttons() & _PAN_BUTTONS:
            self._centre -= (event.position() - self._pan_from) / self.scale_factor
            self._pan_from = event.position()
            self._place()
        held = bool(event.buttons() & Qt.MouseButton.LeftButton)
        self.moved.emit(self.to_image(event.position()), held)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a gesture or a pan."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit(self.to_image(event.position()))
        elif event.button() & _PAN_BUTTONS:
            self._pan_from = None
            at, self._right_at = self._right_at, None
            if at is not None and (event.position() - at).manhattanLength() < _STILL:
                place = event.globalPosition().toPoint()
                self.context_requested.emit(self.to_image(event.position()), place)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Report a double click; it replaces the second press."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit(self.to_image(event.position()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        self.pointer_left.emit()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer the key to the tool; it accepts what it uses."""
        event.ignore()
        self.key_pressed.emit(event)


def _within(centre: float, span: float, length: float) -> float:
    """Keep a view of ``span`` inside ``length``, or in its middle when it is larger."""
    if span >= length:
        return length / 2
    return min(max(centre, span / 2), length - span / 2)
