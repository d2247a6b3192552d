from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.protocol import prompts
from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import BIN_OF_SYMBOL, SYMBOLS
from core.protocol.answer import AnswerError, AnswerFault, parse_answer, partial_answer

GOLDEN = Path(__file__).parents[2] / "data/golden/protocol/parse_cases.json"
CASES = {case["name"]: case["text"] for case in json.loads(GOLDEN.read_text())["cases"]}

CODES = np.arange(100) + 20
LINE = [[128, 40], [130, 60], [0, 255]]
BINS = (np.arange(56).reshape(8, 7) * 37) % 256
ROWS = tuple(tuple(SYMBOLS[index] for index in row) for row in BINS)
CHUNK = rows_text(BINS)
ROW = rows_text(BINS[:1])
DEPTH = prompts.depth_text(CODES)
REASONED = prompts.reasoning_answer(CODES, [LINE], CHUNK, 2)
STEERED = prompts.steered_answer(CHUNK)
FINE_TUNE = (
    f"The depth map of the image is {DEPTH}. The trajectory of the left end effector is {LINE}. "
    f"The trajectory of the right end effector is {LINE}. Based on this information, the action "
    f"that the robot should take is {CHUNK}."
)
WORDINGS = {
    "one image": prompts.reasoning_answer(CODES, [LINE], CHUNK, 1),
    "two images": REASONED,
    "fine-tuning": FINE_TUNE,
    "leading space": " " + REASONED,
}

symbols = st.sampled_from(SYMBOLS)
fragments = st.one_of(
    symbols,
    st.sampled_from(["[", "]", "[[", "]]", ", ", ",", ".", " is ", "[[1, 2]]", "[12, 300]", "-1"]),
    st.sampled_from(["<DEPTH_START>", "<DEPTH_END>", "<DEPTH_5>", "<DEPTH_", DEPTH, ROW, CHUNK]),
    st.text(max_size=5),
)
texts = st.one_of(st.text(), st.lists(fragments, max_size=40).map("".join))


@pytest.mark.parametrize("text", WORDINGS.values(), ids=WORDINGS)
def test_every_wording_of_a_reasoned_answer_is_read(text):
    answer = parse_answer(text, chunk=8, expect_depth=True, expect_trace=True)
    assert answer.depth is not None
    assert answer.depth.codes.tolist() == CODES.tolist()
    assert [trace.points.tolist() for trace in answer.traces] == [LINE]
    assert answer.rows == ROWS
    assert answer.warnings == ()


def test_a_steered_answer_is_read():
    answer = parse_answer(STEERED, chunk=8, expect_depth=False, expect_trace=False)
    assert answer.depth is None
    assert answer.traces == ()
    assert answer.rows == ROWS


@pytest.mark.parametrize("listing", [ROW, f"[{ROW}]"])
def test_a_single_step_may_stand_alone_or_in_a_list(listing):
    assert parse_answer(f"The action is {listing}.", chunk=1).rows == ROWS[:1]


def test_two_arms():
    text = prompts.reasoning_answer(CODES, [LINE, [[1, 2]]], CHUNK, 1)
    left, right = parse_answer(text, chunk=8).traces
    assert (left.arm, right.arm) == ("left", "right")
    assert right.points.tolist() == [[1, 2]]


def test_a_bare_point_is_a_trace_of_one_point():
    answer = parse_answer(f"to [140, 225], then {ROW}", chunk=1)
    assert answer.traces[0].points.tolist() == [[140, 225]]


def test_points_outside_the_image_are_moved_to_its_border_with_a_warning():
    answer = parse_answer(f"[[-3, 40], [300, 7.5]] {ROW}", chunk=1)
    assert answer.traces[0].points.tolist() == [[0, 40], [255, 7.5]]
    assert answer.warnings == ("A trace point lay outside the image and was moved to its border.",)


@pytest.mark.parametrize(
    "text",
    [
        STEERED.replace("[[", "[", 1),
        STEERED.replace("[[", "", 1),
        STEERED.replace("[", "", 1).replace("], [", "],[").replace(", ", ","),
    ],
)
def test_a_missing_opening_bracket_is_refused(text):
    with pytest.raises(AnswerError) as caught:
        parse_answer(text, chunk=8)
    assert caught.value.kind is AnswerFault.FORMAT


def test_a_missing_opening_bracket_of_a_single_row_is_refused():
    with pytest.raises(AnswerError, match="no opening bracket"):
        parse_answer(f"the action is {ROW[1:]}.", chunk=1)


SPOILT = {
    "nothing": ("", AnswerFault.EMPTY),
    "blank": (" \n\t", AnswerFault.EMPTY),
    "prose": ("I cannot see the robot.", AnswerFault.TRUNCATED),
    "depth 98": (REASONED.replace("<DEPTH_20><DEPTH_21>", ""), AnswerFault.DEPTH),
    "depth 101": (REASONED.replace("<DEPTH_20>", "<DEPTH_20>" * 2), AnswerFault.DEPTH),
    "depth 128": (REASONED.replace("<DEPTH_20>", "<DEPTH_128>"), AnswerFault.DEPTH),
    "depth with words": (REASONED.replace("<DEPTH_20>", "<DEPTH_20> "), AnswerFault.DEPTH),
    "no depth end": (REASONED.replace("<DEPTH_END>", ""), AnswerFault.DEPTH),
    "no depth start": (REASONED.replace("<DEPTH_START>", ""), AnswerFault.DEPTH),
    "two depth maps": (DEPTH + REASONED, AnswerFault.DEPTH),
    "list before depth": (f"[[1, 2]] {REASONED}", AnswerFault.FORMAT),
    "no depth": (REASONED.replace(DEPTH, "unclear"), AnswerFault.DEPTH),
    "no trace": (REASONED.replace(str(LINE), "unclear"), AnswerFault.TRACE),
    "empty trace": (REASONED.replace(str(LINE), "[]"), AnswerFault.TRACE),
    "trace of 6": (REASONED.replace(str(LINE), str([[1, 2]] * 6)), AnswerFault.TRACE),
    "trace in 3d": (REASONED.replace(str(LINE), "[[1, 2, 3]]"), AnswerFault.TRACE),
    "trace with a word": (REASONED.replace("[130, 60]", "[130, a]"), AnswerFault.TRACE),
    "trace not closed": (REASONED.replace("[0, 255]]", "[0, 255]"), AnswerFault.TRACE),
    "trace unreadably large": (REASONED.replace("128", "9" * 5000), AnswerFault.TRACE),
    "three traces": (REASONED.replace(str(LINE), "[1, 2] [3, 4] [5, 6]"), AnswerFault.TRACE),
    "7 rows": (STEERED.replace(ROW + ", ", ""), AnswerFault.ROWS),
    "9 rows": (STEERED.replace(ROW, f"{ROW}, {ROW}"), AnswerFault.ROWS),
    "short row": (STEERED.replace(f"[{SYMBOLS[0]}, ", "[", 1), AnswerFault.ROWS),
    "unknown symbol": (STEERED.replace(SYMBOLS[37], "é", 1), AnswerFault.SYMBOL),
    "end of text": (STEERED.replace(SYMBOLS[37], "<|endoftext|>", 1), AnswerFault.SYMBOL),
    "number": (STEERED.replace(SYMBOLS[37], "0.5", 1), AnswerFault.SYMBOL),
    "empty cell": (STEERED.replace(SYMBOLS[37], "", 1), AnswerFault.SYMBOL),
    "two symbols": (STEERED.replace(SYMBOLS[37], SYMBOLS[37] * 2, 1), AnswerFault.SYMBOL),
    "quoted": (STEERED.replace(SYMBOLS[37], f"'{SYMBOLS[37]}'", 1), AnswerFault.SYMBOL),
    "decoded symbol": (STEERED.replace(SYMBOLS[37], "㉫", 1), AnswerFault.SYMBOL),
    "cut in a row": (STEERED[:-20], AnswerFault.TRUNCATED),
    "cut between rows": (STEERED.rsplit(", [", 1)[0], AnswerFault.TRUNCATED),
    "last bracket missing": (STEERED.removesuffix("].") + ".", AnswerFault.TRUNCATED),
    "both brackets missing": (STEERED.replace("[[", "[").replace("]]", "]"), AnswerFault.FORMAT),
    "words between rows": (STEERED.replace("], [", "] and [", 1), AnswerFault.FORMAT),
    "too deep": (STEERED.replace("[[", "[[[").replace("]]", "]]]"), AnswerFault.FORMAT),
    "words after": (STEERED + " Then stop", AnswerFault.TRUNCATED),
    "two lists": (STEERED + " " + CHUNK, AnswerFault.FORMAT),
    "stray bracket": (f"so] {CHUNK}", AnswerFault.FORMAT),
}


@pytest.mark.parametrize(("text", "kind"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_answer_is_refused_with_its_kind_and_a_sentence(text, kind):
    reasoned = text.startswith("The depth") or "<DEPTH_" in text
    expected = True if reasoned else None
    with pytest.raises(AnswerError) as caught:
        parse_answer(text, chunk=8, expect_depth=expected, expect_trace=expected)
    assert caught.value.kind is kind
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("expect_depth", "expect_trace", "kind"),
    [(False, None, AnswerFault.DEPTH), (None, False, AnswerFault.TRACE)],
)
def test_what_was_not_asked_for_is_refused(expect_depth, expect_trace, kind):
    with pytest.raises(AnswerError) as caught:
        parse_answer(REASONED, chunk=8, expect_depth=expect_depth, expect_trace=expect_trace)
    assert caught.value.kind is kind


@pytest.mark.parametrize("name", CASES)
def test_no_golden_case_yields_unknown_symbols_or_wrong_counts(name):
    for chunk in (1, 8):
        try:
            answer = parse_answer(CASES[name], chunk=chunk)
        except AnswerError:
            continue
        assert len(answer.rows) == chunk


@given(texts, st.integers(1, 8))
@example("[" * 3000, 1)
@example("[[1, 2" + " " * 3000, 1)
@example(CHUNK.replace(", ", "," + " " * 300), 8)
def test_any_text_is_read_completely_or_refused(text, chunk):
    partial_answer(text)
    try:
        answer = parse_answer(text, chunk=chunk)
    except AnswerError:
        return
    assert len(answer.rows) == chunk
    assert all(len(row) == 7 and set(row) <= BIN_OF_SYMBOL.keys() for row in answer.rows)


@pytest.mark.parametrize("text", [REASONED, STEERED, f"go {ROW}."])
def test_an_answer_cut_anywhere_is_refused_or_has_the_same_rows(text):
    chunk = 8 if CHUNK in text else 1
    for end in range(len(text)):
        try:
            answer = parse_answer(text[:end], chunk=chunk)
        except AnswerError:
            continue
        assert answer.rows == ROWS[:chunk]
        assert end >= len(text) - 1


@given(st.data())
def test_a_deleted_piece_never_changes_the_number_or_length_of_rows(data):
    start = data.draw(st.integers(0, len(REASONED) - 1))
    end = data.draw(st.integers(start + 1, len(REASONED)))
    try:
        answer = parse_answer(REASONED[:start] + REASONED[end:], chunk=8)
    except AnswerError:
        return
    assert len(answer.rows) == 8
    assert all(len(row) == 7 for row in answer.rows)


@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 12), st.integers(1, 14)), elements=st.integers(0, 255)
    ),
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=5),
    hnp.arrays(np.int64, 100, elements=st.integers(0, 127)),
    st.integers(1, 3),
)
def test_what_is_written_is_read_back(bins, line, codes, n_images):
    chunk, dims = bins.shape
    text = prompts.reasoning_answer(codes, [line], rows_text(bins), n_images)
    answer = parse_answer(text, chunk=chunk, action_dim=dims, expect_depth=True, expect_trace=True)
    assert answer.depth is not None
    np.testing.assert_array_equal(answer.depth.codes, codes)
    np.testing.assert_array_equal(answer.traces[0].points, line)
    read = [[BIN_OF_SYMBOL[symbol] for symbol in row] for row in answer.rows]
    np.testing.assert_array_equal(read, bins)
