"""A picture that can be zoomed and panned, with an exact map from the pointer to the pixel.

Scene coordinates are image pixels with the origin at the corner of the top-left pixel, as in
:mod:`core.camera`. Qt reports the pointer in logical pixels on every screen, so there is no device
pixel ratio in here. The view always chooses its scene rectangle as large as its viewport; then Qt
neither scrolls nor adds the margins that ``fitInView`` would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget

from app import theme
from app.picture import to_pixmap
from app.steer import zoom
from app.steer.picture_layers import PictureLayers

_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_PAN_BUTTONS = Qt.MouseButton.MiddleButton | _RIGHT
_STEP = 1.2
_STILL = 4.0
"""A right button that moves less than this asks for a menu instead of panning [screen px]."""

_SINGLE_PIXELS = 6.0
"""From this scale on single pixels are looked at, so they stay square."""


class ImageView(QGraphicsView):
    """Shows one image; the wheel zooms to the pointer, the middle or right button pans.

    Attributes:
        layers: What lies over the picture in its corners.
    """

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
        self._zoom = zoom.Zoom()
        self._pan_button: Qt.MouseButton | None = None
        self._pan_from = self._pan_began = QPointF()
        self._hand = self._hand_used = self._drawing = False
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
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
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
        self.zoom_at(self._focus_point(), _STEP**2)

    @Slot()
    def zoom_out(self) -> None:
        """Zoom out a step."""
        self.zoom_at(self._focus_point(), _STEP**-2)

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

    def set_hand(self, on: bool) -> bool:
        """Let the left button pan while a key is held.

        Returns:
            When switched off, whether anything was panned or pressed meanwhile.
        """
        used, self._hand = self._hand_used, on and not self._drawing
        if on:
            # In the middle of a stroke the key is a slip: it neither pans nor means anything else.
            self._hand_used = self._drawing
        if self._pan_button is None:
            self._show_cursor()
        return used

    def _show_cursor(self) -> None:
        """Show what the left button would do; over the picture the tool knows better."""
        shape = Qt.CursorShape.OpenHandCursor if self._hand else Qt.CursorShape.CrossCursor
        self.viewport().setCursor(shape)

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

    def viewportEvent(self, event: QEvent) -> bool:
        """Zoom by a pinch; everything else goes its usual way."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_at(event.position(), max(0.1, 1.0 + event.value()))
            return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to the pointer; two fingers on a touchpad pan, with Ctrl they zoom."""
        slide = event.pixelDelta()
        # Only a touchpad has phases; pixels from a mouse wheel mean nothing on X11.
        fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not slide.isNull()
        if fingers and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._place(zoom.panned(self._zoom, slide.x(), slide.y()))
        elif steps := event.angleDelta().y() / 120:
            self.zoom_at(event.position(), _STEP**steps)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a gesture of the tool, or a pan."""
        button = event.button()
        if self._pan_button is None and (button & _PAN_BUTTONS or (button == _LEFT and self._hand)):
            self._hand_used |= self._hand
            self._pan_button = button
            self._pan_from = self._pan_began = event.position()
            if button != _RIGHT:
                self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif button == _LEFT and not self._hand:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._drawing = True
            self.pressed.emit(self.to_image(event.position()), event.modifiers())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or report the pointer."""
        if self._pan_button is not None:
            if event.buttons() & self._pan_button:
                moved = event.position() - self._pan_from
                self._place(zoom.panned(self._zoom, moved.x(), moved.y()))
            else:
                self._pan_button = None  # the release went elsewhere
            self._pan_from = event.position()
        if not self._hand and self._pan_button != _LEFT:
            held = bool(event.buttons() & _LEFT)
            self.moved.emit(self.to_image(event.position()), held)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a gesture or a pan."""
        button = event.button()
        if self._pan_button is not None and button == self._pan_button:
            still = (event.position() - self._pan_began).manhattanLength() < _STILL
            self._pan_button = None
            self._show_cursor()
            if button == _RIGHT and still and not self._hand:
                place = event.globalPosition().toPoint()
                self.context_requested.emit(self.to_image(event.position()), place)
        elif button == _LEFT:
            self._drawing = False
            self.released.emit(self.to_image(event.position()))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Report a double click; it replaces the second press."""
        if event.button() == _LEFT and not self._hand:
            self.double_clicked.emit(self.to_image(event.position()))
            event.accept()
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        self.pointer_left.emit()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer the key to the tool; it accepts what it uses."""
        event.ignore()
        self.key_pressed.emit(event)


def _pair(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
