"""The menu of a right click on the picture: what can be done with the trace there."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QMenu, QWidget

from app.actions import Actions
from app.steer.trace_tool import TraceTool

_POINT = ("remove_point", "insert_point")
_TRACE = ("start_at_gripper", "copy_model", "reverse", "straighten", "clear")


class TraceMenu(QMenu):
    """Shows the actions of the table that make sense where it was asked for.

    On a point they concern that point. Anywhere else the cross of the keyboard marks the place, so
    that "Place a point" adds one right there; it is put away with the menu.
    """

    def __init__(self, tool: TraceTool, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._tool, self._actions = tool, actions
        self.setToolTipsVisible(True)
        self.setAccessibleName("What can be done with the trace here")
        tool.menu_requested.connect(self.open_at)
        self.aboutToHide.connect(self._hidden)

    def open_at(self, place: QPoint) -> None:
        """Show the menu at a place of the screen."""
        self.clear()
        actions = self._actions
        on_point = self._tool.keys.cursor is None and self._tool.selected >= 0
        for name in _POINT if on_point else ("place_point",):
            self.addAction(actions[name])
        self.addSeparator()
        for name in _TRACE:
            self.addAction(actions[name])
        self.addSeparator()
        self.addAction(actions["snap"])
        self.popup(place)

    def _hidden(self) -> None:
        # The chosen action is triggered only after the menu is gone, and may need the cross.
        QTimer.singleShot(0, self, self._put_away)

    def _put_away(self) -> None:
        if not self.isVisible():
            self._tool.keys.leave()
