from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stroke import deviation
from robot.sim.sketch import END_ERROR, SAMPLES, Hand, any_hand, sketch

PATH = np.array([[60.0, 60.0], [190.0, 120.0], [90.0, 200.0]])
coordinate = st.floats(0.0, 255.0)


def strokes(hand: Hand, count: int = 60, path: np.ndarray = PATH) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [sketch(rng, path, hand) for _ in range(count)]


@given(
    st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=9),
    st.sampled_from(list(Hand)),
    st.integers(0, 99),
)
def test_a_stroke_always_has_two_points_within_the_picture(points, hand, seed):
    stroke = sketch(np.random.default_rng(seed), np.array(points), hand)
    assert stroke.ndim == 2
    assert len(stroke) >= 2
    assert np.isfinite(stroke).all()
    assert stroke.min() >= 0.0
    assert stroke.max() <= 255.0


@pytest.mark.parametrize("hand", list(Hand))
def test_ends_are_off_by_as_much_as_the_hand_says(hand):
    ends = np.array([[stroke[0] - PATH[0], stroke[-1] - PATH[-1]] for stroke in strokes(hand, 400)])
    # waves shake the ends of a shaky line as well
    most = 1.6 if hand is Hand.SHAKY else 1.15
    assert 0.85 * END_ERROR[hand] < ends.std() < most * np.hypot(END_ERROR[hand], 0.5)
    assert np.abs(ends.mean((0, 1))).max() < 1.0


def test_a_steady_hand_stays_on_the_path_and_others_do_not():
    off = {hand: np.mean([deviation(stroke, PATH) for stroke in strokes(hand)]) for hand in Hand}
    assert off[Hand.STEADY] < 5.0
    assert off[Hand.SHAKY] > 2.0 * off[Hand.STEADY]
    assert off[Hand.WOBBLY] > 1.5 * off[Hand.STEADY]


def test_a_sparse_hand_gives_few_points_and_keeps_the_corner():
    for stroke in strokes(Hand.SPARSE):
        assert len(stroke) == 3
        assert np.linalg.norm(stroke[1] - PATH[1]) < 15.0
    lengths = {len(stroke) for stroke in strokes(Hand.SPARSE, path=PATH[:2])}
    assert lengths == {2, 3}


def test_an_uneven_hand_crowds_its_points_at_one_end():
    for stroke in strokes(Hand.UNEVEN):
        assert len(stroke) == SAMPLES
        gaps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
        first, second = gaps[: SAMPLES // 2].sum(), gaps[SAMPLES // 2 :].sum()
        assert max(first, second) > 1.25 * min(first, second)


def test_the_same_seed_draws_the_same_stroke():
    for hand in Hand:
        first, second = (sketch(np.random.default_rng(7), PATH, hand) for _ in range(2))
        assert np.array_equal(first, second)


def test_half_of_all_hands_are_steady():
    rng = np.random.default_rng(0)
    drawn = [any_hand(rng) for _ in range(600)]
    assert 0.42 < drawn.count(Hand.STEADY) / 600 < 0.58
    assert set(drawn) == set(Hand)
