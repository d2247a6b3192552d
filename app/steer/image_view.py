"""The picture under the pointer: zooming, panning, and what the tool is told about it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.steer.zoom_view import ZoomView

_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_PAN_BUTTONS = Qt.MouseButton.MiddleButton | _RIGHT
_CLICK = 1.2
"""Factor of one click of the wheel."""

_STILL = 4.0
"""A right button that moves less than this asks for a menu instead of panning [screen px]."""


class ImageView(ZoomView):
    """Shows one image; the wheel zooms to the pointer, the middle or right button pans."""

    pressed = Signal(QPointF, Qt.KeyboardModifier)
    moved = Signal(QPointF, bool)
    released = Signal(QPointF)
    double_clicked = Signal(QPointF)
    pointer_left = Signal()
    key_pressed = Signal(QKeyEvent)
    context_requested = Signal(QPointF, QPoint)
    """A right click that did not pan: image pixel, and place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pan_button: Qt.MouseButton | None = None
        self._pan_from = self._pan_began = QPointF()
        self._hand = self._hand_used = self._drawing = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

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
            self.pan_by(slide.x(), slide.y())
        elif steps := event.angleDelta().y() / 120:
            self.zoom_at(event.position(), _CLICK**steps)
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
                self.pan_by(moved.x(), moved.y())
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
