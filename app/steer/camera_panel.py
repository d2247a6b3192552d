"""Small live pictures of the cameras, each with the age of its frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import theme
from app.steer.picture_box import PictureBox
from app.steer.pill import HEIGHT, paint_pill, pill_width
from core.types import Frame

OLD_MS = 200.0
"""A frame older than this is marked: the picture may no longer be the truth [ms]."""

LOST_MS = 2000.0
"""A frame older than this is not live any more [ms]."""

DRAWN_HERE = ("traces are drawn here", "drawn here", "")
"""Marks the camera that traces refer to, as long as there is room."""


def age_text(age_ms: float) -> str:
    """Write an age as "24 ms", or as "1.3 s" from a second on."""
    return f"{age_ms:.0f} ms" if age_ms < 1000 else f"{age_ms / 1000:.1f} s"


class Inset(PictureBox):
    """One live picture with its name and the age of the frame."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(f"{name}\nno picture yet", parent=parent)
        self.name = name
        self._frame: Frame | None = None
        self._age_ms = 0.0
        self._shown = ""
        self._marked = False
        self.setAccessibleName(f"Camera {name}")
        self.setToolTip(f"Look through {name} in the large picture")
        self.setMinimumSize(112, 84)

    @property
    def badge(self) -> str:
        """The text on the picture; empty while there is none."""
        if self._frame is None:
            return ""
        lost = "lost · " if self._age_ms > LOST_MS else ""
        return f"{self.name} · {lost}{age_text(self._age_ms)}"

    @property
    def is_marked(self) -> bool:
        """Whether it is marked as the camera that traces refer to."""
        return self._marked

    def set_marked(self, marked: bool) -> None:
        """Mark the camera that traces refer to."""
        if marked != self._marked:
            self._marked = marked
            self.update()

    def set_frame(self, frame: Frame | None, age_ms: float = 0.0) -> None:
        """Show a frame and its age; the same frame again only grows older.

        Args:
            frame: What to show, or None for nothing.
            age_ms: Since it arrived. Its own time may be that of another machine's clock [ms].
        """
        if frame is None:
            self._frame = None
            self.set_image(None)
            return
        self._age_ms = age_ms
        if frame is not self._frame:
            self._frame = frame
            self.set_image(frame.image)
        elif self.badge != self._shown:
            self.update()

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Draw the badge; it stands out in amber with a mark when the frame is old."""
        self._shown = self.badge
        old = self._age_ms > OLD_MS
        if self._age_ms > LOST_MS:  # a picture of the past does not look like one of now
            shade = QColor(theme.tokens().view)
            shade.setAlpha(170)
            painter.fillRect(area, shade)
        symbol = "warning" if old else ""
        words = (self.badge, self.badge.removeprefix(f"{self.name} · "))
        tint = "warn" if old else "text"
        paint_longest(painter, area, area.top() + 4, words, symbol=symbol, tint=tint)
        if self._marked:
            bottom = area.bottom() - 4 - HEIGHT
            paint_longest(painter, area, bottom, DRAWN_HERE, symbol="pencil-simple", tint="text")


def paint_longest(
    painter: QPainter,
    area: QRectF,
    top: float,
    choices: Sequence[str],
    *,
    symbol: str,
    tint: str,
) -> None:
    """Draw the first of several wordings that fits into the width of a picture, else the last."""
    room = area.width() - 8
    widths = [pill_width(words, symbol=bool(symbol)) for words in choices]
    index = next((i for i, width in enumerate(widths) if width <= room), len(choices) - 1)
    box = QRectF(area.left() + 4, top, min(widths[index], room), HEIGHT)
    paint_pill(painter, box, choices[index], tint=tint, symbol=symbol)


class CameraPanel(QWidget):
    """One inset per camera, below each other; a click asks to look through that camera."""

    camera_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._insets: dict[str, Inset] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._layout.addStretch(1)

    @property
    def insets(self) -> Mapping[str, Inset]:
        """The insets by the name of their camera."""
        return self._insets

    def set_cameras(self, names: Sequence[str]) -> None:
        """Show exactly these cameras, in this order."""
        for name in [n for n in self._insets if n not in names]:
            inset = self._insets.pop(name)
            self._layout.removeWidget(inset)
            # Later: it may be its own click that takes it away.
            inset.hide()
            inset.deleteLater()
        for index, name in enumerate(names):
            if name not in self._insets:
                inset = Inset(name)
                inset.clicked.connect(self._chosen)
                inset.set_clickable(True)
                self._insets[name] = inset
            self._layout.removeWidget(self._insets[name])
            self._layout.insertWidget(index, self._insets[name])
        self.setVisible(bool(names))

    def set_marked(self, name: str) -> None:
        """Mark the camera that traces refer to."""
        for inset in self._insets.values():
            inset.set_marked(inset.name == name)

    def _chosen(self) -> None:
        inset = self.sender()
        if isinstance(inset, Inset):
            self.camera_chosen.emit(inset.name)
