"""Other wordings: what each rule does, and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phrasing import COLOURS, NOUNS, wordings
from core.policy.base import MAX_INSTRUCTION


def found(text: str) -> dict[str, str]:
    return {wording.change: wording.text for wording in wordings(text)}


def test_every_rule_says_what_it_changes() -> None:
    assert found("pick up the blue cube") == {
        "“grab” for “pick up”": "grab the blue cube",
        "“lift” for “pick up”": "lift the blue cube",
        "“block” for “cube”": "pick up the blue block",
        "without the colour": "pick up the cube",
        "without articles": "pick up blue cube",
        "politely": "please pick up the blue cube",
        "as a passive": "the blue cube should be picked up",
        "vague: “the thing”": "pick up the thing",
        "with a typing slip": "pick up the blue cbue",
    }


def test_what_stands_behind_the_thing_is_kept() -> None:
    words = found("put the red bowl on the plate")
    assert words["as a passive"] == "the red bowl should be put on the plate"
    assert words["vague: “the thing”"] == "put the thing on the plate"
    assert words["“place” for “put”"] == "place the red bowl on the plate"


@pytest.mark.parametrize(
    ("text", "blunt"),
    [
        ("Please lift the can", "lift the can"),
        ("could you please lift the can?", "lift the can"),
        ("Can you, lift the can", "lift the can"),
    ],
)
def test_courtesy_is_taken_away_where_there_is_some(text: str, blunt: str) -> None:
    assert found(text)["without courtesy"] == blunt
    assert found(text)["as a passive"] == "the can should be lifted"


def test_a_rule_that_does_not_fit_gives_nothing() -> None:
    assert set(found("dance")) == {"politely", "with a typing slip"}
    assert set(found("go")) == {"politely"}
    assert "without the colour" not in found("pick up the red"), "nothing would be left to pick"
    assert wordings("   ") == ()


def test_a_longer_verb_wins() -> None:
    assert found("pick up it")["as a passive"] == "it should be picked up"
    assert found("pick the can")["as a passive"] == "the can should be picked"


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    holds(text)


words = st.sampled_from(
    ["please", "could you", "pick up", "put", "open", "the", "a", *COLOURS[:4], *NOUNS, "on", "?"]
)


@given(st.lists(words, max_size=12).map(" ".join))
def test_any_instruction(text: str) -> None:
    holds(text)


@given(st.integers(MAX_INSTRUCTION - 30, MAX_INSTRUCTION + 30))
def test_nothing_grows_too_long(length: int) -> None:
    text = ("pick up the cube " * 100)[:length]
    assert all(len(wording.text) <= MAX_INSTRUCTION for wording in wordings(text))


def holds(text: str) -> None:
    result = wordings(text)
    keys = [wording.text.casefold() for wording in result]
    assert len(set(keys)) == len(keys)
    assert " ".join(text.split()).casefold() not in keys
    for wording in result:
        assert wording.text.strip() == wording.text != ""
        assert "  " not in wording.text
        assert len(wording.text) <= MAX_INSTRUCTION
        assert wording.change
    assert result == wordings(text)
