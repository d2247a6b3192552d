import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.export.statistics import PictureStats, column_stats, joined

column = arrays(np.float64, (7, 2), elements=st.floats(-1e3, 1e3))


@given(column, column)
def test_statistics_of_parts_join_to_those_of_the_whole(one, two):
    both = joined([column_stats(one), column_stats(two)])
    whole = column_stats(np.vstack([one, two]))
    for name in ("min", "max", "mean", "std", "count"):
        assert np.allclose(both[name], whole[name], atol=1e-6), name


def test_statistics_of_pictures_are_exact_and_per_channel():
    pictures = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3), dtype=np.uint8)
    stats = PictureStats()
    for picture in pictures:
        stats.add(picture)
    found, flat = stats.stats(), pictures.reshape(-1, 3) / 255
    assert found["mean"].shape == (3, 1, 1)
    assert np.allclose(found["mean"].ravel(), flat.mean(axis=0))
    assert np.allclose(found["std"].ravel(), flat.std(axis=0))
    assert np.allclose(found["min"].ravel(), flat.min(axis=0))
    assert np.allclose(found["max"].ravel(), flat.max(axis=0))
    median = np.quantile(flat, 0.5, axis=0, method="inverted_cdf")
    assert np.allclose(found["q50"].ravel(), median)
    assert found["count"] == [5]


def test_a_single_value_has_one_place():
    assert column_stats(np.array([True, False]))["mean"].tolist() == [0.5]
