from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.export.timing import at_rate, merged, without
from core.types import StudioError


def picture(value):
    return np.full((2, 2, 3), value, np.uint8)


def shown(frames, fps, pauses=()):
    return [int(p[0, 0, 0]) for p in at_rate(((t, picture(v)) for t, v in frames), fps, pauses)]


def test_the_newest_picture_is_repeated_until_the_next_one_is_there():
    assert shown([(0.0, 1), (0.1, 2), (0.35, 3)], 10) == [1, 2, 2, 2]
    assert shown([(7.0, 1), (7.2, 2)], 10) == [1, 1, 2]
    assert shown([(0.0, 1)], 10) == [1]
    assert shown([], 10) == []


def test_of_several_pictures_within_one_step_only_the_newest_is_shown():
    assert shown([(0.0, 1), (0.02, 2), (0.04, 3), (0.1, 4)], 10) == [1, 4]
    assert shown([(0.0, 1), (0.12, 2), (0.14, 3), (0.2, 4)], 10) == [1, 1, 4]


def test_a_pause_is_cut_out_and_what_follows_moves_up():
    frames = [(k / 10, k) for k in range(11)]
    assert shown(frames, 10, [(0.25, 0.75)]) == [0, 1, 2, 8, 9, 10]
    assert shown(frames, 10, [(-1.0, 0.35)])[0] == 4


def test_a_late_picture_does_not_turn_time_back():
    assert shown([(0.0, 1), (0.2, 2), (0.1, 9), (0.3, 3)], 10) == [1, 1, 2, 3]


def test_a_time_that_is_no_number_is_refused():
    with pytest.raises(StudioError, match="time nan"):
        shown([(float("nan"), 1)], 10)


spans = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), max_size=6)


@given(spans, st.floats(0, 10), st.floats(0, 10))
def test_cutting_never_turns_time_back_and_takes_no_more_than_the_spans(pairs, one, other):
    cut = merged(pairs)
    assert all(a[1] < b[0] for a, b in pairwise(cut))
    early, late = sorted((one, other))
    assert without(early, cut) <= without(late, cut) + 1e-9
    assert late - sum(end - begin for begin, end in cut) <= without(late, cut) + 1e-9 <= late + 2e-9


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20), st.integers(1, 30))
def test_there_is_one_picture_for_every_step_from_the_first_to_the_last(times, fps):
    times = sorted(times)
    count = len(shown([(t, 0) for t in times], fps))
    assert abs(count - (1 + (times[-1] - times[0]) * fps)) <= 1
