"""Plays a script in the event loop: a generator that yields what it waits for."""

from __future__ import annotations

import logging
import time

from PySide6.QtCore import QObject, QTimer, Signal

from app.demo_hands import Script, Wait
from core.types import StudioError

TICK_MS = 10

log = logging.getLogger(__name__)


class Player(QObject):
    """Resumes a script whenever what it waits for has come."""

    finished = Signal(str)
    """Why it ended early, as a sentence; empty when it played to its end."""

    def __init__(self, script: Script, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._script = script
        self._wait = Wait(until=lambda: True, seconds=0.0)
        self._since = time.monotonic()
        self._ended = False
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin."""
        self._timer.start()

    def give_up(self, sentence: str) -> None:
        """End now, unless the end has come already."""
        if not self._ended:
            self._ended = True
            self._timer.stop()
            self._script.close()
            self.finished.emit(sentence)

    def _tick(self) -> None:
        try:
            if not self._wait.until():
                waited = time.monotonic() - self._since
                if waited < self._wait.seconds:
                    return
                if self._wait.what:
                    raise StudioError(f"Waited {waited:.0f} s in vain for {self._wait.what}.")
            self._wait = next(self._script)
            self._since = time.monotonic()
        except StopIteration:
            self.give_up("")
        except StudioError as error:
            self.give_up(str(error))
        except Exception as error:
            # Whatever it was, the window has to be closed and the arm left in peace.
            log.exception("the script failed")
            self.give_up(f"The script itself failed ({type(error).__name__}: {error}).")
