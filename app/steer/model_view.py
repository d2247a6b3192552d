"""The thumbnail of the first image exactly as the model sees it; a click enlarges it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from app import theme
from app.steer.picture_box import PictureBox

HINT = "The exact pixels the model gets; after Steer with your line in them"
TITLE = "What the model sees"


class ModelView(QWidget):
    """Shows I or I+ with a caption that says which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: NDArray[np.uint8] | None = None
        self._caption = QLabel(TITLE)
        theme.set_role(self._caption, "caption")
        self._picture = PictureBox(HINT)
        self._picture.setAccessibleName(TITLE)
        self._picture.clicked.connect(self.enlarge)
        self._large: QDialog | None = None
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
        return self._image

    def set_image(self, image: NDArray[np.uint8] | None, steered: bool = False) -> None:
        """Show the pixels that go to the model.

        Args:
            image: (H, W, 3) uint8 RGB, or None for none.
            steered: Whether a drawn line is burnt in (I+).
        """
        if image is self._image and image is not None:
            return
        self._image = image
        self._picture.set_image(image)
        self._picture.set_clickable(image is not None)
        self._picture.setToolTip("" if image is None else "Enlarge")
        if image is None:
            self._caption.setText(TITLE)
            return
        height, width = image.shape[:2]
        what = "I⁺ with your line" if steered else "I, no line"
        self._caption.setText(f"Model sees · {what}")
        self._caption.setToolTip(f"{width} × {height} px, exactly these pixels")
        if self._large is not None and self._large.isVisible():
            self.enlarge()

    def enlarge(self) -> None:
        """Open the picture in a window of its own; Escape closes it."""
        if self._image is None:
            return
        if self._large is None:
            self._large = QDialog(self)
            self._large.setWindowTitle(TITLE)
            self._large.setWindowFlag(Qt.WindowType.Tool)
            box = QVBoxLayout(self._large)
            box.setContentsMargins(16, 16, 16, 16)
            box.addWidget(PictureBox(HINT, centred=True), 1)
            text = QLabel()
            theme.set_role(text, "caption")
            box.addWidget(text)
            self._large.resize(760, 620)
        picture = self._large.findChild(PictureBox)
        text = self._large.findChild(QLabel)
        if picture is not None and text is not None:
            picture.set_image(self._image)
            text.setText(f"{self._caption.text()} · {self._caption.toolTip()}")
        self._large.show()
        self._large.raise_()
