"""Shows what has changed once, soon, and a part at a time, so that a pointer never waits for all.

An answer changes a dozen things of the state at once, and each would have every panel shown anew.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot


class Later(QObject):
    """Calls functions soon: each once, however often it was asked for, one per turn of the loop."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._asked: dict[Callable[[], None], None] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._call_next)

    def ask(self, function: Callable[[], None]) -> None:
        """Call a function soon; its place in the queue is that of the first time."""
        self._asked[function] = None
        self._timer.start()

    def finish(self) -> None:
        """Call at once whatever is left."""
        while self._asked:
            self._call_next()

    @Slot()
    def _call_next(self) -> None:
        function = next(iter(self._asked), None)
        if function is None:
            return
        del self._asked[function]
        if self._asked:
            self._timer.start()
        function()
