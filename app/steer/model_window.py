"""What the model sees, large: its own pixels as squares, with the line, without, and the change."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.picture import fit, to_pixmap
from app.steer.model_input import ModelImage
from app.steer.model_view import TITLE, caption_of
from core import overlay

EMPTY = "Think (Space) or draw first: then the pixels that the model gets appear here."


class Look(StrEnum):
    """One of the three ways to look at it."""

    SEEN = "As the model gets it"
    CLEAN = "Without your line"
    CHANGE = "Only what your line changes"


class PixelBox(QWidget):
    """Shows an image with whole multiples of its pixels, as large as they fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)

    def sizeHint(self) -> QSize:
        """Return the size of a comfortable large picture."""
        return QSize(720, 540)

    @property
    def pixmap(self) -> QPixmap:
        """The picture; null while there is none."""
        return self._pixmap

    @property
    def scale(self) -> float:
        """Screen pixels per image pixel: a whole number, or less than 1 for a large image."""
        size = self._pixmap.size()
        if size.isEmpty():
            return 1.0
        scale = min(self.width() / size.width(), self.height() / size.height())
        return float(int(scale)) if scale >= 1 else scale

    def set_image(self, rgb: NDArray[np.uint8] | None) -> None:
        """Show (H, W, 3) uint8 RGB, or nothing."""
        self._pixmap = QPixmap() if rgb is None else to_pixmap(rgb)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every pixel as a square of the same size."""
        painter = QPainter(self)
        if self._pixmap.isNull():
            painter.setPen(QColor(theme.tokens().muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(32, 32, -32, -32), flags, EMPTY)
        else:
            size = QSizeF(self._pixmap.size()) * self.scale
            place = fit(size, QRectF(self.rect()))
            # "fit" enlarges; here only its middle is wanted, on a whole pixel.
            place = QRectF(
                round(place.center().x() - size.width() / 2),
                round(place.center().y() - size.height() / 2),
                size.width(),
                size.height(),
            )
            smooth = self.scale < 1
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()


class ModelWindow(QDialog):
    """Stays open beside the picture and follows the line as it is drawn."""

    shown_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setWindowFlag(Qt.WindowType.Tool)
        self._image: ModelImage | None = None
        self._look = Look.SEEN
        self.box = PixelBox()
        self._caption = QLabel()
        theme.set_role(self._caption, "caption")
        self._caption.setWordWrap(True)
        self._buttons: dict[Look, QPushButton] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for index, look in enumerate(Look):
            button = QPushButton(look)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAutoDefault(False)
            self._group.addButton(button, index)
            self._buttons[look] = button
            row.addWidget(button)
        row.addStretch(1)
        self._group.idClicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(row)
        layout.addWidget(self.box, 1)
        layout.addWidget(self._caption)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.setAccessibleName("The picture as the model sees it")
        self.box.setFocus()
        self.resize(692, 640)
        self.set_look(Look.SEEN)

    @property
    def look(self) -> Look:
        """How it is looked at."""
        return self._look

    @property
    def caption(self) -> str:
        """The line below the picture."""
        return self._caption.text()

    def set_look(self, look: Look) -> None:
        """Look at it in another way."""
        self._look = look
        self._buttons[look].setChecked(True)
        self._render()

    def set_image(self, image: ModelImage | None) -> None:
        """Follow what goes into the model; nothing is worked out while it is closed."""
        self._image = image
        if self.isVisible():
            self._render()

    def _choose(self, index: int) -> None:
        self.set_look(list(Look)[index])

    def _render(self) -> None:
        image = self._image
        if image is None:
            self.box.set_image(None)
            self._caption.setText("")
            return
        pixels, words = self._pixels(image)
        self.box.set_image(pixels)
        height, width = image.seen.shape[:2]
        self._caption.setText(f"{caption_of(image)} · {width} × {height} px · {words}")

    def _pixels(self, image: ModelImage) -> tuple[NDArray[np.uint8], str]:
        """Return what to show and what to say about it."""
        if image.clean.shape != image.seen.shape:
            return image.seen, "the server chose another size, so there is nothing to compare"
        changed, count = overlay.difference(image.clean, image.seen)
        share = 100 * count / changed[..., 0].size
        words = f"{count:,} pixels differ ({share:.1f} %)" if count else "no pixel differs"
        if image.steered:
            words += "; these were sent" if image.sent else "; not sent yet"
        shown = {Look.SEEN: image.seen, Look.CLEAN: image.clean, Look.CHANGE: changed}
        return shown[self._look], words

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what has changed while it was closed."""
        super().showEvent(event)
        self._render()
        self.shown_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that it is closed."""
        super().hideEvent(event)
        self.shown_changed.emit(False)
