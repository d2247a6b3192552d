from __future__ import annotations

import numpy as np
import pytest

from core.decoding.answer_text import WORDS, Part, answer_text
from core.protocol.action_codec import rows_text
from core.protocol.prompts import reasoning_answer, steered_answer


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("points", [1, 4])
def test_filled_gaps_are_an_answer(images, points):
    rng = np.random.default_rng(points)
    codes, trace = rng.integers(0, 128, 100), rng.integers(0, 256, (points, 2))
    bins = rng.integers(0, 256, (2, 7))
    answer = answer_text(chunk=2, dims=7, images=images, steered=False, points=points)
    text, starts = answer.write([*codes, *trace.reshape(-1), *bins.reshape(-1)])
    assert text == " " + reasoning_answer(codes, [trace], rows_text(bins), images)
    assert all(
        text[start:].startswith(literal)
        for start, literal in zip(starts, answer.literals, strict=True)
    )


def test_a_steered_answer_of_one_row():
    answer = answer_text(chunk=1, dims=3, images=2, steered=True, points=0)
    assert answer.gaps == (Part.ACTION,) * 3
    assert answer.write([0, 1, 255])[0] == " " + steered_answer(rows_text([[0, 1, 255]]))


def test_separators_belong_to_what_they_separate():
    answer = answer_text(chunk=2, dims=2, images=1, steered=False, points=2)
    parts = [answer.part_of_literal(index) for index in range(len(answer.literals))]
    assert parts == [
        *([Part.TEXT] + [Part.DEPTH] * 99),
        *([Part.TEXT] + [Part.TRACE] * 3),
        *([Part.TEXT] + [Part.ACTION] * 3),
        Part.TEXT,
    ]
    assert [len(WORDS[part]) for part in (Part.DEPTH, Part.TRACE, Part.ACTION)] == [128, 256, 256]
