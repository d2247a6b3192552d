"""What comes from files: recipes, votes, studies. Odd ones end in a sentence, never in a guess."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ratings.lmarena import parse_votes, read_votes, write_votes
from core.ratings.material import read_material
from core.ratings.rate import rate
from core.ratings.recipe import (
    Recipe,
    ResampleBy,
    TieRule,
    parse_recipe,
    recipe_facts,
)
from core.study.votes import Outcome, Shown, Vote, VoteKind
from core.types import StudioError
from tests.core.ratings.samples import simulated
from tests.core.study import samples

NAMES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=9
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=9)
NUMBERS = st.none() | st.floats(0, 100)
VOTES = st.builds(
    lambda names, **more: Vote(left=names[0], right=names[1], **more),
    st.lists(NAMES, min_size=2, max_size=2, unique=True),
    participant=NAMES,
    item=NAMES,
    first=st.sampled_from([None, *Shown]),
    outcome=st.sampled_from(list(Outcome)),
    weight=st.floats(0.1, 9),
    kind=st.sampled_from(list(VoteKind)),
    scene=WORDS,
    instruction=WORDS,
    progress_left=NUMBERS,
    progress_right=NUMBERS,
    confidence=st.none() | st.integers(1, 3),
    decision_s=NUMBERS,
    at=st.floats(0, 2e9),
)


@settings(max_examples=80)
@given(st.lists(VOTES, max_size=6))
def test_votes_come_back_from_csv_as_they_were(votes):
    assert parse_votes(write_votes(votes), "x.csv") == (votes, True)


def test_lmarenas_own_columns_are_enough():
    text = "model_a,model_b,winner,tstamp\nx,y,model_a,1\ny,x,tie (bothbad),2\nx,y,both_bad,3\n"
    votes, judged = parse_votes(text, "x.csv")
    assert not judged
    assert [v.outcome for v in votes] == [Outcome.A, Outcome.BOTH_BAD, Outcome.BOTH_BAD]
    assert len({v.participant for v in votes}) == 3
    assert [v.at for v in votes] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'model_a'"),
        ("model_a,model_b\nx,y\n", "no column 'winner'"),
        ("model_a,model_b,winner\nx,y,left\n", "line 2: the winner is 'left'"),
        ("model_a,model_b,winner\nx,y,tie\nx\n", "line 3: the winner is ''"),
        ("model_a,model_b,winner\n,y,tie\n", "line 2: model_a is ''"),
        ("model_a,model_b,winner\nx,x,tie\n", "line 2: both sides"),
        ("model_a,model_b,winner,tstamp\nx,y,tie,soon\n", "tstamp is 'soon'"),
        ("model_a,model_b,winner,weight\nx,y,tie,nan\n", "weight is 'nan'"),
        ("model_a,model_b,winner,weight\nx,y,tie,0\n", "the weight of a vote is 0"),
        ("model_a,model_b,winner,kind\nx,y,tie,odd\n", "the kind is 'odd'"),
        ("model_a,model_b,winner,progress_a\nx,y,tie,101\n", "progress_left is 101"),
        ("model_a,model_b,winner,first_shown\nx,y,tie,left\n", "first_shown is 'left'"),
        ('model_a,model_b,winner\n"x\ny",z,tie\n', "line 3: model_a"),
        ("model_a,model_b,winner\n" + "x" * 300 + ",y,tie\n", "1 to 200"),
    ],
)
def test_an_odd_csv_ends_in_its_line(text, words):
    with pytest.raises(StudioError) as caught:
        parse_votes(text, "x.csv")
    assert words in str(caught.value)
    assert "x.csv" in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_line(text):
    with suppress(StudioError):
        votes, judged = parse_votes("model_a,model_b,winner\n" + text, "x.csv")
        assert not judged
        assert all(v.left and v.right and v.left != v.right for v in votes)


def test_files_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudioError, match="UTF-8"):
        read_votes(path)
    with pytest.raises(StudioError, match="cannot be read"):
        read_votes(tmp_path / "none.csv")
    with pytest.raises(StudioError, match="does not exist"):
        read_material(tmp_path / "none.csv", None)


def test_a_csv_without_judges_gets_intervals_of_votes(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nx,y,model_a\ny,x,model_a\n")
    assert read_material(path, None).recipe.resample_by is ResampleBy.VOTES
    path.write_text(write_votes(simulated(votes=20)))
    assert read_material(path, None).recipe.resample_by is ResampleBy.PARTICIPANTS


def test_a_recipe_survives_the_way_through_a_file():
    recipe = Recipe(anchor="amber", ties=TieRule.HALF, resamples=50, side_bias=True, prior_sd=1.0)
    assert parse_recipe(recipe_facts(recipe), "r.yaml") == recipe
    assert parse_recipe(None, "r.yaml") == Recipe()
    assert parse_recipe({"prior_sd": 3}, "r.yaml").prior_sd == 3.0


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        ([], "must have lines"),
        ({"prior": 1}, "names 'prior'"),
        ({"ties": "often"}, "expected 'davidson'"),
        ({"ties": []}, "expected 'davidson'"),
        ({"prior_sd": "wide"}, "expected a number"),
        ({"prior_sd": True}, "expected a number"),
        ({"resamples": 10.5}, "expected a whole number"),
        ({"side_bias": 1}, "expected true or false"),
        ({"anchor": 3}, "expected a name"),
        ({"prior_sd": 0}, "prior_sd is 0"),
        ({"prior_sd": float("nan")}, "prior_sd is nan"),
        ({"resamples": 10**9}, "expected 10 to"),
        ({"confidence": 1}, "confidence is 1"),
        ({"success": 0}, "success is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"base": 1}, "base is 1"),
    ],
)
def test_an_odd_recipe_ends_in_a_sentence(loaded, words):
    with pytest.raises(StudioError) as caught:
        parse_recipe(loaded, "r.yaml")
    assert words in str(caught.value)
    assert "r.yaml" in str(caught.value)


def test_a_study_is_rated_by_its_own_recipe(tmp_path):
    base, study = samples.opened(tmp_path / "small.study", votes=20)
    with base:
        for _ in range(3):
            samples.play(base, study, samples.enrolled(base, study))
    material = read_material(tmp_path / "small.study", None)
    assert material.recipe.resamples == study.recipe.resamples
    assert material.recipe.prior_sd == study.recipe.prior_sd
    assert material.recipe.seed == 7
    assert material.hypotheses == ("amber is better than birch",)
    assert not material.alarms
    found = rate(material.votes, material.recipe, material.excluded)
    assert {one.policy for one in found.standings} <= {"amber", "birch", "cedar"}
    assert found.votes < found.given  # repeats and checks are not rated
    (tmp_path / "small.yaml").write_text("")
    by_file, by_base = tmp_path / "small.yaml", tmp_path / "small.study" / "study.db"
    assert read_material(by_file, None).votes == read_material(by_base, None).votes
    with pytest.raises(StudioError, match="leave --recipe away"):
        read_material(by_file, Recipe())


def test_a_study_is_not_opened_early_without_a_reason(tmp_path):
    base, study = samples.opened(tmp_path / "small.study", votes=1000)
    with base:
        samples.play(base, study, samples.enrolled(base, study))
    with pytest.raises(StudioError, match="of 1000 votes"):
        read_material(tmp_path / "small.study", None)
    material = read_material(tmp_path / "small.study", None, early="a pilot")
    assert any("a pilot" in alarm for alarm in material.alarms)


def test_a_folder_without_a_study_is_not_made_one(tmp_path):
    with pytest.raises(StudioError, match="nobody has voted"):
        read_material(tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_a_study_says_any_rule_of_the_recipe():
    study = samples.plan(rating={"ties": "left_out", "side_bias": True, "anchor": "birch"})
    assert (study.recipe.ties, study.recipe.side_bias) == (TieRule.LEFT_OUT, True)
    assert (study.recipe.anchor, study.recipe.seed) == ("birch", study.seed)
    with pytest.raises(StudioError, match="names 'speed'"):
        samples.plan(rating={"speed": 1})
