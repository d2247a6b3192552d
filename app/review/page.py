"""The Review page: the library, or what is open; a file may be dropped anywhere on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.actions import Actions
from app.review.library_panel import LibraryPanel
from app.review.viewer import Viewer
from core.session.mcap_file import PART


class ReviewPage(QWidget):
    """Holds the widgets of the page."""

    dropped = Signal(object)
    """A :class:`pathlib.Path` of a session file."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.library, self.viewer = LibraryPanel(actions), Viewer(actions)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.library)
        self._stack.addWidget(self.viewer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.setAcceptDrops(True)

    @property
    def in_library(self) -> bool:
        """Whether the library is shown."""
        return self._stack.currentWidget() is self.library

    def show_library(self) -> None:
        """Show the library."""
        self._stack.setCurrentWidget(self.library)

    def show_viewer(self) -> None:
        """Show what is open."""
        self._stack.setCurrentWidget(self.viewer)
        self.viewer.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take session files."""
        if _session_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first session file among what was dropped."""
        path = _session_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.dropped.emit(path)


def _session_file(event: QDropEvent) -> Path | None:
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.name.endswith((".mcap", f".mcap{PART}")):
            return path
    return None
