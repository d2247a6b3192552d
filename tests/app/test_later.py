"""Showing things once, soon, and one part per turn of the event loop."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QObject

from app.later import Later


@pytest.fixture
def later(qapp: Any) -> Later:
    owner = QObject(qapp)
    made = Later(owner)
    yield made
    owner.deleteLater()


def test_each_once_in_the_order_of_the_first_asking(later: Later) -> None:
    calls: list[str] = []
    first, second = (lambda: calls.append("first")), (lambda: calls.append("second"))
    for function in (first, second, first, first):
        later.ask(function)
    assert calls == []
    later.finish()
    assert calls == ["first", "second"]
    later.finish()
    assert calls == ["first", "second"]


def test_one_per_turn_so_that_others_come_between(later: Later, qtbot: Any) -> None:
    calls: list[str] = []
    for name in "abc":
        later.ask(lambda name=name: calls.append(name))
    seen = []
    while len(calls) < 3:
        before = len(calls)
        QCoreApplication.processEvents()
        seen.append(len(calls) - before)
    assert max(seen) == 1
    assert calls == ["a", "b", "c"]


def test_what_is_asked_while_it_is_called_comes_after(later: Later, qtbot: Any) -> None:
    calls: list[int] = []

    def again() -> None:
        calls.append(len(calls))
        if len(calls) < 3:
            later.ask(again)

    later.ask(again)
    qtbot.waitUntil(lambda: len(calls) == 3)
    assert calls == [0, 1, 2]
