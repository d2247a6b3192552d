"""The 10 x 10 grid of depth tokens over the picture they decode to; every cell can be asked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app import theme
from app.picture import fit
from app.steer.cells import Cells
from app.steer.picture_box import PictureBox
from app.theme import DATA
from core.depth import GRID
from core.surface import cell_of
from core.types import CODEBOOK_SIZE, DEPTH_CODES

ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class DepthGrid(PictureBox):
    """The cells that have arrived, with their codes, over the decoded picture if there is one.

    ``cell_hovered`` carries the token under the pointer, or chosen with the arrow keys; -1 for
    none. Changed cells have an orange corner, doubtful ones a small circle.
    """

    cell_hovered = Signal(int)

    def __init__(self, hint: str, *, centred: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(hint, centred=centred, parent=parent)
        self.cells = Cells()
        self.highlighted = -1
        self.setMinimumSize(96, 96)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_cells(self, cells: Cells) -> None:
        """Show what is known of the cells."""
        self.cells = cells
        self.update()

    def highlight(self, index: int) -> None:
        """Frame one cell; -1 for none."""
        if index != self.highlighted:
            self.highlighted = index
            self.update()

    def cell_box(self, index: int) -> QRectF:
        """Return where a cell stands in this widget."""
        return _box_in(self._area(), index)

    def _area(self) -> QRectF:
        size = QSize(1, 1) if self.pixmap.isNull() else self.pixmap.size()
        return fit(size, QRectF(self.rect()), centred=self._centred)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the grid while it fills; the picture once it is decoded."""
        if not self.pixmap.isNull() or not self.cells.codes:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        self._paint_codes(painter)
        self._paint_marks(painter)
        painter.end()

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Draw faint lines, so that the token behind a patch can be told, and the marks."""
        painter.setPen(QPen(QColor(255, 255, 255, 46), 1.0))
        for k in range(1, GRID):
            x = area.left() + k * area.width() / GRID
            y = area.top() + k * area.height() / GRID
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        self._paint_marks(painter)

    def _paint_codes(self, painter: QPainter) -> None:
        colours, codes, area = theme.tokens(), self.cells.codes, self._area()
        cell = _box_in(area, 0).width()
        painter.setFont(theme.mono_font(max(5.0, min(8.0, cell * 0.36))))
        arrived = QColor(colours.accent)
        for index in range(DEPTH_CODES):
            box = _box_in(area, index).adjusted(0.5, 0.5, -0.5, -0.5)
            if index < len(codes):
                # Codes have no order; the shade only makes equal neighbours visible as equal.
                arrived.setAlphaF(0.15 + 0.5 * (codes[index] % CODEBOOK_SIZE) / CODEBOOK_SIZE)
                painter.fillRect(box, arrived)
                if cell >= 14:
                    painter.setPen(QColor(colours.text))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(codes[index]))
            else:
                painter.setPen(QPen(QColor(colours.line), 1.0))
                painter.drawRect(box)

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        casing, area = QPen(QColor(DATA.casing), 1.0), self._area()
        for index in range(DEPTH_CODES):
            changed, doubtful = self.cells.is_changed(index), self.cells.doubtful(index)
            if not changed and not doubtful:
                continue
            box = _box_in(area, index)
            size = min(box.width(), box.height())
            if changed:
                painter.setPen(casing)
                painter.setBrush(QColor(DATA.changed))
                corner, side = box.topRight(), QPointF(0.45 * size, 0)
                below = QPointF(0, 0.45 * size)
                painter.drawPolygon(QPolygonF([corner, corner - side, corner + below]))
            if doubtful:
                painter.setPen(casing)
                painter.setBrush(QColor(DATA.focus))
                painter.drawEllipse(box.center(), 0.12 * size, 0.12 * size)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if 0 <= self.highlighted < DEPTH_CODES:
            box = self.cell_box(self.highlighted)
            for colour, width in ((DATA.casing, 4.0), (DATA.focus, 2.0)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(box)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which cell is under the pointer."""
        super().mouseMoveEvent(event)
        area, place = self._area(), event.position()
        nothing = self.pixmap.isNull() and not self.cells.codes
        if nothing or area.width() <= 0 or area.height() <= 0:
            return
        x, y = place.x() - area.left(), place.y() - area.top()
        self._hover(cell_of(x / area.width(), y / area.height()))

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the cell."""
        super().leaveEvent(event)
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from cell to cell with the arrow keys."""
        step = ARROWS.get(Qt.Key(event.key()))
        if step is None or not self.cells.codes:
            super().keyPressEvent(event)
            return
        row, column = divmod(max(self.highlighted, 0), GRID)
        row = min(max(row + step[0], 0), GRID - 1)
        column = min(max(column + step[1], 0), GRID - 1)
        self._hover(row * GRID + column)

    def _hover(self, index: int) -> None:
        if index != self.highlighted:
            self.highlight(index)
            self.cell_hovered.emit(index)


def _box_in(area: QRectF, index: int) -> QRectF:
    row, column = divmod(index, GRID)
    width, height = area.width() / GRID, area.height() / GRID
    return QRectF(area.left() + column * width, area.top() + row * height, width, height)
