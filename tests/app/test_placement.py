"""Windows on monitors that are gone come back; all others stay where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect

from app.placement import brought_back, is_reachable

HOME, SECOND = QRect(0, 0, 1920, 1040), QRect(1920, 0, 2560, 1400)


def test_what_can_be_reached_stays() -> None:
    frame = QRect(2500, 100, 1440, 900)
    assert brought_back(frame, [HOME, SECOND]) == frame
    partly = QRect(-1000, 20, 1440, 900)
    assert brought_back(partly, [HOME]) == partly


def test_what_was_on_a_missing_monitor_comes_to_the_first() -> None:
    back = brought_back(QRect(2500, 100, 1440, 900), [HOME])
    assert back.size() == QRect(0, 0, 1440, 900).size()
    assert HOME.contains(back)


@pytest.mark.parametrize("frame", [QRect(100, -400, 800, 600), QRect(100, 1100, 800, 600)])
def test_a_title_bar_out_of_sight_is_not_reachable(frame: QRect) -> None:
    assert not is_reachable(frame, [HOME])


def test_without_a_screen_nothing_moves() -> None:
    frame = QRect(9000, 9000, 10, 10)
    assert brought_back(frame, []) == frame


places = st.integers(-8000, 8000)
sizes = st.integers(40, 4000)


@given(places, places, sizes, sizes)
def test_it_can_always_be_reached_afterwards(x: int, y: int, w: int, h: int) -> None:
    back = brought_back(QRect(x, y, w, h), [HOME, SECOND])
    assert is_reachable(back, [HOME, SECOND])
    assert back.width() <= w
