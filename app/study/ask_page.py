"""The page of a live study on which a participant says what the robot should do, or draws it.

At this moment no pair has been drawn: nobody can choose a task for a policy.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.study.widgets import big_button, words
from core import stroke
from core.policy.base import MAX_INSTRUCTION
from core.study.items import Points, Prompt
from core.study.plan import Ask
from core.types import TRACE_MAX

LINE_PX = 5.0
TREMBLE = 4.0
"""What of a drawn line counts as trembling [model units]."""


class DrawingView(QWidget):
    """A picture to draw one line on, with mouse, pen or finger."""

    drawn = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Picture of the table; draw the way on it")
        self.setMinimumSize(320, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._picture = QImage()
        self._line: list[tuple[float, float]] = []
        self._drawing = False
        self.drawable = True

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def set_picture(self, picture: QImage) -> None:
        """Show another table; a line is gone."""
        self._picture = picture
        self._line = []
        self.update()

    def clear(self) -> None:
        """Take the line away."""
        self._line = []
        self.update()
        self.drawn.emit()

    @property
    def line(self) -> Points:
        """The few points that stand for the line, in model units; none while there is none."""
        if self._drawing or len(self._line) < 2:
            return ()
        points = stroke.fit(np.array(self._line), TREMBLE)
        return tuple((float(x), float(y)) for x, y in points) if len(points) > 1 else ()

    def place(self) -> QRectF:
        """Return where the picture is on the widget."""
        if self._picture.isNull():
            return QRectF(self.rect())
        width, height = self._picture.width(), self._picture.height()
        scale = min(self.width() / width, self.height() / height)
        size = (width * scale, height * scale)
        return QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.drawable and event.button() == Qt.MouseButton.LeftButton:
            self._drawing, self._line = True, []
            self._add(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self._add(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing and event.button() == Qt.MouseButton.LeftButton:
            self._drawing = False
            if len(self.line) < 2:  # a click is no line
                self._line = []
            self.update()
            self.drawn.emit()

    def _add(self, point: QPointF) -> None:
        place = self.place()
        x = (point.x() - place.left()) / place.width() * TRACE_MAX
        y = (point.y() - place.top()) / place.height() * TRACE_MAX
        self._line.append((min(max(x, 0.0), TRACE_MAX), min(max(y, 0.0), TRACE_MAX)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.fillRect(self.rect(), QColor(theme.tokens().view))
        place = self.place()
        if not self._picture.isNull():
            painter.drawImage(place, self._picture)
        if self._line:
            scale = QPointF(place.width() / TRACE_MAX, place.height() / TRACE_MAX)
            points = [
                QPointF(x * scale.x(), y * scale.y()) + place.topLeft() for x, y in self._line
            ]
            for colour, width in ((theme.DATA.casing, LINE_PX + 3), (theme.DATA.user, LINE_PX)):
                pen = QPen(QColor(colour), width)
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
                painter.setPen(pen)
                painter.drawPolyline(QPolygonF(points))
            painter.setBrush(QColor(theme.DATA.user))
            painter.setPen(QPen(QColor(theme.DATA.casing), 2.0))
            painter.drawEllipse(points[-1], 9.0, 9.0)
        painter.end()


class AskPage(QWidget):
    """Asks what the robot should do in a scene."""

    said = Signal(object)
    """A :class:`core.study.items.Prompt`."""

    def __init__(self, ask: Ask, ask_words: str) -> None:
        """Build the page for what a study asks for."""
        super().__init__()
        self._ask, self._scene = ask, ""
        self.view = DrawingView()
        self.view.drawable = ask != Ask.INSTRUCTION
        self.view.drawn.connect(self._hold)
        self.line = QLineEdit()
        self.line.setMaxLength(MAX_INSTRUCTION)
        self.line.setPlaceholderText("For example: pick up the red cube")
        self.line.setAccessibleName("What the robot should do")
        self.line.setMinimumHeight(48)
        self.line.setVisible(ask != Ask.TRACE)
        theme.set_role(self.line, "reading")
        self.line.textChanged.connect(self._hold)
        self.line.returnPressed.connect(self._send)
        self.again = big_button("Draw again")
        self.again.setVisible(ask != Ask.INSTRUCTION)
        self.again.clicked.connect(self.view.clear)
        self.send = big_button("Let it try", primary=True)
        self.send.clicked.connect(self._send)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.line, 1)
        if ask == Ask.TRACE:
            row.addStretch(1)
        row.addWidget(self.again)
        row.addWidget(self.send)
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 16, 24, 16)
        page.setSpacing(12)
        page.addWidget(words(ask_words, "question", centred=True))
        page.addWidget(self.view, 1)
        page.addLayout(row)
        self._hold()

    def set_scene(self, scene: str, picture: QImage) -> None:
        """Ask about a scene."""
        self._scene = scene
        self.view.set_picture(picture)
        self.line.clear()
        if self._ask != Ask.TRACE:
            self.line.setFocus()
        self._hold()

    @property
    def reason(self) -> str:
        """What is still missing; empty when nothing is."""
        if self._ask != Ask.TRACE and not self.line.text().strip():
            return "Type first what the robot should do."
        if self._ask != Ask.INSTRUCTION and not self.view.line:
            return "Draw first the way on the picture, from the gripper to where it should go."
        return ""

    @Slot()
    def _hold(self) -> None:
        self.send.setEnabled(not self.reason)
        self.send.setToolTip(self.reason)
        self.again.setEnabled(bool(self.view.line))

    @Slot()
    def _send(self) -> None:
        if not self.reason:
            said = self.line.text().strip() if self._ask != Ask.TRACE else ""
            self.said.emit(Prompt(scene=self._scene, instruction=said, trace=self.view.line))
