"""A few words on a dark ground, over a picture: readable on any photograph, in both themes."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.icons import icon

HEIGHT = 20
_ICON = 14
_POINTS = 8.5


def pill_width(text: str, *, symbol: bool = False) -> float:
    """Return how wide :func:`paint_pill` would like to be [px]."""
    metrics = QFontMetricsF(theme.ui_font(_POINTS))
    return ceil(metrics.horizontalAdvance(text)) + 17 + (_ICON + 4 if symbol else 0)


def paint_pill(
    painter: QPainter,
    box: QRectF,
    text: str,
    *,
    tint: str = "text",
    symbol: str = "",
) -> None:
    """Draw words, cut off where they do not fit.

    Args:
        painter: Where to.
        box: Where, usually :func:`pill_width` by :data:`HEIGHT`.
        text: The words.
        tint: Colour of the dark theme for words and symbol: the ground is dark in both themes.
        symbol: Name of an icon before them.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QColor(theme.DATA.casing)
    ground.setAlpha(210)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 6, 6)
    inner = box.adjusted(8, 0, -8, 0)
    if symbol:
        place = QRect(round(inner.left()), round(box.center().y() - _ICON / 2), _ICON, _ICON)
        icon(symbol, tint, "dark").paint(painter, place)
        inner.setLeft(inner.left() + _ICON + 4)
    painter.setFont(theme.ui_font(_POINTS))
    painter.setPen(QColor(getattr(theme.THEMES["dark"], tint)))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, ceil(inner.width()))
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class Pill(QWidget):
    """Words over a picture that let the pointer through; hidden while there are none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._text, self._symbol, self._tint = "", "", "text"
        self.hide()

    @property
    def text(self) -> str:
        """The words."""
        return self._text

    def set_text(self, text: str, symbol: str = "", tint: str = "text") -> None:
        """Say something; nothing hides it."""
        if (text, symbol, tint) == (self._text, self._symbol, self._tint):
            return
        self._text, self._symbol, self._tint = text, symbol, tint
        self.resize(self.sizeHint())
        self.setVisible(bool(text))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the words."""
        return QSize(round(pill_width(self._text, symbol=bool(self._symbol))), HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words."""
        painter = QPainter(self)
        box = QRectF(self.rect())
        paint_pill(painter, box, self._text, tint=self._tint, symbol=self._symbol)
        painter.end()
