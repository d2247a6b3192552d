from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.steer.answer_spans import percent, spans, told
from core.types import Decisions, Reasoning
from tests.app.fakes import CODES, MODEL_TRACE
from tests.app.steer.answers import FIRST, PER_PASS, STEP, UNSURE_CELL, complete, up_to


def test_every_piece_of_an_answer_is_found_in_its_place():
    reasoning = complete()
    found = spans(reasoning.text)
    cells = [s for s in found if s.stage == "depth"]
    assert [int(reasoning.text[s.start + 7 : s.end - 1]) for s in cells] == CODES.tolist()
    points = [float(reasoning.text[s.start : s.end]) for s in found if s.stage == "trace"]
    assert points == MODEL_TRACE.ravel().tolist()
    values = [s for s in found if s.stage == "actions"]
    assert [(s.index, s.column) for s in values] == [(r, c) for r in range(8) for c in range(7)]


def test_confidence_reaches_the_cell_point_and_value_that_it_is_about():
    known = told(complete())
    assert np.flatnonzero(known.codes < 0.5).tolist() == [UNSURE_CELL]
    assert known.codes[UNSURE_CELL] == pytest.approx(0.12)
    assert known.points == pytest.approx(np.full(len(MODEL_TRACE), 0.25))
    assert known.values == pytest.approx(np.full((8, 7), 0.25))


def test_passes_have_a_time_a_stage_and_words():
    reasoning = complete()
    passes = told(reasoning).passes
    assert [p.seconds for p in passes] == pytest.approx(FIRST + STEP * np.arange(len(passes)))
    assert sum(p.count for p in passes) == len(reasoning.decisions.at)
    assert [p.stage for p in passes[:20]] == ["depth"] * 20
    unsure = passes[UNSURE_CELL // PER_PASS]
    assert unsure.words == "320 ms · cells 31 to 35 · 5 tokens · least 12 % sure"
    assert unsure.text.startswith(f"<DEPTH_{CODES[30]}>")
    assert passes[20].where == "points 1 to 3"
    assert passes[-1].stage == "actions"
    assert "step 8" in passes[-1].where


def test_a_part_of_an_answer_tells_as_much_as_it_has():
    whole = complete()
    for end in range(0, len(whole.text), 37):
        part = told(up_to(whole, end))
        if part is None:
            assert not (whole.decisions.at < end).any()
            continue
        assert len(part.codes) <= 100
        assert np.nanmin([*part.codes, 1.0]) in (1.0, pytest.approx(0.12), pytest.approx(0.9))


def test_an_answer_without_decisions_tells_nothing():
    assert told(replace(complete(), decisions=None)) is None
    nothing = Decisions(at=np.zeros(0), seconds=np.zeros(0), confidence=np.zeros(0))
    assert told(Reasoning(request_id=1, text="no", decisions=nothing)) is None


def test_wording_that_was_decided_belongs_to_no_piece():
    known = told(
        Reasoning(
            request_id=1,
            text="The depth map is <DEPTH_START><DEPTH_7>",
            decisions=Decisions(
                at=np.array([0, 4, 30]), seconds=np.array([0.1, 0.2, 0.3]), confidence=np.ones(3)
            ),
        )
    )
    assert [p.stage for p in known.passes] == ["", "", "depth"]
    assert "wording" in known.passes[0].words
    assert known.passes[2].where == "cell 1"
    assert known.codes.tolist() == [1.0]


@given(
    text=st.text(alphabet="<DEPTH_1>[], 23Ā”.", max_size=60),
    at=st.lists(st.integers(0, 80), min_size=1, max_size=8).map(sorted),
)
def test_no_text_and_no_places_break_it(text: str, at: list[int]):
    decisions = Decisions(
        at=np.array(at), seconds=np.arange(len(at)), confidence=np.full(len(at), 0.5)
    )
    known = told(Reasoning(request_id=1, text=text, decisions=decisions))
    assert len(known.passes) == len(at)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "<1 %"), (0.43, "43 %"), (0.996, ">99 %"), (1.0, "100 %"), (0.99, "99 %")],
)
def test_percentages_claim_no_more_than_is_known(share: float, words: str):
    assert percent(share) == words
