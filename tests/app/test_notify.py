"""Messages reach the window from every thread, and nothing uncaught stays silent."""

from __future__ import annotations

import sys
import threading
from typing import Any

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QWidget

from app.notify import Level, Notice, Notifier, excepthooks
from app.toasts import SHOWN, HistoryDialog, Toasts


def test_message_from_a_thread_arrives_in_the_gui_thread(qtbot: Any) -> None:
    notifier = Notifier()
    seen: list[tuple[Notice, bool]] = []
    main = QThread.currentThread()
    notifier.posted.connect(lambda n: seen.append((n, QThread.currentThread() is main)))
    thread = threading.Thread(target=lambda: notifier.warning("careful"))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0][0].text == "careful"
    assert seen[0][1]


def test_uncaught_errors_become_a_sentence(qtbot: Any) -> None:
    notifier = Notifier()
    with excepthooks(notifier):
        error = ValueError("boom")
        sys.excepthook(ValueError, error, None)

        def fail() -> None:
            raise KeyError("lost")

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(notifier.history) == 2)
    texts = [notice.text for notice in notifier.history]
    assert all("Traceback" not in text for text in texts)
    assert "ValueError: boom" in texts[0]
    assert sys.excepthook is not None


def test_toasts_are_few_and_do_not_repeat(qtbot: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(800, 600)
    host.show()
    notifier = Notifier()
    toasts = Toasts(notifier, host)
    for text in ("one", "two", "two", "three", "four"):
        notifier.info(text)
    assert [t.text for t in toasts._toasts] == ["two", "three", "four"]
    assert len(toasts._toasts) == SHOWN
    for toast in list(toasts._toasts):
        assert host.rect().contains(toast.geometry())
        assert toast.height() > 24
        toast.leave()
    assert not toasts._toasts
    assert len(notifier.history) == 5


def test_history_lists_the_newest_first(qtbot: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    notifier = Notifier()
    notifier.info("old")
    dialog = HistoryDialog(notifier, host)
    notifier.error("new")
    assert dialog._list.item(0).text().endswith("new")
    assert notifier.history[-1].level is Level.ERROR
