from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core import stroke, trace
from core.types import StudioError

TOLERANCE = 3.0


def lines(low=2, high=60):
    return hnp.arrays(
        np.float64,
        st.tuples(st.integers(low, high), st.just(2)),
        elements=st.floats(0, 255, width=32),
    )


def dense(*corners, step=1.0):
    """A polyline as a pointer reports it: a place every ``step``."""
    corners = np.array(corners, float)
    pieces = [
        a + (b - a) * np.linspace(0, 1, int(np.ceil(np.linalg.norm(b - a) / step)) + 1)[:, None]
        for a, b in pairwise(corners)
    ]
    return np.vstack(pieces)


@given(lines(), st.integers(2, 8), st.floats(0, 20))
def test_a_stroke_becomes_n_points_with_both_ends_inside_its_box(points, n, tolerance):
    result = stroke.fit(points, tolerance, n)
    assert len(result) in (1, n)
    np.testing.assert_array_equal(result[0], points[0])
    if len(result) > 1:
        np.testing.assert_array_equal(result[-1], points[-1])
    assert (result >= points.min(axis=0) - 1e-9).all()
    assert (result <= points.max(axis=0) + 1e-9).all()


@given(lines())
def test_the_result_follows_the_hand_as_well_as_even_points_do(points):
    line = trace.resample(points, 49)
    result = stroke.fit(points, TOLERANCE)
    if len(result) > 1:
        even = trace.resample(points, 5)
        assert stroke.deviation(line, result) <= stroke.deviation(line, even) + 1e-9


@given(lines(2, 2), hnp.arrays(np.float64, (80,), elements=st.floats(-1, 1)))
def test_a_straight_line_by_a_trembling_hand_becomes_even_points(ends, tremble):
    along = ends[1] - ends[0]
    length = np.linalg.norm(along)
    if length < 60:
        return
    across = np.array([-along[1], along[0]]) / length
    at = np.linspace(0, 1, 80)
    at[1:-1] += np.abs(tremble[1:-1]) * 0.001
    drawn = ends[0] + at[:, None] * along
    drawn[1:-1] += tremble[1:-1, None] * across * 0.5
    gaps = np.diff(trace.arc_length(stroke.fit(drawn, TOLERANCE)))
    assert np.ptp(gaps) < 0.05 * length


angles = st.floats(np.radians(40), np.radians(140)) | st.floats(np.radians(-140), np.radians(-40))


@given(
    st.lists(st.floats(40, 90), min_size=2, max_size=4),
    st.lists(angles, min_size=3, max_size=3),
    st.floats(0, 2 * np.pi),
)
def test_corners_stay_where_they_are(lengths, turns, heading):
    corners = [np.zeros(2)]
    for index, length in enumerate(lengths):
        corners.append(corners[-1] + length * np.array([np.cos(heading), np.sin(heading)]))
        heading += turns[index % 3]
    drawn = dense(*corners)
    spacing = trace.arc_length(drawn)[-1] / 48
    result = stroke.fit(drawn, 1.0)
    assert stroke.deviation(drawn, result) <= spacing + 1.0


def test_a_right_angle_keeps_its_corner_where_even_points_cut_it():
    drawn = dense((0, 0), (100, 0), (100, 60))
    result = stroke.fit(drawn, TOLERANCE)
    assert np.linalg.norm(result - (100, 0), axis=1).min() < 3
    assert stroke.deviation(drawn, result) < 2
    assert stroke.deviation(drawn, trace.resample(drawn, 5)) > 5


@given(lines(2, 12), st.integers(2, 5))
def test_the_pace_of_the_hand_does_not_matter(points, times):
    slow = np.repeat(points, times, axis=0)
    np.testing.assert_allclose(stroke.fit(slow, TOLERANCE), stroke.fit(points, TOLERANCE))


def test_deviation_is_the_farthest_gap():
    assert stroke.deviation([[0, 0], [5, 3], [10, 0]], [[0, 0], [10, 0]]) == pytest.approx(3)
    assert stroke.deviation([[-4, 3]], [[0, 0], [10, 0]]) == pytest.approx(5)
    assert stroke.deviation([[3, 4]], [[0, 0], [0, 0]]) == pytest.approx(5)


def test_a_dot_stays_a_dot():
    assert stroke.fit([[3, 4], [3, 4]], TOLERANCE).tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stroke.fit([], 1), "no points"),
        (lambda: stroke.fit([[0, 0]], 1, 1), "at least 2 points"),
        (lambda: stroke.fit([[0, 0]], -1), "tolerance"),
    ],
)
def test_what_cannot_be_fitted_is_refused(call, message):
    with pytest.raises(StudioError, match=message):
        call()
