"""The line above the picture: which camera it is, how old it is, and the small buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app import theme
from app.steer.badge import Badge

_NO_WORDS = "\u200b"
"""Keeps the icon of a badge that says nothing."""

DRAWN_HERE = "traces are drawn here"


class CanvasHead(QWidget):
    """Names the camera of the large picture.

    Attributes:
        badge: Age and state of the picture.
        mark: Marks the camera that traces refer to.
        back: Leads back to it from another one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel()
        theme.set_role(self._title, "title")
        self._marked = False
        self.mark = Badge()
        self.mark.setToolTip("Traces are drawn on this camera's picture.")
        self.badge = Badge()
        self.back = QPushButton()
        self.back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_role(self.back, "link")
        self.back.hide()
        self._tools = QHBoxLayout()
        self._tools.setSpacing(0)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._title, self.mark, self.badge, self.back):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addLayout(self._tools)
        # Its words would otherwise take their room from the panels beside the picture.
        self.setMinimumWidth(1)

    @property
    def title(self) -> str:
        """The name of the camera."""
        return self._title.text()

    def add_tool(self, widget: QWidget) -> None:
        """Put a small button at the right end."""
        self._tools.addWidget(widget)

    def set_camera(self, shown: str, annotated: str, count: int) -> None:
        """Name the camera.

        Args:
            shown: The one in the large picture.
            annotated: The one that traces refer to.
            count: How many there are.
        """
        self._title.setText(shown.capitalize() or "Camera")
        # With a single camera there is nothing to mix up.
        self._marked = count > 1 and shown == annotated
        self._show_mark()
        self.back.setText(f"Back to {annotated} (Esc)")
        self.back.setVisible(shown != annotated)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say in words what the mark means where there is room."""
        super().resizeEvent(event)
        self._show_mark()

    def _show_mark(self) -> None:
        """Show the mark, with its words when everything else has room beside them."""
        if not self._marked:
            self.mark.show_state("")
            return
        self.mark.show_state(_NO_WORDS, "caption", "pencil-simple")
        # The age beside it changes its length all the time; that shall not push the words away.
        spare = self.width() - self._row.sizeHint().width() - 80
        if self.mark.fontMetrics().horizontalAdvance(DRAWN_HERE) <= spare:
            self.mark.show_state(DRAWN_HERE, "caption", "pencil-simple")
