"""Live pictures that were kept as video are found at any time, too."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from core.review.session import ReviewSession
from core.session import events
from core.session.writer import SessionWriter
from core.types import Frame
from tests.core.review.recording import SECOND, START

pytest.importorskip("core.session.video")


@pytest.fixture
def film(tmp_path):
    if "video" not in inspect.signature(SessionWriter).parameters:
        pytest.skip("this writer keeps no video")
    writer = SessionWriter(tmp_path / "film.mcap", {}, video=True)
    for number in range(60):
        image = np.full((48, 64, 3), 4 * number, np.uint8)
        t_ns = number * SECOND // 10
        frame = Frame(camera="front", image=image, t_ns=t_ns, seq=number)
        writer.put(events.FrameSeen(frame=frame, wall_ns=START + t_ns))
    session = ReviewSession(writer.finish())
    yield session
    session.close()


@pytest.mark.parametrize("number", [0, 31, 8, 9, 59])
def test_any_picture_of_a_film(film, number):
    assert film.cameras == ("front",)
    frame = film.frame_at("front", START + number * SECOND // 10)
    assert frame.seq == number
    assert frame.image.mean() == pytest.approx(4 * number, abs=6)
