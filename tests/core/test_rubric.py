"""Rubrics: what is read, what is refused, which one is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.rubric import Milestone, Rubric, match, parse_rubric, reached, step
from core.types import StudioError

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "rubrics"
SHIPPED = [parse_rubric(yaml.safe_load(p.read_text()), p.name) for p in sorted(FOLDER.iterdir())]


def rubric(*percents: int) -> Rubric:
    return Rubric(name="r", milestones=tuple(Milestone(name=f"m{p}", percent=p) for p in percents))


LIFT = rubric(25, 50, 100)


def test_a_rubric_is_read() -> None:
    read = parse_rubric(
        {"name": " Lift ", "words": ["Pick", "lift"], "milestones": {"grasped": 0.5, "up": 1}}, "f"
    )
    assert (read.name, read.words) == ("Lift", ("pick", "lift"))
    assert read.milestones == (
        Milestone(name="grasped", percent=50),
        Milestone(name="up", percent=100),
    )


@pytest.mark.parametrize(
    ("instruction", "name"),
    [
        ("pick up the cube", "Lift"),
        ("Pick up the cube and put it into the bowl", "Place"),
        ("push it", "Push"),
        ("dance", "General"),
        ("picking", "General"),
        ("put the bowl in the sink", "Bowl in sink"),
        ("wipe the table", "Wipe"),
        ("set the table", "Set table"),
        ("bus the table", "Bussing"),
        ("lift the tray", "Lift tray"),
        ("fold the towel", "Fold towel"),
        ("close the lid", "Close lid"),
        ("rotate the pot", "Rotate pot"),
        ("pour tea", "Pour tea"),
        ("pick up the pot", "Lift"),
        ("lift the red cube off the table", "Lift"),
        ("place the pot on the tray", "Place"),
        ("put the cup on the table", "Place"),
        ("slide the cube across the table", "Push"),
    ],
)
def test_the_instruction_chooses_a_shipped_rubric(instruction: str, name: str) -> None:
    chosen = match(SHIPPED, instruction)
    assert chosen is not None
    assert chosen.name == name


PAPER = {
    "Bowl in sink": (25, 40, 70, 100),
    "Wipe": (25, 50, 100),
    "Bussing": (25, 50, 75, 100),
    "Set table": (25, 75, 100),
    "Lift tray": (30, 60, 100),
    "Fold towel": (25, 75, 100),
    "Pick and place, unseen": (25, 50, 75, 100),
    "Close lid": (50, 100),
    "Rotate pot": (30, 60, 100),
    "Pour tea": (50, 80, 100),
    "Steering study": (50, 85, 100),
}


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_rubrics_are_shipped_with_its_shares(name: str) -> None:
    (found,) = [rubric for rubric in SHIPPED if rubric.name == name]
    assert tuple(milestone.percent for milestone in found.milestones) == PAPER[name]


def test_without_rubrics_none_is_chosen() -> None:
    assert match([], "pick up") is None


@pytest.mark.parametrize(
    ("progress", "name"), [(None, None), (0, None), (25, "m25"), (99, "m50"), (100, "m100")]
)
def test_reached(progress: int | None, name: str | None) -> None:
    milestone = reached(LIFT, progress)
    assert (milestone.name if milestone else None) == name


@given(
    st.sets(st.integers(1, 99), max_size=8).map(lambda s: rubric(*sorted(s), 100)),
    st.none() | st.integers(0, 100),
)
def test_steps_lead_from_milestone_to_milestone(any_rubric: Rubric, progress: int | None) -> None:
    places = [0, *(m.percent for m in any_rubric.milestones)]
    up, down = step(any_rubric, progress, True), step(any_rubric, progress, False)
    assert {up, down} <= set(places)
    now = progress or 0
    assert up > now or up == now == 100
    assert down < now or down == now == 0
    assert not [p for p in places if now < p < up or down < p < now]


BAD = {"name": "r", "milestones": {"a": 0.5, "b": 1.0}}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"name": 3}, "name 3"),
        ({"name": "x" * 41}, "1 to 40 characters"),
        ({"mood": "good"}, "known are milestones, name, words"),
        ({"words": "pick"}, "list of single words"),
        ({"words": ["pick up"]}, "list of single words"),
        ({"milestones": None}, "1 to 9 milestones"),
        ({"milestones": {}}, "1 to 9 milestones"),
        ({"milestones": {str(k): k / 10 for k in range(1, 11)}}, "1 to 9 milestones"),
        ({"milestones": {True: 1.0}}, "quotation marks"),
        ({"milestones": {"a": "half", "b": 1}}, "'a' in f is 'half'"),
        ({"milestones": {"a": 50, "b": 100}}, "fraction"),
        ({"milestones": {"a": float("nan"), "b": 1}}, "fraction"),
        ({"milestones": {"a": 0.5, "b": 0.5, "c": 1}}, "must rise"),
        ({"milestones": {"a": 0.5}}, "must be 1.0"),
    ],
)
def test_bad_files_are_sentences(change: dict[str, Any], part: str) -> None:
    with pytest.raises(StudioError, match=part):
        parse_rubric(BAD | change, "f")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_anything_else_is_a_sentence_too(loaded: Any) -> None:
    with pytest.raises(StudioError):
        parse_rubric(loaded, "f")
