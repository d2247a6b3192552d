"""Messages reach the window from every thread, and nothing uncaught stays silent."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from PySide6.QtCore import Qt, QThread
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from app.history import EMPTY, NO_MATCH, HistoryDialog
from app.notify import Level, Notice, Notifier, excepthooks
from app.task import Tasks
from app.toasts import SHOWN, Toasts


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


@pytest.fixture
def host(qtbot: Any) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(800, 600)
    widget.show()
    return widget


def test_toasts_are_few_and_do_not_repeat(host: QWidget) -> None:
    notifier = Notifier()
    toasts = Toasts(notifier, host)
    for text in ("one", "two", "two", "three", "four"):
        notifier.info(text)
    assert [t.text for t in toasts.messages] == ["two", "three", "four"]
    assert [t.words.text() for t in toasts.messages] == ["two  (×2)", "three", "four"]
    assert len(toasts.messages) == SHOWN
    for toast in list(toasts.messages):
        assert host.rect().contains(toast.geometry())
        assert toast.height() > 24
        toast.leave()
    assert not toasts.messages
    assert [(n.text, n.count) for n in notifier.history] == [
        ("one", 1),
        ("two", 2),
        ("three", 1),
        ("four", 1),
    ]


def test_errors_stay_until_they_are_dismissed(qtbot: Any, host: QWidget) -> None:
    notifier = Notifier()
    toasts = Toasts(notifier, host)
    notifier.error("broken")
    notifier.warning("careful")
    broken, careful = toasts.messages
    assert not broken._clock.isActive()
    assert careful._clock.isActive()
    for k in range(5):
        notifier.info(f"news {k}")
    assert broken in toasts.messages
    (cross,) = broken.findChildren(QToolButton)
    qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert broken not in toasts.messages
    assert "broken" in [n.text for n in notifier.history]


def test_work_is_shown_with_a_bar_and_can_be_given_up(qtbot: Any, host: QWidget) -> None:
    tasks, given_up = Tasks(), []
    toasts = Toasts(Notifier(), host, tasks=tasks)
    task = tasks.follow("Loading the model", lambda: given_up.append(1))
    qtbot.waitUntil(lambda: len(toasts.work) == 1)
    toast = toasts.work[0]
    assert (toast.bar.minimum(), toast.bar.maximum()) == (0, 0)
    task.tell(0.4, "shard 2 of 5")
    assert toast.bar.value() == 400
    assert "shard 2 of 5" in [label.text() for label in toast.findChildren(QLabel)]
    assert host.rect().contains(toast.geometry())
    qtbot.mouseClick(toast.cancel, Qt.MouseButton.LeftButton)
    assert given_up == [1]
    assert not toasts.work
    steady = tasks.follow("Saving")
    qtbot.waitUntil(lambda: len(toasts.work) == 1)
    assert toasts.work[0].cancel.isHidden()
    steady.end()
    assert not toasts.work
    tasks.shutdown()


def test_history_lists_the_newest_first_filters_and_copies(qtbot: Any, host: QWidget) -> None:
    notifier = Notifier()
    dialog = HistoryDialog(notifier, host)
    assert dialog._empty.text() == EMPTY
    notifier.info("old news")
    dialog.show()
    notifier.error("the disk is full")
    notifier.error("the disk is full")

    def listed() -> list[str]:
        return [dialog.list.topLevelItem(k).text(1) for k in range(dialog.list.topLevelItemCount())]

    assert listed() == ["the disk is full  (×2)", "old news"]
    assert notifier.history[-1].level is Level.ERROR
    qtbot.keyClicks(dialog.search, "NEWS")
    assert listed() == ["old news"]
    dialog.search.clear()
    dialog.kinds[Level.INFO].click()
    assert listed() == ["the disk is full  (×2)"]
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.endswith("error    the disk is full  (×2)")
    assert ":" in copied
    dialog.kinds[Level.ERROR].click()
    assert dialog._empty.isVisible()
    assert dialog._empty.text() == NO_MATCH
