from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core import depth
from core.types import DepthMap, StudioError

values = hnp.arrays(np.float32, (3, 4), elements=st.floats(-1, 1, width=32))
ranges = st.tuples(st.floats(0.05, 2), st.floats(0.1, 10)).map(lambda r: (r[0], r[0] + r[1]))


def test_the_ends_of_the_range():
    metres = depth.depth_to_metres([1, -1, 5, -5], 0.3, 1.5)
    np.testing.assert_allclose(metres, [0.3, 1.5, 0.3, 1.5], rtol=1e-6)
    assert metres.dtype == np.float32


def test_the_middle_is_the_harmonic_mean():
    assert depth.depth_to_metres(0.0, 0.5, 2.0) == pytest.approx(0.8)


@given(values, ranges)
def test_values_and_metres_are_inverse(array, limits):
    again = depth.metres_to_values(depth.depth_to_metres(array, *limits), *limits)
    np.testing.assert_allclose(again, array, atol=1e-4)


@given(values, ranges)
def test_larger_values_are_nearer(array, limits):
    metres = depth.depth_to_metres(array, *limits).ravel()
    assert (np.diff(metres[np.argsort(array.ravel())]) <= 1e-6).all()


def test_what_was_not_measured_counts_as_far():
    result = depth.metres_to_values([0, -1, np.nan, np.inf, 0.1, 9], 0.3, 1.5)
    np.testing.assert_allclose(result, [-1, -1, -1, -1, 1, -1], atol=1e-6)


@pytest.mark.parametrize(("near", "far"), [(0, 1), (1, 1), (2, 1), (-1, 1), (1, np.inf)])
def test_an_impossible_range_is_refused(near, far):
    for convert in (depth.depth_to_metres, depth.metres_to_values):
        with pytest.raises(StudioError, match="0 < near < far"):
            convert([0.0], near, far)


def test_a_relative_map_is_stretched_over_the_picture():
    result = depth.relative_map([[-0.5, 0.0], [0.25, 0.5]])
    assert not result.metric
    np.testing.assert_allclose(result.values, [[0, 0.5], [0.75, 1]])


def test_a_relative_map_without_contrast_is_flat():
    assert not depth.relative_map(np.full((2, 2), 0.3)).values.any()


def test_distances_of_metric_and_relative_maps():
    metric = depth.metric_map([[1.0, -1.0]], 0.5, 2.0)
    assert metric.metric
    np.testing.assert_array_equal(depth.distances(metric, 9, 10), metric.values)
    relative = depth.relative_map([[1.0, -1.0]])
    np.testing.assert_allclose(depth.distances(relative, 0.5, 2.0), [[0.5, 2.0]], rtol=1e-6)


def test_near_is_painted_brighter_for_both_kinds():
    ramp = np.linspace(-1, 1, 32)[None]
    for picture in (depth.metric_map(ramp, 0.5, 2.0), depth.relative_map(ramp)):
        painted = depth.colourise(picture)
        assert (painted.shape, painted.dtype) == ((1, 32, 3), np.uint8)
        brightness = painted.astype(float) @ [0.2126, 0.7152, 0.0722]
        assert (np.diff(brightness[0]) > 0).all()


def test_painting_survives_zero_and_missing_distances():
    odd = DepthMap(values=np.array([[0, np.inf, np.nan, 1]], np.float32), metric=True)
    assert depth.colourise(odd).shape == (1, 4, 3)


def test_changed_cells():
    before = np.zeros(100, int)
    now = before.copy()
    now[[0, 13]] = 5
    mask = depth.change_mask(before, now)
    assert np.argwhere(mask).tolist() == [[0, 0], [1, 3]]


def test_changed_cells_of_incomplete_codes_are_refused():
    with pytest.raises(StudioError, match="depth codes"):
        depth.change_mask(np.zeros(99), np.zeros(100))
