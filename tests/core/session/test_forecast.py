from __future__ import annotations

import pytest

from core.session.forecast import RESERVE_BYTES, Forecast, Room, room


def test_the_pace_says_how_long_the_disk_lasts():
    found = room(RESERVE_BYTES + 5_000, [(10.0, 1_000), (12.0, 1_400), (20.0, 2_000)])
    assert found.pace == 100.0
    assert found.seconds == pytest.approx(50.0)


def test_the_reserve_counts_as_full():
    assert room(RESERVE_BYTES - 1, [(0.0, 0), (1.0, 10)]).seconds == 0.0


@pytest.mark.parametrize("seen", [[(5.0, 10)], [(5.0, 10), (6.0, 10)], [(5.0, 10), (5.0, 20)]])
def test_without_a_pace_nobody_can_say(seen):
    assert room(7, seen) == Room(free=7)


def test_only_the_last_minute_counts(tmp_path):
    forecast = Forecast(tmp_path)
    forecast.look(0.0, 0)
    forecast.look(30.0, 900_000)
    assert forecast.look(60.0, 900_000).pace == 15_000
    assert forecast.look(95.0, 900_000).pace == 0.0
    assert forecast.look(96.0, 900_500).free > 0
