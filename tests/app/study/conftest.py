"""Seats before a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.study.sitting import Seat, filmed

SHORT = {"comparisons": 4, "practice": 1, "attention": 1, "repeats": 0.0, "shared": 0.0}


@pytest.fixture
def seat(qtbot: Any, tmp_path: Path) -> Iterator[Callable[..., Seat]]:
    """Sit somebody down before a study; what is given changes the study file."""
    seats: list[Seat] = []

    def sit(**changes: Any) -> Seat:
        changes = {"pace": SHORT, "scenes": SCENES} | changes
        seats.append(Seat(qtbot, *filmed(tmp_path / str(len(seats)), **changes)))
        return seats[-1]

    yield sit
    for one in seats:
        one.close()


SCENES = [{"name": "table", "layout": 1_000_001, "instruction": "lift the red cube"}]
