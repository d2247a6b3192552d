"""The thumbnail of the first image exactly as the model sees it; a click enlarges it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app import theme
from app.steer.model_input import ModelImage
from app.steer.picture_box import PictureBox

HINT = "The exact pixels the model gets; after Steer with your line in them"
TITLE = "What the model sees"


class ModelView(QWidget):
    """Shows I or I+ with a caption that says which."""

    enlarge_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: ModelImage | None = None
        self._caption = QLabel(TITLE)
        theme.set_role(self._caption, "caption")
        self._picture = PictureBox(HINT)
        self._picture.setAccessibleName(TITLE)
        self._picture.clicked.connect(self.enlarge_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._caption)
        layout.addWidget(self._picture, 1)

    @property
    def caption(self) -> str:
        """The line above the picture."""
        return self._caption.text()

    @property
    def image(self) -> NDArray[np.uint8] | None:
        """The pixels shown, (H, W, 3) uint8 RGB."""
        return self._shown.seen if self._shown is not None else None

    def set_image(self, shown: ModelImage | None) -> None:
        """Show the pixels that go to the model, or nothing."""
        before, self._shown = self._shown, shown
        if shown is None or before is None or shown.seen is not before.seen:
            self._picture.set_image(shown.seen if shown is not None else None)
        self._picture.set_clickable(shown is not None)
        self._picture.setToolTip("" if shown is None else "Enlarge (S)")
        self._caption.setText(TITLE if shown is None else caption_of(shown))
        if shown is not None:
            height, width = shown.seen.shape[:2]
            self._caption.setToolTip(f"{width} × {height} px, exactly these pixels")


def caption_of(shown: ModelImage) -> str:
    """Say in a few words what the model gets."""
    if shown.past:
        return "I⁺, past" if shown.steered else "I, past"
    return "I⁺, your line" if shown.steered else "I, no line"
