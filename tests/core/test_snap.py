from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import snap
from core.types import DepthMap, StudioError


def block(left=100, top=80, right=180, bottom=140, size=(320, 240)):
    """A dark block on a bright table."""
    image = np.full((size[1], size[0], 3), 190, np.uint8)
    image[top:bottom, left:right] = (60, 70, 90)
    return image


FIELD = snap.edge_field(block())


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ((105, 110), (100, 110)),
        ((94, 110), (100, 110)),
        ((140, 74), (140, 80)),
        ((183, 90), (180, 90)),
    ],
)
def test_a_point_snaps_to_the_outline_of_a_block(position, expected):
    place = snap.nearest(FIELD, position, 10)
    np.testing.assert_allclose(place, expected, atol=1.5)


def test_nothing_within_the_radius_is_nothing():
    assert snap.nearest(FIELD, (140, 110), 10) is None
    assert snap.nearest(FIELD, (20, 20), 10) is None
    assert snap.nearest(FIELD, (-50, 500), 10) is None
    assert snap.nearest(FIELD, (np.nan, 10), 10) is None
    assert snap.nearest(FIELD, (100, 110), 0) is None


def test_a_step_in_depth_is_an_edge_where_the_picture_has_none():
    grey = np.full((240, 320, 3), 128, np.uint8)
    assert snap.nearest(snap.edge_field(grey), (160, 120), 20) is None
    values = np.full((80, 80), 1.5, np.float32)
    values[:, 40:] = 0.6
    for depth in (
        DepthMap(values=values, metric=True),
        DepthMap(values=(2.0 - values) / 2, metric=False),
    ):
        place = snap.nearest(snap.edge_field(grey, depth), (166, 120), 20)
        assert place is not None
        assert abs(place[0] - 160) < 3
        assert abs(place[1] - 120) < 1


def test_a_flat_depth_map_and_noise_add_no_edges():
    noise = np.random.default_rng(1).normal(128, 3, (240, 320, 3)).astype(np.uint8)
    flat = DepthMap(values=np.ones((80, 80), np.float32), metric=True)
    assert not snap.edge_field(noise, flat).strength.any()


@given(st.floats(0, 320), st.floats(0, 240), st.floats(1, 40))
def test_the_nearest_edge_is_the_nearest(x, y, radius):
    place = snap.nearest(FIELD, (x, y), radius)
    rows, columns = np.nonzero(FIELD.strength)
    gaps = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    if place is None:
        assert gaps.min() > radius
    else:
        assert np.hypot(*(place - (x, y))) == pytest.approx(gaps.min())
        again = snap.nearest(FIELD, (x, y), radius)
        assert again is not None
        assert place.tolist() == again.tolist()


def test_of_two_equally_near_edges_the_stronger_one_wins():
    strength = np.zeros((21, 21), np.float32)
    strength[10, 5], strength[10, 15] = 100, 200
    field = snap.EdgeField(strength=strength)
    place = snap.nearest(field, (10.5, 10.5), 8)
    assert place is not None
    assert place.tolist() == [15.5, 10.5]


def test_only_pictures_have_edges():
    with pytest.raises(StudioError, match="expected"):
        snap.edge_field(np.zeros((4, 4), np.uint8))
