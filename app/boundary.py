"""Lets what is inside arrange itself anew without the whole window being laid out each time.

Qt tells a changed label to every layout above it, up to the window, which then places each dock and
raises the handles between them; all of that is painted again, for every number that counts up.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget, QWidgetItem


class Boundary(QWidget):
    """Holds one widget and tells those outside only when it wants another size."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inside.setParent(self)
        inside.show()
        self._item = QWidgetItem(inside)
        self._inside = inside
        self._widest = 0
        self.setSizePolicy(_policy(self._item, inside))
        self._told = self._wishes()
        if inside.focusPolicy() != Qt.FocusPolicy.NoFocus:
            self.setFocusProxy(inside)

    @property
    def inside(self) -> QWidget:
        """What it holds."""
        return self._inside

    def sizeHint(self) -> QSize:
        """As large as what is inside wants to be; as high as its lines are at this width."""
        hint = self._item.sizeHint()
        if self.isVisible() and self._item.hasHeightForWidth():
            hint.setHeight(self._item.heightForWidth(self.width()))
        return hint

    def minimumSizeHint(self) -> QSize:
        """As small as what is inside can be, and as wide as it once had to be.

        A word that changes with every motion would move the window to and fro.
        """
        least = self._item.minimumSize()
        self._widest = max(self._widest, least.width())
        return QSize(self._widest, least.height())

    def hasHeightForWidth(self) -> bool:
        """Whether it grows higher when it gets narrower."""
        return self._item.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        """How high it is at a width [px]."""
        return self._item.heightForWidth(width)

    def event(self, event: QEvent) -> bool:
        """Look at what is inside when it has arranged itself anew."""
        if event.type() == QEvent.Type.LayoutRequest:
            wishes = self._wishes()
            if wishes != self._told:
                self._told = wishes
                self.updateGeometry()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give all the room to what is inside."""
        self._inside.setGeometry(self.rect())
        super().resizeEvent(event)

    def _wishes(self) -> tuple[QSize, QSize, int]:
        item = self._item
        tall = item.heightForWidth(self.width()) if item.hasHeightForWidth() else -1
        hint, ways = self.sizeHint(), self.sizePolicy().expandingDirections()
        if ways & Qt.Orientation.Horizontal:  # it takes all there is, whatever it wishes
            hint.setWidth(-1)
        if ways & Qt.Orientation.Vertical:
            hint.setHeight(-1)
        return hint, self.minimumSizeHint(), tall


def _policy(item: QWidgetItem, widget: QWidget) -> QSizePolicy:
    """Return how an item takes room; for a widget with a layout Qt asks those inside as well."""
    policy = widget.sizePolicy()
    for way, put in (
        (Qt.Orientation.Horizontal, policy.setHorizontalPolicy),
        (Qt.Orientation.Vertical, policy.setVerticalPolicy),
    ):
        if item.expandingDirections() & way:
            put(QSizePolicy.Policy.Expanding)
    return policy
