"""Paints a polyline over the picture: cased, with an arrow head and dots of constant size.

Colour is never the only cue: the model's trace has filled dots and yours hollow ones, a rejected
path is dashed and the travelled part dotted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app import theme

_PIECES = 24
_REACH = 24.0
"""How far dots, arrow and casing stick out of the line [screen px]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStyle:
    """How a polyline looks.

    Attributes:
        colour: Line colour.
        width: Line width [screen px].
        dot: Radius of the dots [screen px]; 0 for none.
        filled: Whether the dots are filled.
        pen: Line pattern.
        arrow: Whether the end has an arrow head.
        ordered: Whether the line grows from thin and pale to full width and colour on its way.
    """

    colour: str
    width: float = 3.0
    dot: float = 5.0
    filled: bool = True
    pen: Qt.PenStyle = Qt.PenStyle.SolidLine
    arrow: bool = True
    ordered: bool = False


MODEL = TraceStyle(colour=theme.DATA.model, ordered=True)
USER = TraceStyle(colour=theme.DATA.user, filled=False, dot=5.5, ordered=True)
STROKE = TraceStyle(colour=theme.DATA.user, width=1.5, dot=0, arrow=False)
TRAVELLED = TraceStyle(
    colour=theme.DATA.travelled, width=2.5, dot=0, pen=Qt.PenStyle.DotLine, arrow=False
)
PATH = TraceStyle(colour=theme.DATA.path, width=2.5, dot=2.5)
REJECTED = TraceStyle(colour=theme.DATA.rejected, width=2.5, dot=2.5, pen=Qt.PenStyle.DashLine)


class TraceItem(QGraphicsItem):
    """A polyline in scene coordinates whose strokes keep their size on the screen."""

    def __init__(self, style: TraceStyle, z: float) -> None:
        super().__init__()
        self.setZValue(z)
        self._style = style
        self._points: NDArray[np.float64] = np.zeros((0, 2))
        self._pixel = 1.0
        self._bounds = QRectF()
        self._selected = -1
        self._hovered = -1
        self._ghost: QPointF | None = None
        self._numbered = False
        self._faded = False

    @property
    def points(self) -> NDArray[np.float64]:
        """(L, 2) scene coordinates."""
        return self._points

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to paint."""
        return not len(self._points)

    def set_points(self, points: NDArray[np.float64] | None) -> None:
        """Show (L, 2) points in scene coordinates; points that are not finite are left out."""
        self.prepareGeometryChange()
        points = np.zeros((0, 2)) if points is None else np.asarray(points, dtype=np.float64)
        self._points = points[np.isfinite(points).all(axis=1)]
        self._measure()
        self.update()

    def set_style(self, style: TraceStyle) -> None:
        """Change the look."""
        self._style = style
        self.update()

    def set_faded(self, faded: bool) -> None:
        """Step back behind another trace."""
        if faded != self._faded:
            self._faded = faded
            self.update()

    def set_scale_factor(self, scale: float) -> None:
        """Tell how many screen pixels an image pixel has."""
        self.prepareGeometryChange()
        self._pixel = 1.0 / scale
        self._measure()
        self.update()

    def set_handles(
        self, *, selected: int, hovered: int, ghost: QPointF | None, numbered: bool = False
    ) -> None:
        """Mark vertices by index (-1 for none), and show a dot where an edge can be split."""
        handles = selected, hovered, ghost, numbered
        if handles != (self._selected, self._hovered, self._ghost, self._numbered):
            self.prepareGeometryChange()
            self._selected, self._hovered, self._ghost, self._numbered = handles
            self.update()

    def boundingRect(self) -> QRectF:
        """Everything that is painted, in scene coordinates."""
        return self._bounds

    def _measure(self) -> None:
        """Work out the bounds once a change; Qt asks for them a dozen times a paint."""
        if not len(self._points):
            self._bounds = QRectF()
            return
        (left, top), (right, bottom) = self._points.min(axis=0), self._points.max(axis=0)
        reach = _REACH * self._pixel
        inner = QRectF(QPointF(left, top), QPointF(right, bottom))
        self._bounds = inner.adjusted(-reach, -reach, reach, reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw casing, line, arrow and dots."""
        if not len(self._points):
            return
        painter.setOpacity(0.7 if self._faded else 1.0)
        line = _line(self._points)
        head = self._arrow_head()
        casing, colour = QColor(theme.DATA.casing), QColor(self._style.colour)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._line_pen(casing, self._style.width + 2.5, Qt.PenStyle.SolidLine))
        if head is not None:
            painter.drawPolygon(head)
        if self._style.ordered:
            self._paint_ordered(painter, colour, casing)
        else:
            painter.drawPath(line)
            painter.setPen(self._line_pen(colour, self._style.width, self._style.pen))
            painter.drawPath(line)
        if head is not None:
            painter.setPen(self._line_pen(colour, 1.0, Qt.PenStyle.SolidLine))
            painter.setBrush(colour)
            painter.drawPolygon(head)
        self._paint_dots(painter, colour, casing)

    def _paint_ordered(self, painter: QPainter, colour: QColor, casing: QColor) -> None:
        """Draw the line in short pieces, each a little wider and fuller than the one before."""
        pieces = [QLineF(*start, *end) for start, end in _pieces(self._points)]
        shares = np.linspace(0.0, 1.0, max(len(pieces), 2))[: len(pieces)].tolist()
        full, scale = self._style.width + 0.5, theme.theme().line_scale
        inks = casing.rgba(), colour.rgb()
        for under in (True, False):
            for piece, share in zip(pieces, shares, strict=True):
                width = full * (0.5 + 0.5 * share) + (2.5 if under else 0.0)
                ink = inks[0] if under else _mixed(inks[1], 0.75 * (1.0 - share)).rgba()
                painter.setPen(_pen(ink, width * scale, Qt.PenStyle.SolidLine))
                painter.drawLine(piece)

    def _paint_dots(self, painter: QPainter, colour: QColor, casing: QColor) -> None:
        radius = self._style.dot
        if radius > 0:
            # The arrow head stands for the last dot, except where that dot can be grabbed.
            plain_end = self._style.arrow and self._style.filled and len(self._points) > 1
            last = len(self._points) - (1 if plain_end else 0)
            for index, point in enumerate(self._points[:last]):
                marked = index in (self._selected, self._hovered)
                fill = colour if self._style.filled or index == self._selected else casing
                self._dot(painter, QPointF(*point), radius + (2 if marked else 0), colour, fill)
        if self._ghost is not None:
            painter.setOpacity(0.85)
            self._dot(painter, self._ghost, max(radius, 4.0), colour, QColor("#ffffff"))
        if self._numbered:
            for index, point in enumerate(self._points):
                self._paint_number(painter, index, QPointF(*point), colour)

    def _paint_number(self, painter: QPainter, index: int, at: QPointF, colour: QColor) -> None:
        """Write a vertex's number below and to the right of it."""
        marked = index in (self._selected, self._hovered)
        painter.save()
        painter.translate(at)
        painter.scale(self._pixel, self._pixel)
        box = QRectF(7.0, 7.0, 16.0, 16.0)
        ground = QColor(colour if marked else theme.DATA.casing)
        ground.setAlpha(255 if marked else 190)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QColor(theme.DATA.casing) if marked else colour)
        painter.setFont(theme.ui_font(8.5, strong=marked))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(index + 1))
        painter.restore()

    def _dot(
        self, painter: QPainter, at: QPointF, radius: float, colour: QColor, fill: QColor
    ) -> None:
        size = radius * self._pixel
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._line_pen(QColor(theme.DATA.casing), 4.5, Qt.PenStyle.SolidLine))
        painter.drawEllipse(at, size, size)
        painter.setBrush(fill)
        painter.setPen(self._line_pen(colour, 2.0, Qt.PenStyle.SolidLine))
        painter.drawEllipse(at, size, size)

    def _line_pen(self, colour: QColor, width: float, pattern: Qt.PenStyle) -> QPen:
        return _pen(colour.rgba(), width * theme.theme().line_scale, pattern)

    def _arrow_head(self) -> QPolygonF | None:
        if not self._style.arrow or len(self._points) < 2:
            return None
        moves = self._points[-1] - self._points[:-1]
        lengths = np.linalg.norm(moves, axis=1)
        far = np.flatnonzero(lengths > 2 * self._pixel)
        if not len(far):
            return None
        along = moves[far[-1]] / lengths[far[-1]]
        across = np.array([-along[1], along[0]])
        length, half = 12.0 * self._pixel, 5.5 * self._pixel
        # Where the end can be grabbed, the head sits in front of the hollow dot.
        tip = self._points[-1] + (0 if self._style.filled else 1) * along * 16.0 * self._pixel
        foot = tip - along * length
        return QPolygonF([QPointF(*p) for p in (tip, foot + across * half, foot - across * half)])


@lru_cache(maxsize=512)
def _pen(rgba: int, width: float, pattern: Qt.PenStyle) -> QPen:
    """Make a pen once: a trace takes sixty of them for every move of the pointer."""
    colour = QColor.fromRgba(rgba)
    pen = QPen(colour, width, pattern, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen


def _pieces(points: NDArray[np.float64]) -> list[list[list[float]]]:
    """Split a polyline into some twenty pieces, 2 x 2 each, none of them across a vertex."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    total = float(lengths.sum())
    pieces: list[list[list[float]]] = []
    for start, end, length in zip(points[:-1], points[1:], lengths, strict=True):
        parts = max(1, round(_PIECES * float(length) / total)) if total > 0 else 1
        at = (start + (end - start) * np.linspace(0.0, 1.0, parts + 1)[:, None]).tolist()
        pieces += [at[i : i + 2] for i in range(parts)]
    return pieces


@lru_cache(maxsize=512)
def _mixed(rgb: int, white: float) -> QColor:
    """Return a colour with a share of white."""
    colour = QColor.fromRgba(rgb)
    red, green, blue = (
        round(c + (255 - c) * white) for c in (colour.red(), colour.green(), colour.blue())
    )
    return QColor(red, green, blue)


def _line(points: NDArray[np.float64]) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(QPointF(*point))
    return path
