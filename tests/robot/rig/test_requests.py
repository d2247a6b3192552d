"""Values of requests: what fits is returned, anything else is a sentence."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import StudioError
from robot.rig import requests

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
READERS = [
    requests.text,
    requests.flag,
    requests.optional_int,
    requests.optional_number,
    requests.corner,
    requests.names,
]


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=60, deadline=None)
@given(value=ANYTHING)
def test_anything_is_a_value_or_a_sentence(read, value):
    with contextlib.suppress(StudioError):
        read({"value": value}, "value")


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (requests.text, "abc", "abc"),
        (requests.flag, True, True),
        (requests.optional_int, 3, 3),
        (requests.optional_int, None, None),
        (requests.optional_number, 3, 3.0),
        (requests.optional_number, None, None),
        (requests.names, ["a", "b"], ["a", "b"]),
    ],
)
def test_what_fits_is_returned(read, value, expected):
    assert read({"value": value}, "value") == expected


@pytest.mark.parametrize(
    ("read", "expected"), [(requests.text, ""), (requests.flag, False), (requests.names, [])]
)
def test_what_is_left_out_is_empty(read, expected):
    assert read({}, "value") == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (requests.text, "x" * 2001),
        (requests.text, 3),
        (requests.flag, 1),
        (requests.optional_int, True),
        (requests.optional_int, 2.0),
        (requests.optional_number, float("inf")),
        (requests.optional_number, True),
        (requests.corner, [1, 2]),
        (requests.corner, [1, 2, float("nan")]),
        (requests.corner, "abc"),
        (requests.corner, None),
        (requests.names, "abc"),
        (requests.names, ["a"] * 101),
    ],
)
def test_what_does_not_fit_is_refused(read, value):
    with pytest.raises(StudioError):
        read({"value": value}, "value")


def test_a_corner_is_three_numbers():
    np.testing.assert_array_equal(requests.corner({"low": (1, 2, 3)}, "low"), [1.0, 2.0, 3.0])


def test_steps_are_a_whole_number_or_all():
    assert requests.steps_of({}) is None
    assert requests.steps_of({"steps": 4}) == 4
    with pytest.raises(StudioError, match="number of steps is 'x'"):
        requests.steps_of({"steps": "x"})
