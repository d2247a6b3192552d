"""Episodes in words."""

from __future__ import annotations

from app.episode_words import lab_text, line_text, status_text, time_text, title_text
from core import episode
from core.episode import Asked, Episodes, Outcome

S = 1_000_000_000


def begun() -> Episodes:
    state = episode.begin(Episodes(), number=1, instruction="lift it", rubric="Lift", t_ns=0)
    return episode.ask(state, Asked(request_id=1, instruction="lift it", traced=True))


def test_time() -> None:
    assert [time_text(s) for s in (-1, 42.9, 61, 3723)] == ["0:00", "0:42", "1:01", "1:02:03"]


def test_the_status_bar_names_the_open_episode_only() -> None:
    assert status_text(Episodes(), 0) == ""
    state = begun()
    assert status_text(state, 42 * S) == "episode 1 · 0:42"
    state = episode.run(state, 1)
    assert status_text(state, 42 * S) == "episode 1 · 0:42 · steered"
    assert status_text(episode.end(state, 1, Outcome.FAILURE, t_ns=50 * S), 60 * S) == ""


def test_the_heading_keeps_the_last_outcome() -> None:
    assert title_text(Episodes(), 0) == "No episode yet"
    ended = episode.end(episode.run(begun(), 1), 1, Outcome.SUCCESS, t_ns=50 * S)
    assert title_text(ended, 99 * S) == "Episode 1 · ✓ success · 0:50 · steered"
    graded = episode.grade(ended, 1, progress=75)
    assert line_text(graded.numbered(1), 99 * S) == "1  ✓ success · 75 % · 0:50 · steered"
    assert line_text(begun().numbered(1), 3 * S) == "1  ● open · 0:03"


def test_the_lab_says_whether_it_is_what_was_asked_for() -> None:
    assert lab_text((), "pick up the red cube") == ""
    assert lab_text(("red cube",), "Pick up the RED cube") == "The lab says: red cube lifted"
    other = lab_text(("red cube", "blue can"), "pick up the object")
    assert other == "The lab says: red cube and blue can lifted (not named in the instruction)"
