"""Rules leave out whom they say, once, with a reason."""

from __future__ import annotations

from dataclasses import replace

from core.study.exclusions import apply_rules, exclude_by_hand
from core.study.harvest import harvest
from core.study.plan import BAD_CHECK, GOOD_CHECK, ExclusionRules
from core.study.votes import Outcome, Vote, VoteKind
from tests.core.study.samples import enrolled, opened, play

BASE = Vote(
    participant="P",
    item="i",
    left="amber",
    right="birch",
    first=None,
    outcome=Outcome.A,
    decision_s=3.0,
)
CHECK = replace(BASE, left=BAD_CHECK, right=GOOD_CHECK, kind=VoteKind.ATTENTION, outcome=Outcome.B)


def test_a_failed_check_leaves_the_participant_out():
    rules = ExclusionRules(attention_failures=0)
    assert apply_rules(rules, [BASE, CHECK])[1] == ()
    failed = replace(CHECK, outcome=Outcome.TIE)
    kept, out = apply_rules(rules, [BASE, failed, replace(BASE, participant="Q")])
    assert [vote.participant for vote in kept] == ["Q"]
    assert [(x.participant, x.rule, x.votes) for x in out] == [("P", "attention", 2)]
    assert apply_rules(ExclusionRules(attention_failures=1), [BASE, failed])[1] == ()


def test_an_answer_faster_than_looking_is_left_out_alone():
    kept, out = apply_rules(ExclusionRules(), [BASE, replace(BASE, item="j", decision_s=0.2)])
    assert [vote.item for vote in kept] == ["i"]
    assert [(x.item, x.rule) for x in out] == [("j", "too fast")]


def test_a_pull_to_one_side_counts_only_with_enough_decided():
    many = [replace(BASE, item=str(n)) for n in range(10)]
    assert apply_rules(ExclusionRules(), many[:9])[1] == ()
    assert [x.rule for x in apply_rules(ExclusionRules(), many)[1]] == ["one side"]
    mixed = [*many, replace(BASE, item="x", outcome=Outcome.B)]
    assert apply_rules(ExclusionRules(), mixed)[1] == ()


def test_unfinished_only_when_the_study_says_so():
    assert apply_rules(ExclusionRules(), [BASE], ["P"])[1] == ()
    assert apply_rules(ExclusionRules(unfinished=True), [BASE], ["P"])[0] == ()


def test_by_hand_with_a_reason_that_is_reported(tmp_path):
    base, study = opened(tmp_path, votes=1)
    code = enrolled(base, study)
    play(base, study, code, 5)
    exclude_by_hand(base, code, "was called away")
    found = harvest(base, study)
    assert found.votes == ()
    assert "was called away" in found.excluded[0].words
    base.close()
