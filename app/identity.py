"""Says on every window of ours whose arm it is: words in the title, a frame in the colour of it."""

from __future__ import annotations

from weakref import WeakSet

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QDialog, QDockWidget, QMainWindow, QWidget
from shiboken6 import isValid

from app.edge import Edge
from app.motion_info import arm_name
from app.store import Store

_MARK = " – "
_WINDOWS = (QDialog, QDockWidget, QMainWindow)


EVENTS = frozenset({QEvent.Type.Show, QEvent.Type.WindowTitleChange, QEvent.Type.Resize})
"""When :meth:`Identity.look` has to be asked."""


class Identity(QObject):
    """Follows every window of the program from the moment it is shown."""

    def __init__(self, store: Store, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._name = ""
        # not QApplication.topLevelWidgets(): that makes Python objects of windows that are being
        # taken down, too
        self._marked: WeakSet[QWidget] = WeakSet()
        store.rig_changed.connect(self._rig_changed)

    @property
    def name(self) -> str:
        """What the windows say: "REAL ARM 192.168.1.5" or "SIMULATED LAB"; empty without a rig."""
        return self._name

    def look(self, watched: QObject, kind: QEvent.Type) -> None:
        """Mark a window when it appears, and again when it gets another title or size.

        Not before it appears: a window that is still being made gets its title too, and Python then
        has another object for it than the one that it will have; a child of that one would end the
        program when the window goes.
        """
        if not isinstance(watched, _WINDOWS):
            return
        if kind != QEvent.Type.Show and watched not in self._marked:
            return
        if watched.isWindow():
            self._mark(watched)
        elif isinstance(watched, QDockWidget) and self._name:  # back in its place
            watched.setWindowTitle(watched.windowTitle().removesuffix(f"{_MARK}{self._name}"))
            edge = watched.findChild(Edge, options=Qt.FindChildOption.FindDirectChildrenOnly)
            if edge is not None:
                edge.show_arm(None)

    @Slot()
    def _rig_changed(self) -> None:
        rig = self._store.rig
        before, self._name = self._name, "" if rig is None else arm_name(rig.kind, rig.host)
        if before == self._name:
            return
        for window in list(self._marked):
            if isValid(window) and window.isWindow():
                self._mark(window, before)

    def _mark(self, window: QWidget, before: str = "") -> None:
        rig = self._store.rig
        self._marked.add(window)
        title = window.windowTitle().removesuffix(f"{_MARK}{before}") if before else ""
        title = title or window.windowTitle()
        if self._name and not title.endswith(self._name):
            title = f"{title}{_MARK}{self._name}"
        if title != window.windowTitle():
            window.setWindowTitle(title)
        edge = window.findChild(Edge, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if edge is None and rig is not None:
            edge = Edge(window)
        if edge is not None:
            edge.show_arm(None if rig is None else rig.kind)
