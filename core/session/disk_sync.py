"""Waits for the disk in a thread, so that a slow disk does not hold up who writes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


class DiskSync:
    """Makes a file last whenever asked, and tells up to where it does."""

    def __init__(self, descriptor: int, done: Callable[[int], None]) -> None:
        """Begin to wait for :meth:`ask`.

        Args:
            descriptor: Of the open file.
            done: Called in the thread with the mark up to which everything is on the disk.
        """
        self._descriptor, self._done = descriptor, done
        self._changed = threading.Condition()
        self._asked = False
        self._mark = 0
        self._closed = False
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="disk-sync", daemon=True)
        self._thread.start()

    def ask(self, mark: int) -> None:
        """Have everything that was written by now put on the disk; returns at once.

        Args:
            mark: Passed on when that is so; marks that follow each other fast are taken together.

        Raises:
            OSError: If the disk refused an earlier time.
        """
        with self._changed:
            if self._error is not None:
                raise self._error
            self._asked, self._mark = True, mark
            self._changed.notify()

    def close(self) -> None:
        """Finish what was asked for."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._asked and not self._closed:
                    self._changed.wait()
                if not self._asked:
                    return
                self._asked, mark = False, self._mark
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                with self._changed:
                    self._error = error
                return
            self._done(mark)
