"""A picture that can be zoomed and panned, with an exact map from the pointer to the pixel.

Scene coordinates are image pixels with the origin at the corner of the top-left pixel, as in
:mod:`core.camera`. Qt reports the pointer in logical pixels on every screen, so there is no device
pixel ratio in here. The view always chooses its scene rectangle as large as its viewport; then Qt
neither scrolls nor adds the margins that ``fitInView`` would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QFrame, QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget

from app import theme
from app.picture import to_pixmap
from app.steer import zoom
from app.steer.picture_layers import PictureLayers

_STEP = 1.44
"""Factor of one step of the keys."""

_SINGLE_PIXELS = 6.0
"""From this scale on single pixels are looked at, so they stay square."""


class ZoomView(QGraphicsView):
    """Shows one image, and any part of it.

    Attributes:
        layers: What lies over the picture in its corners.
    """

    scale_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self._picture = QGraphicsPixmapItem()
        self._picture.setShapeMode(QGraphicsPixmapItem.ShapeMode.BoundingRectShape)
        self.scene().addItem(self._picture)
        self._size = QSize(0, 0)
        self._zoom = zoom.Zoom()
        self._old = self._frozen = False
        self._message = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        # A dot that moves repaints its surroundings, not the picture.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setMinimumSize(240, 180)
        self.setAccessibleName("Camera picture")
        self.layers = PictureLayers(self)
        self.layers.navigator.chosen.connect(self.centre_on)
        theme.theme().changed.connect(self._repaint)

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) of the image [px]; (0, 0) while there is none."""
        return self._size.width(), self._size.height()

    @property
    def scale_factor(self) -> float:
        """Logical screen pixels per image pixel."""
        return self._zoom.scale

    @property
    def is_fitted(self) -> bool:
        """Whether the whole image is shown, whatever the size of the view."""
        return self._zoom.fitted

    @property
    def is_greyed(self) -> bool:
        """Whether the picture is shown as one of the past."""
        return self._old

    def set_image(self, rgb: NDArray[np.uint8] | None) -> None:
        """Show (H, W, 3) uint8 RGB; a new size fits the view, an equal one keeps the zoom."""
        self._old = False
        self._picture.setOpacity(1.0)
        pixmap = QPixmap() if rgb is None else to_pixmap(rgb)
        self._picture.setPixmap(pixmap)
        self.layers.navigator.set_picture(pixmap)
        if pixmap.size() != self._size:
            self._size = pixmap.size()
            self.fit()
            self._repaint()

    def set_message(self, text: str) -> None:
        """Say something in the middle while there is no image."""
        if text != self._message:
            self._message = text
            self._repaint()

    def set_frozen(self, frozen: bool) -> None:
        """Frame a picture that stands still on purpose."""
        if frozen != self._frozen:
            self._frozen = frozen
            self.viewport().update()

    def set_old(self, text: str) -> None:
        """Grey the picture and say in words that it is not of now; the next image ends it."""
        if text and not self._old and not self._size.isEmpty():
            grey = self._picture.pixmap().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
            self._picture.setPixmap(QPixmap.fromImage(grey))
            self._picture.setOpacity(0.6)
            self._old = True
        self.layers.set_notice(text)

    @Slot()
    def fit(self) -> None:
        """Show the whole image as large as it goes, without a margin."""
        self._place(zoom.fitted(self.image_size, self._viewport_size()))

    @Slot()
    def actual_size(self) -> None:
        """Show one image pixel on one screen pixel."""
        self._scale_to(1.0, self._focus_point())

    @Slot()
    def zoom_in(self) -> None:
        """Zoom in a step, around the pointer when it is over the picture."""
        self.zoom_at(self._focus_point(), _STEP)

    @Slot()
    def zoom_out(self) -> None:
        """Zoom out a step."""
        self.zoom_at(self._focus_point(), 1 / _STEP)

    @Slot()
    def pan_left(self) -> None:
        """Look further to the left."""
        self._step_aside(1, 0)

    @Slot()
    def pan_right(self) -> None:
        """Look further to the right."""
        self._step_aside(-1, 0)

    @Slot()
    def pan_up(self) -> None:
        """Look further up."""
        self._step_aside(0, 1)

    @Slot()
    def pan_down(self) -> None:
        """Look further down."""
        self._step_aside(0, -1)

    def pan_by(self, across: float, down: float) -> None:
        """Move the image by a distance [screen px]; it stays in view."""
        self._place(zoom.panned(self._zoom, across, down))

    def _step_aside(self, across: int, down: int) -> None:
        width, height = self._viewport_size()
        self.pan_by(across * width / 5, down * height / 5)

    @Slot(QPointF)
    def centre_on(self, pixel: QPointF) -> None:
        """Bring a place of the image to the middle, as far as there is image to show."""
        self._place(zoom.centred(self._zoom, _pair(pixel)))

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

    @property
    def picture_area(self) -> QRectF:
        """The part of the viewport that shows the image [screen px]."""
        whole = QRectF(self.to_viewport(QPointF(0, 0)), self.to_viewport(QPointF(*self.image_size)))
        return whole & QRectF(self.viewport().rect())

    def zoom_at(self, position: QPointF, factor: float) -> None:
        """Zoom by a factor and keep the pixel under ``position`` (of the viewport) in place.

        Zooming out ends with the whole image.
        """
        # A step in and a step out miss the whole by a rounding error.
        whole = 1.001 * zoom.fit_scale(self._zoom.image, self._zoom.viewport)
        scale = self._zoom.scale * factor
        if factor < 1 and scale <= whole <= 1.001 * self._zoom.scale:
            self.fit()
        else:
            self._scale_to(scale, position)

    def _scale_to(self, scale: float, position: QPointF) -> None:
        # Qt scrolls by whole pixels; the place is asked of Qt, so that steps do not add up.
        place = _pair(self.to_image(position))
        self._place(zoom.scaled(self._zoom, place, _pair(position), scale))

    def _focus_point(self) -> QPointF:
        if self.viewport().underMouse():
            return QPointF(self.viewport().mapFromGlobal(self.cursor().pos()))
        return QPointF(self.viewport().rect().center())

    def _viewport_size(self) -> tuple[int, int]:
        return self.viewport().width(), self.viewport().height()

    def _place(self, wanted: zoom.Zoom) -> None:
        """Show this part of the image."""
        self._zoom = wanted
        scale = wanted.scale
        if min(self._viewport_size()) <= 0:
            return
        self.setTransform(QTransform.fromScale(scale, scale))
        self.setSceneRect(QRectF(*wanted.corner, *wanted.span))
        smooth = scale < _SINGLE_PIXELS
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        self._picture.setTransformationMode(
            Qt.TransformationMode.SmoothTransformation
            if smooth
            else Qt.TransformationMode.FastTransformation
        )
        self.layers.navigator.set_zoom(wanted)
        self.layers.arrange()
        self.scale_changed.emit(scale)

    def _repaint(self) -> None:
        self.setBackgroundBrush(QColor(theme.tokens().window))
        self.viewport().update()

    def showEvent(self, event: QEvent) -> None:
        """Fit once the size is known."""
        self._repaint()
        self._place(zoom.resized(self._zoom, self._viewport_size()))
        super().showEvent(event)  # type: ignore[arg-type]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted image fitted, and the scale of any other."""
        super().resizeEvent(event)
        self._place(zoom.resized(self._zoom, self._viewport_size()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scene and its frame, or the message where there is no image."""
        super().paintEvent(event)
        if self._size.isEmpty() and self._message:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(theme.tokens().muted))
            area = self.viewport().rect().adjusted(32, 32, -32, -32)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, flags, self._message)
            painter.end()
        elif self._frozen and not self._size.isEmpty():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(theme.tokens().accent), 2.0))
            painter.drawRect(self.picture_area.adjusted(1, 1, -1, -1))
            painter.end()


def _pair(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
