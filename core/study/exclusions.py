"""Who and what is left out of the results, by the rules that the study file fixed beforehand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.study import audit
from core.study.base import StudyBase
from core.study.plan import GOOD_CHECK, ExclusionRules
from core.study.votes import Outcome, Vote, VoteKind

LEAST_DECIDED = 10
"""Fewer decided comparisons say nothing about a pull to one side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One participant or one answer that is left out.

    Attributes:
        participant: Code.
        item: Name of the item; empty when the whole participant is left out.
        rule: Which rule, such as "attention".
        words: What happened, as a sentence.
        votes: Number of votes that this rule alone takes away.
    """

    participant: str
    item: str
    rule: str
    words: str
    votes: int = 0


def exclude_by_hand(base: StudyBase, participant: str, reason: str) -> None:
    """Let the experimenter leave a participant out; the reason is kept and reported.

    Args:
        base: The study.
        participant: Code.
        reason: Why, such as "talked with the next participant".
    """
    with base.write() as connection:
        connection.execute(
            "INSERT INTO exclusion(participant, rule, actor, at) VALUES(?, ?, 'experimenter', ?)",
            (participant, reason, time.time()),
        )
        audit.append(connection, "experimenter", "exclude", participant=participant, reason=reason)


def apply_rules(
    rules: ExclusionRules,
    votes: Sequence[Vote],
    unfinished: Sequence[str] = (),
    by_hand: Sequence[tuple[str, str]] = (),
) -> tuple[tuple[Vote, ...], tuple[Exclusion, ...]]:
    """Part votes into those that count and what is left out.

    Args:
        rules: The study's rules.
        votes: All valid votes.
        unfinished: Codes of those who did not come to the end.
        by_hand: (code, reason) of those whom the experimenter left out.

    Returns:
        The votes that count, attention checks and repeats among them, and the exclusions.
    """
    found: list[Exclusion] = []
    mine: dict[str, list[Vote]] = {}
    for vote in votes:
        mine.setdefault(vote.participant, []).append(vote)
    reasons = {code: f"Left out by the experimenter: {why}" for code, why in by_hand}
    for code, own in mine.items():
        for rule, words in (
            ("by hand", reasons.get(code, "")),
            ("attention", _inattentive(rules, own)),
            ("one side", _one_sided(rules, own)),
            ("unfinished", "Did not come to the end." if code in unfinished else ""),
        ):
            if words and (rule != "unfinished" or rules.unfinished):
                found.append(
                    Exclusion(participant=code, item="", rule=rule, words=words, votes=len(own))
                )
    out = {exclusion.participant for exclusion in found}
    kept: list[Vote] = []
    for vote in votes:
        if vote.participant in out:
            continue
        if vote.decision_s is not None and vote.decision_s < rules.decision_under_s:
            words = (
                f"Answered after {vote.decision_s:.2f} s; {rules.decision_under_s:g} s is least."
            )
            found.append(
                Exclusion(
                    participant=vote.participant,
                    item=vote.item,
                    rule="too fast",
                    words=words,
                    votes=1,
                )
            )
        else:
            kept.append(vote)
    return tuple(kept), tuple(found)


def failed_check(vote: Vote) -> bool:
    """Whether an attention check was not answered with the side that did the task."""
    right = Outcome.A if vote.left == GOOD_CHECK else Outcome.B
    return vote.kind == VoteKind.ATTENTION and vote.outcome != right


def _inattentive(rules: ExclusionRules, own: Sequence[Vote]) -> str:
    failed = sum(map(failed_check, own))
    if failed <= rules.attention_failures:
        return ""
    return f"Failed {failed} attention checks; {rules.attention_failures} are allowed."


def _one_sided(rules: ExclusionRules, own: Sequence[Vote]) -> str:
    decided = [vote.outcome for vote in own if vote.outcome in (Outcome.A, Outcome.B)]
    if len(decided) < LEAST_DECIDED:
        return ""
    share = max(decided.count(Outcome.A), decided.count(Outcome.B)) / len(decided)
    if share <= rules.one_side_share:
        return ""
    return f"Chose one side in {share:.0%} of {len(decided)} decided comparisons."
