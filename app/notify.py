"""Messages to the person: toasts that fade, a history that stays, and the hooks of last resort."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

logger = logging.getLogger(__name__)

HISTORY = 200


class Level(StrEnum):
    """How serious a message is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message.

    Attributes:
        level: How serious it is.
        text: One or two sentences.
        time: Wall-clock time of day; of the last one when it was said several times.
        count: How often it was said in a row.
    """

    level: Level
    text: str
    time: datetime
    count: int = 1


class Notifier(QObject):
    """Takes messages from any thread and hands them to the window's.

    Attributes:
        history: Everything that was said, oldest first; a repetition only counts up.
    """

    posted = Signal(object)
    _incoming = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: deque[Notice] = deque(maxlen=HISTORY)
        self._incoming.connect(self._post)

    def info(self, text: str) -> None:
        """Tell something good to know."""
        self._send(Level.INFO, text)

    def warning(self, text: str) -> None:
        """Tell something to look at."""
        self._send(Level.WARNING, text)

    def error(self, text: str) -> None:
        """Tell what went wrong."""
        self._send(Level.ERROR, text)

    def _send(self, level: Level, text: str) -> None:
        self._incoming.emit(Notice(level=level, text=text, time=datetime.now()))

    def _post(self, notice: Notice) -> None:
        last = self.history[-1] if self.history else None
        if last is not None and (last.level, last.text) == (notice.level, notice.text):
            self.history.pop()
            notice = replace(notice, count=last.count + 1)
        self.history.append(notice)
        self.posted.emit(notice)


@contextmanager
def excepthooks(notifier: Notifier) -> Iterator[None]:
    """Log what nobody caught and tell it in a sentence, in every thread, and pass on Qt's log.

    PySide sends exceptions of slots and QThreads to ``sys.excepthook`` and only those of
    ``threading.Thread`` to ``threading.excepthook``; both fire in the raising thread.
    """

    def report(error: BaseException | None) -> None:
        logger.critical("uncaught exception", exc_info=error)
        notifier.error(
            f"Something unforeseen went wrong in the studio ({type(error).__name__}: {error}). "
            "Your session is being kept; the log file has the details."
        )

    def in_thread(args: Any) -> None:
        if args.exc_type is not SystemExit:
            report(args.exc_value)

    def in_python(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            report(error)

    before = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = in_python, in_thread
    qt_before = qInstallMessageHandler(_qt_message)
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before
        qInstallMessageHandler(qt_before)


_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_QT_LEVELS.get(kind, logging.WARNING), "%s", message)
