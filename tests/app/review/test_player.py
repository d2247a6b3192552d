"""The playhead and the marks that it jumps to, without a window."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt

from app.review.player import SPEEDS, Player
from app.review.stepping import next_mark
from app.review.timeline import LABELS, LANE, RULER, Timeline
from app.review.words import clock, outcome
from core.review.marks import Mark, MarkKind

NS = 1_000_000_000


def mark(seconds: float, kind: MarkKind) -> Mark:
    return Mark(wall_ns=round(seconds * NS), kind=kind, words=f"{kind} at {seconds}", index=0)


MARKS = (mark(1, MarkKind.EDIT), mark(2, MarkKind.STOP), mark(4, MarkKind.EDIT))


@pytest.fixture
def player(qapp: Any) -> Player:
    player = Player()
    player.set_span(0, 10 * NS)
    return player


def test_it_goes_as_fast_as_it_is_told(player: Player) -> None:
    player.advance(1.5)
    assert player.position == 1.5 * NS
    player.change_speed(1)
    player.advance(1.0)
    assert player.position == 3.5 * NS
    player.change_speed(-2)
    player.advance(1.0)
    assert player.position == 4 * NS


def test_speed_has_ends(player: Player) -> None:
    player.change_speed(99)
    assert player.speed == SPEEDS[-1]
    player.change_speed(-99)
    assert player.speed == SPEEDS[0]


def test_it_stops_at_the_end_and_plays_from_the_start_again(player: Player) -> None:
    player.play()
    assert player.playing
    player.advance(99)
    assert player.position == 10 * NS
    assert not player.playing
    player.play()
    assert player.position == 0
    player.pause()


def test_a_loop_begins_anew(player: Player) -> None:
    player.set_loop(True)
    player.play()
    player.advance(10.5)
    assert player.position == 0
    assert player.playing
    player.pause()


def test_seeking_keeps_within_the_span(player: Player) -> None:
    player.seek(-5)
    assert player.position == 0
    player.seek(99 * NS)
    assert player.position == 10 * NS


def test_an_empty_span_does_not_play(player: Player) -> None:
    player.set_span(5, 5)
    player.play()
    assert not player.playing


@pytest.mark.parametrize(
    ("at", "forward", "kind", "expected"),
    [
        (0, True, None, 1),
        (1, True, None, 2),
        (1.001, True, MarkKind.EDIT, 4),
        (4, True, None, None),
        (4, False, None, 2),
        (4, False, MarkKind.EDIT, 1),
        (1, False, None, None),
        (0, True, MarkKind.RUN, None),
    ],
)
def test_the_nearest_mark(
    at: float, forward: bool, kind: MarkKind | None, expected: float | None
) -> None:
    found = next_mark(MARKS, round(at * NS), forward=forward, kind=kind)
    assert (None if found is None else found.wall_ns / NS) == expected


def test_marks_outside_of_what_is_played_are_passed_over() -> None:
    assert next_mark(MARKS, 0, forward=True, span=(2 * NS, 3 * NS)).wall_ns == 2 * NS  # type: ignore[union-attr]


@pytest.fixture
def timeline(qtbot: Any) -> Timeline:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(600, timeline.sizeHint().height())
    timeline.set_span(0, 10 * NS)
    timeline.set_marks(MARKS, ())
    timeline.show()
    return timeline


def test_places_and_times_belong_together(timeline: Timeline) -> None:
    assert timeline.x_of(0) == LABELS
    assert timeline.time_at(timeline.x_of(4 * NS)) == pytest.approx(4 * NS, abs=2)
    assert timeline.time_at(-50) == 0
    assert timeline.time_at(9999) == 10 * NS


def test_a_press_goes_to_the_moment_and_on_a_mark_to_the_mark(
    timeline: Timeline, qtbot: Any
) -> None:
    sought: list[int] = []
    timeline.sought.connect(sought.append)
    x = timeline.x_of(2 * NS)
    lane = RULER + LANE * list(MarkKind).index(MarkKind.STOP) + LANE / 2
    near = QPointF(x + 3, lane)
    assert timeline.mark_at(near) == MARKS[1]
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=near.toPoint())
    assert sought == [2 * NS]
    free = QPointF(x + 3, lane - LANE)
    assert timeline.mark_at(free) is None
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=free.toPoint())
    assert sought[1] == pytest.approx(2 * NS + 3 / 508 * 10 * NS, abs=0.02 * NS)


def test_it_paints_with_and_without_content(timeline: Timeline) -> None:
    full = timeline.grab().toImage()
    timeline.set_marks((), ())
    assert timeline.grab().toImage() != full


def test_times_in_words() -> None:
    assert clock(63.24) == "1:03.2"
    assert clock(3723) == "1:02:03.0"
    assert clock(-1) == "0:00.0"
    assert clock(59.97) == "1:00.0"
    assert outcome("") == "—"
    assert outcome("success") == "✓ success"
