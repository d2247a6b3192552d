from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.protocol import prompts
from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.partial import partial_answer

CODES = np.arange(100) + 20
LINE = [[128, 40], [130, 60], [0, 255]]
BINS = (np.arange(56).reshape(8, 7) * 37) % 256
ROWS = tuple(tuple(SYMBOLS[index] for index in row) for row in BINS)
ANSWER = prompts.reasoning_answer(CODES, [LINE], rows_text(BINS), 2)


def test_an_answer_grows_piece_by_piece():
    seen = {"codes": 0, "points": 0, "rows": 0}
    for end in range(len(ANSWER) + 1):
        part = partial_answer(ANSWER[:end])
        points = part.traces[0].tolist() if part.traces else []
        assert list(part.depth_codes) == CODES[: len(part.depth_codes)].tolist()
        assert points == LINE[: len(points)]
        assert part.rows == ROWS[: len(part.rows)]
        now = {"codes": len(part.depth_codes), "points": len(points), "rows": len(part.rows)}
        assert all(0 <= now[piece] - seen[piece] <= 1 for piece in seen)
        assert part.depth_complete == (ANSWER[:end].find("<DEPTH_END>") >= 0)
        assert part.traces_complete == (ANSWER[:end].find("[0, 255]]") >= 0)
        seen = now
    assert seen == {"codes": 100, "points": 3, "rows": 8}


def test_traces_of_two_arms_are_kept_apart():
    part = partial_answer("left [[1, 2], [3, 4]]. right [[5, 6], [7")
    assert [trace.tolist() for trace in part.traces] == [[[1, 2], [3, 4]], [[5, 6]]]
    assert not part.traces_complete


def test_a_depth_map_that_does_not_fit_is_never_complete():
    for body in ("<DEPTH_1>" * 99, "<DEPTH_1>" * 101, "<DEPTH_1>" * 99 + "<DEPTH_128>"):
        part = partial_answer(f"<DEPTH_START>{body}<DEPTH_END>")
        assert not part.depth_complete
        assert len(part.depth_codes) <= 100


def test_rows_with_unknown_symbols_are_not_shown():
    assert partial_answer(f"[[{SYMBOLS[1]}, é], [{SYMBOLS[2]}]").rows == ((SYMBOLS[2],),)


@given(st.text())
def test_any_text_can_be_looked_at(text):
    part = partial_answer("<DEPTH_START>" + text)
    assert all(0 <= code <= 127 for code in part.depth_codes)
