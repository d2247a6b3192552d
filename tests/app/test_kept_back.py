"""What waits for a recorder stays within its limits."""

from __future__ import annotations

import numpy as np

from app.kept_back import KeptBack
from app.session_log import SessionLog
from core.session.events import Event, Note, Observed
from core.types import Frame, Observation


def asked(number: int, side: int = 10) -> Observed:
    frame = Frame(camera="front", image=np.zeros((side, side, 3), np.uint8), t_ns=number)
    return Observed(
        request_id=number, observation=Observation(frames=(frame,), instruction="lift", state=None)
    )


def numbers(kept: KeptBack) -> list[int]:
    return [event.request_id for event in kept.drain() if isinstance(event, Observed)]


def test_the_oldest_are_given_up_when_there_are_too_many() -> None:
    kept = KeptBack(most=3)
    for number in range(5):
        kept.keep(asked(number))
    assert numbers(kept) == [2, 3, 4]
    assert len(kept) == 0


def test_pictures_count_by_their_bytes() -> None:
    kept = KeptBack(most_bytes=700)
    kept.keep(Note(text="weighs nothing"))
    for number in range(4):
        kept.keep(asked(number))  # 300 bytes each
    assert numbers(kept) == [2, 3]
    kept.keep(asked(9))
    assert numbers(kept) == [9]


def test_what_comes_back_goes_before_what_came_later() -> None:
    kept = KeptBack()
    kept.keep(asked(3))
    kept.put_first([asked(1), asked(2)])
    assert numbers(kept) == [1, 2, 3]


def test_nothing_is_kept_for_a_recorder_that_will_never_come() -> None:
    written: list[Event] = []
    log = SessionLog()
    log.note("before")
    log.keep_nothing()
    log.note("after")
    log.take_back([Note(text="late")])
    log.attach(written.append)
    assert written == []
