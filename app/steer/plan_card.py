"""One plan as a card: its picture, its motion, and what the guard says of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.picture import draw_pixmap, fit
from app.steer.mapping import scene_from_model
from app.steer.plan_plot import PlanPlot
from app.steer.plan_states import SHORT_TITLES, CardState
from app.store import CANDIDATES, PlanKind

WIDEST, NARROW = 300, 168
"""Largest width of a card, and the width below which its heading is short [px]."""

_CONFIRM = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DROP = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class Elided(QLabel):
    """One line of text that ends in dots where there is no room."""

    def __init__(self, role: str = "") -> None:
        super().__init__()
        self._whole = ""
        if role:
            theme.set_role(self, role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def whole(self) -> str:
        """The text without dots."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show as much of a text as fits."""
        self._whole = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = max(self.width(), 1)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room))


class Thumbnail(QWidget):
    """The pinned picture with the trace and the ghost path of one plan."""

    def __init__(self, kind: PlanKind) -> None:
        super().__init__()
        self._kind = kind
        self._picture: QPixmap | None = None
        self._trace: NDArray[np.float64] | None = None
        self._path: NDArray[np.float64] | None = None
        self._bad = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFixedWidth(60)

    def sizeHint(self) -> QSize:
        """The proportions of most cameras."""
        return QSize(60, 45)

    def set_picture(self, picture: QPixmap | None) -> None:
        """Show a picture; it is shared by all cards."""
        self._picture = picture
        self.update()

    def set_lines(self, state: CardState) -> None:
        """Show the trace and the path of a plan."""
        self._trace, self._path = state.trace, state.path
        self._bad = state.role == "fault"
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        size = QSize(4, 3) if self._picture is None else self._picture.size()
        area = fit(size, QRectF(self.rect()))
        if self._picture is None:
            painter.fillRect(area, QColor(theme.tokens().view))
        else:
            draw_pixmap(painter, self._picture, area)
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = np.array([area.width(), area.height()])
        corner = np.array([area.left(), area.top()])
        if self._trace is not None and len(self._trace):
            # The thumbnail's own pixels are as good as any: traces are fractions of the picture.
            fractions = scene_from_model(self._trace, (256, 256)) / 256
            mine = self._kind != PlanKind.MODEL
            self._line(
                painter,
                fractions * scale + corner,
                theme.DATA.user if mine else theme.DATA.model,
                Qt.PenStyle.SolidLine,
                1.6,
            )
        if self._path is not None:
            ends = self._path[np.isfinite(self._path).all(axis=1)] * scale + corner
            colour = theme.DATA.rejected if self._bad else theme.DATA.path
            pattern = Qt.PenStyle.DashLine if self._bad else Qt.PenStyle.SolidLine
            self._line(painter, ends, colour, pattern, 2.0)
        painter.end()

    def _line(
        self,
        painter: QPainter,
        points: NDArray[np.float64],
        colour: str,
        pattern: Qt.PenStyle,
        width: float,
    ) -> None:
        if not len(points):
            return
        line = QPolygonF([QPointF(*point) for point in points])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.DATA.casing), width + 1.6))
        painter.drawPolyline(line)
        painter.setPen(QPen(QColor(colour), width, pattern))
        painter.drawPolyline(line)
        painter.setPen(QPen(QColor(theme.DATA.casing), 1))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(line.last(), 2.6, 2.6)


class PlanCard(QFrame):
    """One plan; a click, Space or its number selects it."""

    chosen = Signal(object)
    dropped = Signal(object)
    edited = Signal(object)

    def __init__(self, kind: PlanKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._state: CardState | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Plan {kind.number}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMaximumWidth(WIDEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.set_role(self, "card")
        self._number = QLabel(str(kind.number))
        theme.set_role(self._number, "number")
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = Elided("title")
        self._time = QLabel()
        theme.set_role(self._time, "caption")
        self._words = Elided()
        self.thumbnail = Thumbnail(kind)
        self.plot = PlanPlot()
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self._number)
        top.addWidget(self._title, 1)
        top.addWidget(self._time)
        middle = QHBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(self.thumbnail)
        middle.addWidget(self.plot, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addLayout(middle, 1)
        layout.addWidget(self._words)

    @property
    def words(self) -> str:
        """The verdict in full."""
        return self._words.whole

    def set_state(self, state: CardState) -> None:
        """Show a plan, or how far it is."""
        self._state = state
        self._head()
        self._time.setText("" if state.seconds < 0 else f"{state.seconds:.1f} s")
        self._words.set_whole(state.verdict)
        theme.set_role(self._words, state.role)
        self._number.setText(f"✓ {self._kind.number}" if state.selected else str(self._kind.number))
        theme.set_role(self._number, "number-selected" if state.selected else "number")
        self.thumbnail.set_lines(state)
        self.plot.set_motion(state.places, state.grip, state.bad_step)
        self.plot.set_progress(state.progress)
        way = self.plot.words()
        if state.seconds >= 0:
            way += f"; answered in {state.seconds:.1f} s"
        keys = "Del drops it." if self._kind in CANDIDATES else ""
        self.setToolTip("\n".join(line for line in (state.sentence, way, keys) if line))
        self.setAccessibleName(f"Plan {self._kind.number}: {state.title}")
        self.setAccessibleDescription(state.sentence)
        if self.property("selected") != state.selected:
            self.setProperty("selected", state.selected)
            self.style().unpolish(self)
            self.style().polish(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._head()

    def _head(self) -> None:
        """Write the heading that there is room for; the tooltip says all of it."""
        narrow = self.width() < NARROW
        self._time.setVisible(not narrow)
        self.thumbnail.setFixedWidth(48 if narrow else 60)
        if self._state is not None:
            short = self._state.wording or SHORT_TITLES[self._kind]
            self._title.set_whole(short if narrow else self._state.heading)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._kind)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with a candidate."""
        if self._kind not in CANDIDATES or self._state is None:
            return
        menu = QMenu(self)
        edit = menu.addAction("Edit this trace")
        edit.setEnabled(not self._state.wording)
        edit.triggered.connect(self._edit)
        menu.addAction("Drop candidate").triggered.connect(self._drop)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Keep the keys that mean something on a card from the shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            if plain and event.key() in (*_CONFIRM, *_DROP):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _CONFIRM:
            self.chosen.emit(self._kind)
        elif event.key() in _DROP and self._kind in CANDIDATES:
            self._drop()
        else:
            super().keyPressEvent(event)

    def _edit(self) -> None:
        self.edited.emit(self._kind)

    def _drop(self) -> None:
        self.dropped.emit(self._kind)
