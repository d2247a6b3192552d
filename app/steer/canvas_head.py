"""The line above the picture: which camera it is, how old it is, and the small buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app import theme
from app.steer.badge import Badge

ROOMY = 640
"""From this width on there is room to say what the mark means [px]."""

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
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._title, self.mark, self.badge, self.back):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addLayout(self._tools)

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
        self.back.setText(f"Back to {annotated}")
        self.back.setVisible(shown != annotated)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say in words what the mark means where there is room."""
        super().resizeEvent(event)
        self._show_mark()

    def _show_mark(self) -> None:
        words = DRAWN_HERE if self.width() >= ROOMY else "\u200b"
        self.mark.show_state(words if self._marked else "", "caption", "pencil-simple")
