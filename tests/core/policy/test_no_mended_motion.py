"""The proof that only what a model wrote completely, and as it stands, can become motion."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.policy.local import LocalPolicy
from core.protocol.action_codec import decode_rows, encode_chunk
from core.protocol.action_symbols import BIN_OF_SYMBOL, SYMBOLS
from core.protocol.answer import AnswerError, parse_answer
from core.protocol.partial import partial_answer
from core.protocol.prompts import reasoning_answer
from core.protocol.statistics import read_statistics
from core.types import Frame, Observation

ROOT = Path(__file__).resolve().parents[3]
CODES = np.arange(100)
LINE = [[10, 20], [30, 40]]
STATS = read_statistics({"lab": {"action": {"q01": [-0.1] * 6 + [0.0], "q99": [0.1] * 6 + [1.0]}}})
ACTIONS = np.array([[0.05, -0.05, 0.1, 0.0, 0.02, -0.02, 1.0], [0.01, 0, 0, 0, 0, 0.09, 0.0]])
LIST = encode_chunk(ACTIONS, STATS)
ANSWER = reasoning_answer(CODES, [LINE], LIST, 2)
START = ANSWER.index(LIST)

pieces = st.one_of(
    st.sampled_from(["[", "]", "[[", "]]", ", ", ",", ".", " ", LIST, "[[1, 2]]", *SYMBOLS[:9]]),
    st.text(max_size=4),
)
anything = st.one_of(st.text(), st.lists(pieces, max_size=40).map("".join))


@st.composite
def spoilt(draw):
    """A good answer with up to three places cut out, doubled or replaced."""
    text = ANSWER
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(START - 60, len(text)))
        end = min(start + draw(st.integers(0, 4)), len(text))
        text = text[:start] + draw(st.one_of(st.just(""), pieces)) + text[end:]
    return text


def bare(text):
    return re.sub(r"\s", "", text)


def written(rows):
    """The list of these rows as a model has to write it."""
    inner = ",".join("[" + ",".join(row) + "]" for row in rows)
    return {f"[{inner}]", inner} if len(rows) == 1 else {f"[{inner}]"}


def assert_stands_there(text, rows):
    """The rows are the last thing in the text, brackets and all; nothing was added to them."""
    end = bare(text).removesuffix(".")
    assert any(end.endswith(listing) for listing in written(rows))
    listing = next(listing for listing in written(rows) if end.endswith(listing))
    before = end.removesuffix(listing)
    assert not any(ord(character) > 127 for character in before.rpartition("]")[2])
    assert not before.endswith("[")


@given(st.one_of(anything, spoilt()), st.integers(1, 3))
@settings(max_examples=150)
def test_rows_that_are_read_stand_in_the_text_as_they_are(text, chunk):
    try:
        rows = parse_answer(text, chunk=chunk).rows
    except AnswerError:
        return
    assert len(rows) == chunk
    assert_stands_there(text, rows)


@pytest.mark.parametrize("doing", ["drop", "double"])
def test_no_single_missing_or_doubled_character_of_the_list_is_mended(doing):
    for place in range(START, START + len(LIST)):
        character = ANSWER[place]
        text = ANSWER[:place] + (character * 2 if doing == "double" else "") + ANSWER[place + 1 :]
        if character == " ":
            continue  # spaces between symbols mean nothing
        try:
            rows = parse_answer(text, chunk=2).rows
        except AnswerError:
            continue
        # a symbol that is another symbol's piece: it stands there, and it is a known one
        assert character not in "[],"
        assert_stands_there(text, rows)
        assert all(symbol in BIN_OF_SYMBOL for row in rows for symbol in row)


@pytest.mark.parametrize(
    "listing", [LIST[1:], LIST[2:], LIST[:-1], LIST[:-2], LIST.replace("], [", "] [")]
)
def test_a_list_with_a_missing_bracket_is_shown_and_not_run(listing):
    text = ANSWER.replace(LIST, listing)
    with pytest.raises(AnswerError):
        parse_answer(text, chunk=2)
    part = partial_answer(text)
    assert part.depth_complete
    assert part.traces_complete
    assert 1 <= len(part.rows) <= 2


def test_both_rows_of_a_list_without_its_opening_bracket_are_shown():
    full = partial_answer(ANSWER).rows
    for listing in (LIST[1:], LIST[2:]):
        assert partial_answer(ANSWER.replace(LIST, listing)).rows == full


@pytest.fixture
def camera_view() -> Observation:
    image = np.zeros((24, 32, 3), np.uint8)
    return Observation(
        frames=tuple(Frame(camera=name, image=image, t_ns=1) for name in ("front", "wrist")),
        instruction="go",
    )


@given(st.one_of(anything, spoilt(), st.just(ANSWER)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_a_policy_moves_only_by_what_stands_in_the_answer(answering, camera_view, text):
    answer = LocalPolicy(answering(" " + text)).infer(camera_view)
    assert (answer.chunk is None) == bool(answer.error)
    if answer.chunk is not None:
        rows = parse_answer(answer.text, chunk=2, expect_depth=True, expect_trace=True).rows
        assert_stands_there(answer.text, rows)
        np.testing.assert_array_equal(answer.chunk.actions, decode_rows(rows, STATS))


def test_the_display_parser_cannot_make_a_chunk():
    """Chunks are made where they are decoded strictly or unpacked, and nowhere near the display."""
    makers = {
        str(path.relative_to(ROOT))
        for folder in ("core", "app")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ActionChunk")
    }
    assert "core/policy/local.py" in makers
    allowed = {
        "core/policy/local.py",  # after parse_answer
        "core/policy/messages.py",  # from the server that did so
        "core/policy/openpi.py",  # from a server without text
        "core/policy/bench.py",  # a policy that only echoes, to time the server
        "core/review/bench.py",  # a session to look back at
        "app/bench/hand.py",  # motions of a known speed, to measure how soon they are stopped
    }
    assert {name for name in makers if not name.startswith("core/session/")} <= allowed
