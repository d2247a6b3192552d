from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core import trace
from core.types import StudioError

DATA = Path(__file__).parents[1] / "data/golden/protocol"
GOLDEN = json.loads((DATA / "trace_cases.json").read_text())
SCALING = json.loads((DATA / "overlay/overlay_cases.json").read_text())["scale_pt"]

sizes = st.tuples(st.integers(2, 2000), st.integers(2, 2000))


def lines(low=1, high=30):
    return hnp.arrays(
        np.float64,
        st.tuples(st.integers(low, high), st.just(2)),
        elements=st.floats(0, 255, width=32),
    )


@pytest.mark.parametrize("case", GOLDEN["episodes"], ids=lambda case: str(case["length"]))
def test_traces_of_an_episode_are_the_references(case):
    points = [[np.nan, np.nan] if point is None else point for point in case["points"]]
    for start, expected in enumerate(case["traces"]):
        result = trace.subsample_future(points[start:], case["k"])
        assert result.tolist() == expected


@pytest.mark.parametrize(
    "case",
    [case for case in GOLDEN["subsample_to_line"] if case["m"]],
    ids=lambda case: f"{case['m']}to{case['k']}",
)
def test_subsampling_is_the_references(case):
    assert trace.subsample_future(case["points"], case["k"]).tolist() == case["result"]


@pytest.mark.parametrize("case", SCALING, ids=lambda case: f"{case['pt']}@{case['w']}")
def test_pixels_are_the_references(case):
    pixels = trace.to_pixels(case["pt"], (case["w"], case["h"]))
    assert np.rint(pixels).tolist() == case["result"]


def test_the_corners_of_the_image_are_0_and_255():
    assert trace.to_pixels([[0, 0], [255, 255]], (320, 240)).tolist() == [[0, 0], [319, 239]]
    assert trace.to_model([[0, 0], [319, 239]], (320, 240)).tolist() == [[0, 0], [255, 255]]


@given(lines(), sizes)
def test_units_convert_back_and_forth(points, size):
    np.testing.assert_allclose(
        trace.to_model(trace.to_pixels(points, size), size), points, atol=1e-9
    )


@given(hnp.arrays(np.float64, (4, 2), elements=st.floats(-1e6, 1e6)), sizes)
def test_model_units_never_leave_the_image(pixels, size):
    points = trace.to_model(pixels, size)
    assert points.min() >= 0
    assert points.max() <= 255


def test_a_picture_of_one_pixel_divides_by_nothing():
    assert trace.to_model([[0, 0]], (1, 1)).tolist() == [[0, 0]]


def test_resampling_spaces_points_evenly():
    points = trace.resample([[0, 0], [1, 0], [10, 0], [10, 10]], 5)
    np.testing.assert_allclose(points, [[0, 0], [5, 0], [10, 0], [10, 5], [10, 10]])


def test_resampling_survives_repeated_points():
    points = trace.resample([[0, 0], [0, 0], [4, 0], [4, 0], [8, 0], [8, 0]], 3)
    np.testing.assert_allclose(points, [[0, 0], [4, 0], [8, 0]])


def test_a_line_without_length_becomes_one_point():
    assert trace.resample([[3, 4], [3, 4]], 5).tolist() == [[3, 4]]


@given(lines(), st.integers(2, 9))
def test_resampling_keeps_the_ends_and_the_box(points, n):
    result = trace.resample(points, n)
    assert len(result) in (1, n)
    np.testing.assert_array_equal(result[0], points[0])
    if len(result) > 1:
        np.testing.assert_array_equal(result[-1], points[-1])
    assert (result >= points.min(axis=0) - 1e-9).all()
    assert (result <= points.max(axis=0) + 1e-9).all()


@given(lines())
def test_resampled_pieces_are_equally_long_along_a_straight_line(points):
    straight = np.column_stack([np.sort(points[:, 0]), np.zeros(len(points))])
    steps = np.diff(trace.arc_length(trace.resample(straight, 5)))
    assert steps.size == 0 or np.ptp(steps) < 1e-6


def test_simplifying_keeps_corners():
    points = [[0, 0], [5, 0.1], [10, 0], [10, 5], [10, 10]]
    assert trace.simplify(points, 3).tolist() == [[0, 0], [10, 0], [10, 10]]


@given(lines(), st.integers(2, 6))
def test_simplifying_keeps_some_of_the_points_in_order(points, n):
    result = trace.simplify(points, n)
    assert len(result) == min(n, len(points))
    np.testing.assert_array_equal(result[[0, -1]], points[[0, -1]])
    rest = iter(points.tolist())
    assert all(point in rest for point in result.tolist())


def test_trimming_drops_what_lies_behind():
    line = [[0, 0], [100, 0], [100, 100]]
    assert trace.trim_travelled(line, [50, 3]).tolist() == [[50, 3], [100, 0], [100, 100]]
    assert trace.trim_travelled(line, [97, 2]).tolist() == [[97, 2], [100, 100]]
    assert trace.trim_travelled(line, [102, 40]).tolist() == [[102, 40], [100, 100]]
    assert trace.trim_travelled(line, [100, 98]).tolist() == [[100, 98]]


def test_trimming_follows_a_line_that_comes_back():
    line = np.array([[0.0, 0], [100, 0], [0, 2]])
    seen = []
    for x in [*range(0, 100, 4), *range(100, 0, -4)]:
        line = trace.trim_travelled(line, [x, 1])
        seen.append(len(line))
    assert seen[:20] == [3] * 20
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 1


def test_trimming_a_single_point():
    assert trace.trim_travelled([[5, 5]], [1, 2]).tolist() == [[1, 2]]


@given(lines(), hnp.arrays(np.float64, 2, elements=st.floats(0, 255)))
def test_trimming_starts_at_the_gripper_and_keeps_a_tail(points, position):
    result = trace.trim_travelled(points, position)
    np.testing.assert_array_equal(result[0], position)
    ahead = result[1:]
    assert len(ahead) < max(len(points), 2)
    np.testing.assert_array_equal(ahead, points[len(points) - len(ahead) :])


def follow(line, places):
    """Return how many points were left at each place."""
    left = []
    for place in places:
        line = trace.follow_line(line, place)
        left.append(len(line))
    return left


def test_following_does_not_jump_where_a_line_crosses_itself():
    line = [[0, 100], [200, 100], [200, 0], [100, 0], [100, 200]]
    beside = [[x, 108] for x in range(0, 110, 10)]  # nearer to the last edge than to the first
    assert follow(line, beside) == [5] * len(beside)
    assert len(trace.remaining_line(line, [100, 108])) == 2  # what a single look would say


def test_following_goes_to_an_object_before_what_lies_behind_it():
    high_over_the_object = [[20, 60], [60, 60], [100, 60]]
    down = [[100, 80], [100, 100], [100, 118]]
    line = [[0, 60], [100, 120], [100, 20], [200, 20]]
    assert follow(line, high_over_the_object + down[:2]) == [4] * 5
    assert follow(line, high_over_the_object + down)[-1] == 3


def test_following_passes_every_vertex_of_a_line_in_turn():
    line = np.array([[0, 0], [100, 0], [100, 100], [0, 100], [0, 20]], dtype=float)
    along = trace.resample(line, 60)
    left = follow(line, along)
    assert left == sorted(left, reverse=True)
    assert set(left) == {5, 4, 3, 2}


def test_following_takes_up_a_line_that_a_quick_hand_left_behind():
    line = [[0, 0], [20, 5], [40, -5], [60, 5], [200, 0]]
    assert trace.follow_line(line, [62, 0]).tolist() == [[62, 0], [200, 0]]


@given(lines(), hnp.arrays(np.float64, (4, 2), elements=st.floats(0, 255)))
def test_following_starts_at_the_gripper_and_keeps_the_end(points, places):
    rest = points
    for place in places:
        before, rest = rest, trace.follow_line(rest, place)
        assert 2 <= len(rest) <= 5
        np.testing.assert_array_equal(rest[0], place)
        np.testing.assert_array_equal(rest[-1], before[-1])


def test_nearest_vertex_and_edge():
    line = [[0, 0], [10, 0], [10, 10]]
    assert trace.nearest_vertex(line, [9, 1]) == (1, pytest.approx(np.sqrt(2)))
    index, place, distance = trace.nearest_edge(line, [12, 4])
    assert (index, place.tolist(), distance) == (1, [10, 4], 2)


@given(lines(2), hnp.arrays(np.float64, 2, elements=st.floats(0, 255)))
def test_the_nearest_edge_is_not_farther_than_the_nearest_vertex(points, position):
    _, to_vertex = trace.nearest_vertex(points, position)
    index, place, to_edge = trace.nearest_edge(points, position)
    assert 0 <= index < len(points) - 1
    assert to_edge <= to_vertex + 1e-9
    assert np.linalg.norm(place - position) == pytest.approx(to_edge)


@given(lines(), st.data())
def test_editing_returns_new_lines_and_undoes_itself(points, data):
    before = points.copy()
    index = data.draw(st.integers(0, len(points) - 1))
    moved = trace.move(points, index, [1, 2])
    assert moved[index].tolist() == [1, 2]
    np.testing.assert_array_equal(trace.move(moved, index, points[index]), points)
    np.testing.assert_array_equal(trace.remove(trace.insert(points, index, [1, 2]), index), points)
    np.testing.assert_array_equal(trace.reverse(trace.reverse(points)), points)
    np.testing.assert_array_equal(points, before)


def test_a_vertex_can_be_put_at_the_end():
    assert trace.insert([[0, 0]], 1, [1, 2]).tolist() == [[0, 0], [1, 2]]
    assert trace.insert([], 0, [1, 2]).tolist() == [[1, 2]]


@given(lines())
def test_straightening_keeps_the_ends_and_the_number_of_points(points):
    result = trace.straighten(points)
    assert len(result) == len(points)
    np.testing.assert_allclose(result[[0, -1]], points[[0, -1]], atol=1e-9)
    steps = np.diff(result, axis=0)
    assert steps.size == 0 or np.ptp(steps, axis=0).max() < 1e-9


def test_a_line_is_led_to_where_it_should_start():
    short = [[50, 50], [100, 50]]
    assert trace.start_at(short, [50, 20]).tolist() == [[50, 20], [50, 50], [100, 50]]
    assert trace.start_at(short, [52, 51]).tolist() == [[52, 51], [100, 50]]
    assert trace.start_at(short, [80, 48]).tolist() == [[80, 48], [100, 50]]
    assert trace.start_at([[9, 9]], [50, 20]).tolist() == [[50, 20], [9, 9]]
    full = [[50, 50], [60, 50], [70, 50], [80, 50], [90, 50]]
    assert trace.start_at(full, [50, 20]).tolist() == [[50, 20], *full[1:]]


@given(lines(1, 5), hnp.arrays(np.float64, 2, elements=st.floats(0, 255)))
def test_a_line_led_somewhere_starts_there_and_keeps_its_end(points, place):
    result = trace.start_at(points, place)
    assert 2 <= len(result) <= 5
    np.testing.assert_array_equal(result[0], place)
    np.testing.assert_array_equal(result[-1], points[-1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trace.move([[0, 0]], 1, [1, 2]), "no vertex 1"),
        (lambda: trace.remove([[0, 0]], -1), "no vertex -1"),
        (lambda: trace.insert([[0, 0]], 2, [1, 2]), "no vertex 2"),
        (lambda: trace.nearest_vertex([], [0, 0]), "no points"),
        (lambda: trace.nearest_edge([[0, 0]], [0, 0]), "no edges"),
        (lambda: trace.resample([[0, 0]], 1), "at least 2 points"),
        (lambda: trace.resample([], 5), "no points"),
        (lambda: trace.simplify([[0, 0]], 1), "at least 2 points"),
        (lambda: trace.as_points([[1, 2, 3]]), "expected"),
        (lambda: trace.to_pixels([[1, 2]], (0, 5)), "0 x 5"),
    ],
)
def test_what_cannot_be_done_is_refused(call, message):
    with pytest.raises(StudioError, match=message):
        call()
