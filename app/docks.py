"""The panels around the picture as docks: moved, floated, closed, and put back by one action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QRect, QSettings, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QTabWidget,
    QToolButton,
    QWidget,
)

from app import theme
from app.boundary import Boundary
from app.icons import icon
from app.placement import brought_back

LAYOUT_VERSION = 1
"""Raised when the docks change so much that a saved layout would be wrong."""

SIDE_WIDTHS = (336, 460)
SIDE_SHARE = 0.31
"""Width of the docks at the right: this share of the window, within these limits [px]."""

AREA = Qt.DockWidgetArea.RightDockWidgetArea


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel and its first place.

    Attributes:
        name: Identifier, under which its place is remembered.
        title: What its title bar and the menu say.
        widget: The panel.
        share: Share of the height among the docks below each other.
        behind: Name of the panel behind which it lies as a tab; empty for a place of its own.
        shown: Whether it is open at first.
    """

    name: str
    title: str
    widget: QWidget
    share: int = 1
    behind: str = ""
    shown: bool = True


class DockTitle(QWidget):
    """A slim title bar with the buttons to float and to close."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        label = QLabel(dock.windowTitle(), self)
        theme.set_role(label, "title")
        dock.windowTitleChanged.connect(label.setText)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 4, 2)
        row.setSpacing(0)
        row.addWidget(label, 1)
        for picture, tip, slot in (
            ("arrow-square-out", "Float this panel, or put it back.", self._float),
            ("x", "Close this panel; the View menu brings it back.", dock.close),
        ):
            button = QToolButton(self)
            button.setIcon(icon(picture, "muted"))
            button.setFixedSize(24, 24)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"{tip.split()[0].rstrip(',')}: {dock.windowTitle()}")
            button.clicked.connect(slot)
            row.addWidget(button)

    def _float(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())


class Docks(QObject):
    """The docks of a window.

    Attributes:
        by_name: QDockWidget by the name of its panel.
    """

    def __init__(self, window: QMainWindow, panels: Sequence[Panel]) -> None:
        super().__init__(window)
        self._window = window
        self._panels = tuple(panels)
        self.by_name: dict[str, QDockWidget] = {}
        window.setDockNestingEnabled(True)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for panel in self._panels:
            dock = QDockWidget(panel.title, window)
            dock.setObjectName(f"dock-{panel.name}")
            dock.setWidget(Boundary(panel.widget))
            dock.setTitleBarWidget(DockTitle(dock))
            self.by_name[panel.name] = dock
        self.reset()

    def toggles(self) -> list[QAction]:
        """Return the actions that show and hide the docks, for a menu."""
        return [dock.toggleViewAction() for dock in self.by_name.values()]

    def show(self, name: str) -> None:
        """Open a dock and bring it to the front of its tabs."""
        self.by_name[name].show()
        self.by_name[name].raise_()

    def reset(self, *_: object) -> None:
        """Put every dock where it is at first."""
        for panel in self._panels:
            dock = self.by_name[panel.name]
            dock.setFloating(False)
            if panel.behind:
                self._window.tabifyDockWidget(self.by_name[panel.behind], dock)
            else:
                self._window.addDockWidget(AREA, dock, Qt.Orientation.Vertical)
            dock.setVisible(panel.shown)
        column = [panel for panel in self._panels if not panel.behind and panel.shown]
        for panel in column:
            self.by_name[panel.name].raise_()
        heights = {self.by_name[panel.name]: 100 * panel.share for panel in column}
        docks = self._docked(heights)
        self._window.resizeDocks(docks, [heights[d] for d in docks], Qt.Orientation.Vertical)
        self.fit_width()

    def fit_width(self) -> None:
        """Give the docks at the right their share of the window."""
        docks = self._docked(self.by_name.values())
        low, high = SIDE_WIDTHS
        width = round(min(max(SIDE_SHARE * self._window.width(), low), high))
        self._window.resizeDocks(docks, [width] * len(docks), Qt.Orientation.Horizontal)

    def _docked(self, docks: Iterable[QDockWidget]) -> list[QDockWidget]:
        """Leave out what floats, and what somebody drags just now; Qt cannot size it."""
        area = self._window.dockWidgetArea
        return [dock for dock in docks if not dock.isFloating() and area(dock) == AREA]

    def put_away(self) -> list[QDockWidget]:
        """Hide every panel and return those that were open, for :meth:`bring_out`."""
        # a panel behind another one of its tabs is open too, though not visible
        shown = [dock for dock in self.by_name.values() if not dock.isHidden()]
        front = [dock for dock in shown if not dock.visibleRegion().isEmpty()]
        for dock in self.by_name.values():
            dock.toggleViewAction().setEnabled(False)
            dock.hide()
        return [dock for dock in shown if dock not in front] + front

    def bring_out(self, docks: Sequence[QDockWidget]) -> None:
        """Show panels that were put away, the last ones at the front of their tabs."""
        for dock in self.by_name.values():
            dock.toggleViewAction().setEnabled(True)
        for dock in docks:
            dock.show()
        for dock in docks:
            dock.raise_()

    def save(self, state: QSettings, workspace: str) -> None:
        """Remember where everything is in a workspace."""
        state.setValue(f"{workspace}/docks", self._window.saveState(LAYOUT_VERSION))

    def restore(self, state: QSettings, workspace: str) -> bool:
        """Put everything where it was; false when nothing fitting was remembered.

        What floated on a monitor that is gone comes back to one that is there.
        """
        saved = state.value(f"{workspace}/docks")
        if saved is None or not self._window.restoreState(saved, LAYOUT_VERSION):
            return False
        self.bring_back([screen.availableGeometry() for screen in QGuiApplication.screens()])
        return True

    def bring_back(self, screens: Sequence[QRect]) -> None:
        """Move what floats out of reach onto a screen.

        Args:
            screens: What can be used of every screen that is connected.
        """
        for dock in self.by_name.values():
            if dock.isFloating():
                place = brought_back(dock.frameGeometry(), screens)
                if place != dock.frameGeometry():
                    dock.resize(place.size())
                    dock.move(place.topLeft())
