from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.finetune.augment import Crop, drawn_by_hand, jitter_colours, random_crop
from training.finetune.preset import Augment

SIZE = (64, 48)
WHOLE = Crop(left=0.0, top=0.0, width=64.0, height=48.0)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


def test_the_whole_picture_stays_as_it_is():
    points = np.array([[0.0, 0.0], [255.0, 255.0], [12.5, 200.0]])
    assert np.array_equal(WHOLE.picture(picture()), picture())
    assert np.allclose(WHOLE.trace(points, SIZE), points)
    values = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    assert np.array_equal(WHOLE.part_of_map(values, SIZE), values)


@pytest.mark.parametrize("seed", range(5))
def test_a_trace_point_stays_on_what_it_marks(seed):
    """A bright disc is cropped with the picture; the moved point must still lie in its middle."""
    rng = np.random.default_rng(seed)
    crop = random_crop(rng, SIZE, Augment(crop_least=0.5, crop_most=0.9))
    middle = np.array([crop.left + crop.width * 0.6, crop.top + crop.height * 0.4])
    across, down = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    near = np.exp(-((across - middle[0]) ** 2 + (down - middle[1]) ** 2) / 18.0)
    image = np.rint(np.repeat(near[..., None], 3, axis=2) * 255).astype(np.uint8)
    point = (middle - 0.5) / (np.array(SIZE) - 1) * 255.0
    moved = crop.trace(point[None], SIZE)[0] / 255.0 * (np.array(SIZE) - 1)
    cropped = crop.picture(image)[..., 0].astype(float)
    cropped = np.where(cropped > 60, cropped, 0.0)
    found = np.array([(cropped * np.arange(SIZE[0])).sum(), (cropped.T * np.arange(SIZE[1])).sum()])
    assert np.allclose(found / cropped.sum(), moved, atol=0.15)


def test_a_map_is_cut_as_the_picture_is():
    crop = Crop(left=16.0, top=12.0, width=32.0, height=24.0)
    values = np.zeros((24, 32), dtype=np.float32)
    values[6:18, 8:24] = 1.0
    assert (crop.part_of_map(values, SIZE) == 1.0).all()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    points=st.lists(st.tuples(st.floats(0, 255), st.floats(0, 255)), min_size=1, max_size=5),
    least=st.floats(0.2, 1.0),
)
def test_crops_stay_inside_and_so_do_traces(seed, points, least):
    crop = random_crop(np.random.default_rng(seed), SIZE, Augment(crop_least=least))
    assert crop.left >= 0
    assert crop.top >= 0
    assert crop.left + crop.width <= SIZE[0] + 1e-9
    assert crop.top + crop.height <= SIZE[1] + 1e-9
    assert np.isclose(crop.width / crop.height, SIZE[0] / SIZE[1])
    assert crop.width * crop.height >= least * SIZE[0] * SIZE[1] * (1 - 1e-9)
    moved = crop.trace(np.array(points), SIZE)
    assert moved.shape == (len(points), 2)
    assert ((moved >= 0) & (moved <= 255)).all()


def test_colours_change_a_little_and_repeatably():
    first, second = (
        jitter_colours(np.random.default_rng(3), picture(), Augment()) for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert first.dtype == np.uint8
    change = np.abs(first.astype(int) - picture()).mean()
    assert 1.0 < change < 60.0


def test_no_change_means_no_change():
    still = Augment(brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0)
    assert np.array_equal(jitter_colours(np.random.default_rng(0), picture(), still), picture())


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    points=st.lists(st.tuples(st.floats(0, 255), st.floats(0, 255)), min_size=2, max_size=5),
)
def test_a_hand_draws_what_the_model_can_be_shown(seed, points):
    drawn = drawn_by_hand(np.random.default_rng(seed), np.array(points))
    assert 2 <= len(drawn) <= 5
    assert ((drawn >= 0) & (drawn <= 255)).all()
    again = drawn_by_hand(np.random.default_rng(seed), np.array(points))
    assert np.array_equal(drawn, again)


def test_a_hand_stays_near_the_trace():
    points = np.array([[20.0, 30.0], [120.0, 60.0], [200.0, 180.0]])
    ends = np.array([drawn_by_hand(np.random.default_rng(k), points)[[0, -1]] for k in range(50)])
    errors = np.linalg.norm(ends - points[[0, -1]], axis=2)
    assert 0.5 < errors.mean() < 8.0
