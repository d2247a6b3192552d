"""Icons of one family (Phosphor) that take the theme's colour at the moment they are painted."""

from __future__ import annotations

import qtawesome
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap

from app import theme


class _GlyphEngine(QIconEngine):
    """Paints one glyph of the icon font; nothing is cached, so a new theme shows at once."""

    def __init__(self, name: str, token: str, theme_name: str) -> None:
        super().__init__()
        self._name = name
        self._glyph = qtawesome.charmap(name)  # an unknown name fails here, not while painting
        self._token = token
        self._theme = theme_name

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the glyph into ``rect``."""
        colours = theme.THEMES[self._theme] if self._theme else theme.tokens()
        token = self._token
        if mode == QIcon.Mode.Disabled:
            token = "edge"
        elif state == QIcon.State.On:
            token = "on_accent"  # a checked button is filled with the accent
        font = qtawesome.font("ph", round(rect.height()))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        painter.setPen(QColor(getattr(colours, token)))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def iconName(self) -> str:
        """Return the name within the family, so that the same icon can be had in another colour."""
        return self._name.removeprefix("ph.")

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Draw the glyph into a pixmap of its own."""
        result = QPixmap(size)
        if size.isEmpty():  # asked for by a button that has no room yet
            return result
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return result


def icon(name: str, token: str = "text", theme_name: str = "") -> QIcon:
    """Return an icon of the Phosphor family.

    Args:
        name: Name in the family, such as "play" or "warning".
        token: Which colour of the theme it takes; disabled icons take the outline colour.
        theme_name: Theme whose colours it keeps, for a ground that is the same in both.
    """
    return QIcon(_GlyphEngine(f"ph.{name}", token, theme_name))


def recoloured(original: QIcon, token: str) -> QIcon:
    """Return an icon made by :func:`icon` in another colour; any other icon as it is."""
    name = original.name()
    return icon(name, token) if name else original
