"""Instructions with gaps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.templates import choices, gaps, next_gap, parse_templates
from core.types import StudioError

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "instructions" / "templates.yaml"


def test_gaps_are_found_in_their_order() -> None:
    text = "put the {first object} on {x}"
    assert [(gap.name, text[gap.start : gap.end]) for gap in gaps(text)] == [
        ("first object", "{first object}"),
        ("x", "{x}"),
    ]
    assert gaps("{} {A} {a-b} {{") == ()


def test_the_next_gap_comes_round() -> None:
    text = "{a} and {b}"
    first, second = gaps(text)
    assert next_gap(text, 0) == first
    assert next_gap(text, 1) == second
    assert next_gap(text, 9) == first
    assert next_gap("none", 0) is None


def test_objects_are_offered_only_where_one_belongs() -> None:
    objects = ("red cube", "blue can")
    assert choices("object", objects) == choices("second object", objects) == objects
    assert choices("place", objects) == ()


@given(st.text(max_size=60))
def test_gaps_of_any_text_are_in_braces(text: str) -> None:
    for gap in gaps(text):
        assert text[gap.start] == "{"
        assert text[gap.start + 1 : gap.end - 1] == gap.name
        assert text[gap.end - 1] == "}"


def test_shipped_templates_are_good() -> None:
    texts = parse_templates(yaml.safe_load(SHIPPED.read_text()), "templates.yaml")
    assert "pick up the {object}" in texts


def test_repetitions_and_spaces_go() -> None:
    assert parse_templates(["a  b", "a b", " c "], "f") == ("a b", "c")
    assert parse_templates(None, "f") == ()


@pytest.mark.parametrize(
    ("loaded", "part"),
    [
        ("pick", "list of lines"),
        ({"a": 1}, "list of lines"),
        (["ok", 3], "Template 2 in f is 3"),
        (["ok", {"object": None}], "quotation marks"),
        (["   "], "Template 1"),
        (["x" * 201], "201 characters"),
        (["pick {Object}"], "brace that is no gap"),
        (["pick {object"], "brace that is no gap"),
    ],
)
def test_bad_files_are_sentences(loaded: Any, part: str) -> None:
    with pytest.raises(StudioError, match=part):
        parse_templates(loaded, "f")
