from __future__ import annotations

import pytest

from core.decoding.automaton import Builder
from core.decoding.grammar import Part

COMMA, END = 10, 99


@pytest.fixture
def numbers():
    """One and twelve, digit by digit, then a comma or nothing."""
    builder = Builder(END)
    behind = builder.join(Part.TEXT, [((COMMA,), builder.last)])
    ways = [((1,), behind), ((1, 2), behind), ((1, 2), builder.last)]
    return builder.finish(builder.join(Part.TRACE, ways))


def test_a_way_that_begins_another_stays_open(numbers):
    assert numbers.forced(numbers.start) == (1,)
    after_one = numbers.advance(numbers.start, 1)
    assert numbers.allowed(after_one).tolist() == [2, COMMA]
    assert numbers.forced(numbers.advance(after_one, COMMA)) == (END,)
    after_twelve = numbers.advance(after_one, 2)
    assert numbers.allowed(after_twelve).tolist() == [COMMA, END]
    assert numbers.is_end(numbers.advance(after_twelve, END))


def test_a_merged_state_belongs_to_the_part_that_is_longer(numbers):
    after_one = numbers.advance(numbers.start, 1)
    assert numbers.part(after_one) is Part.TRACE
    assert numbers.part(numbers.advance(after_one, COMMA)) is Part.TEXT
    assert numbers.head_ids(Part.TRACE).tolist() == [1, 2, COMMA, END]
    assert numbers.head_ids(Part.DEPTH).tolist() == []


def test_equal_states_are_one():
    builder = Builder(END)
    one, two = (builder.join(Part.TEXT, [((5, 6), builder.last)]) for _ in range(2))
    assert one == two
    assert builder.finish(one).size == 4
