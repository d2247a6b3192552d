"""Edges are found in the pool, only while wanted, and only the newest picture's count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.steer.edge_finder import EdgeFinder
from core.types import DepthMap


@pytest.fixture
def finder() -> Iterator[EdgeFinder]:
    finder = EdgeFinder()
    yield finder
    finder.shutdown()


def image(left: int) -> np.ndarray:
    picture = np.full((240, 320, 3), 200, np.uint8)
    picture[80:160, left : left + 60] = 40
    return picture


def test_nothing_is_found_while_it_is_off(finder: EdgeFinder) -> None:
    finder.set_picture(image(100), None)
    assert not finder.is_ready
    assert finder.nearest(np.array([102.0, 120.0]), 10) is None


def test_switching_on_finds_the_edges_of_the_picture(finder: EdgeFinder, qtbot: Any) -> None:
    finder.set_picture(image(100), None)
    finder.set_on(True)
    qtbot.waitUntil(lambda: finder.is_ready)
    place = finder.nearest(np.array([104.0, 120.0]), 10)
    assert place is not None
    assert abs(place[0] - 100) < 2
    finder.set_on(False)
    assert finder.nearest(np.array([104.0, 120.0]), 10) is None


def test_the_newest_picture_wins(finder: EdgeFinder, qtbot: Any) -> None:
    finder.set_on(True)
    for left in (40, 80, 120, 160):
        finder.set_picture(image(left), None)
    qtbot.waitUntil(lambda: finder.is_ready)
    assert finder.nearest(np.array([164.0, 120.0]), 8) is not None
    assert finder.nearest(np.array([44.0, 120.0]), 8) is None
    finder.set_picture(None, None)
    assert not finder.is_ready


def test_a_depth_map_that_comes_later_adds_its_edges(finder: EdgeFinder, qtbot: Any) -> None:
    plain = np.full((240, 320, 3), 128, np.uint8)
    values = np.ones((80, 80), np.float32)
    values[:, 40:] = 0.5
    finder.set_on(True)
    finder.set_picture(plain, None)
    qtbot.waitUntil(lambda: finder.is_ready)
    assert finder.nearest(np.array([164.0, 120.0]), 10) is None
    finder.set_picture(plain, DepthMap(values=values, metric=True))
    qtbot.waitUntil(lambda: finder.is_ready)
    assert finder.nearest(np.array([164.0, 120.0]), 10) is not None
