"""The arithmetic of zooming: places stay in place, and no more than needed is seen around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.steer import zoom

LENGTHS = st.integers(1, 3000)
SIZES = st.tuples(LENGTHS, LENGTHS)
SHARES = st.floats(0, 1)


@st.composite
def zooms(draw: st.DrawFn) -> zoom.Zoom:
    """Zoom and pan somewhere."""
    found = zoom.fitted(draw(SIZES), draw(SIZES))
    for _ in range(draw(st.integers(0, 4))):
        place = (found.image[0] * draw(SHARES), found.image[1] * draw(SHARES))
        position = (found.viewport[0] * draw(SHARES), found.viewport[1] * draw(SHARES))
        found = zoom.scaled(found, place, position, found.scale * draw(st.floats(0.2, 5)))
        found = zoom.panned(found, draw(st.floats(-900, 900)), draw(st.floats(-900, 900)))
    return found


@given(zooms())
def test_no_more_than_needed_is_seen_around_the_image(found: zoom.Zoom) -> None:
    for corner, span, length in zip(found.corner, found.span, found.image, strict=True):
        close = 1e-6 * (span + length)
        if span >= length:
            assert corner + span / 2 == pytest.approx(length / 2, abs=close)
        else:
            assert corner >= -close
            assert corner + span <= length + close


@given(zooms())
def test_the_scale_stays_between_the_whole_and_the_largest(found: zoom.Zoom) -> None:
    whole = zoom.fit_scale(found.image, found.viewport)
    assert min(whole, 1.0) <= found.scale <= max(zoom.MAX_SCALE, whole)


@given(zooms(), SHARES, SHARES, st.floats(1.0, 3.0))
def test_what_is_under_the_pointer_stays_there_while_zooming_in(
    found: zoom.Zoom, across: float, down: float, factor: float
) -> None:
    if not found.is_partial:
        found = zoom.scaled(found, found.centre, (0, 0), found.scale * 2)
    position = (found.viewport[0] * across, found.viewport[1] * down)
    place = _place(found, position)
    after = zoom.scaled(found, place, position, found.scale * factor)
    # Where a side of the image was in view it stays at its edge; elsewhere nothing moves.
    for was, now, span, length in zip(
        place, _place(after, position), found.span, found.image, strict=True
    ):
        if span <= length:
            assert now == pytest.approx(was, abs=1e-6 * length)


def test_a_fitted_image_follows_the_viewport_and_another_keeps_its_scale() -> None:
    fitted = zoom.fitted((320, 240), (640, 480))
    assert not fitted.is_partial
    assert zoom.resized(fitted, (960, 960)).scale == 3
    closer = zoom.scaled(fitted, (160, 120), (320, 240), 4)
    assert closer.is_partial
    larger = zoom.resized(closer, (800, 600))
    assert (larger.scale, larger.centre) == (4, (160, 120))


def test_the_real_size_may_be_smaller_than_the_whole() -> None:
    fitted = zoom.fitted((320, 240), (960, 720))
    real = zoom.scaled(fitted, (160, 120), (480, 360), 1.0)
    assert (real.scale, real.centre) == (1.0, (160, 120))
    assert zoom.scaled(real, (160, 120), (480, 360), 0.1).scale == 1.0
    assert zoom.percent(2.5) == "250 %"


def test_there_may_be_no_image() -> None:
    nothing = zoom.fitted((0, 0), (300, 200))
    assert nothing.scale == 1.0
    assert not nothing.is_partial


def _place(found: zoom.Zoom, position: tuple[float, float]) -> tuple[float, float]:
    (x, y), scale = found.corner, found.scale
    return x + position[0] / scale, y + position[1] / scale
