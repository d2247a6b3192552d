"""Work for a thread pool, in one place because of what a finished one may hold on to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRunnable


class Job(QRunnable):
    """Calls a function in a thread of a pool, once.

    A pool deletes a job when it has run. When that happens before ``QThreadPool.start`` is back,
    as it does on a busy machine, PySide keeps the Python object for ever. So it lets go of the
    function, and with that of the pictures in it (measured: 4 MiB for every question to a policy).
    """

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function: Callable[[], None] | None = function

    def run(self) -> None:
        """Call the function; called by the pool."""
        function, self._function = self._function, None
        if function is not None:
            function()
