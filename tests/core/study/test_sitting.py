"""What one participant goes through, in recorded and live studies; and what withdrawal erases."""

from __future__ import annotations

import pytest

from core.study import audit, people
from core.study.answers import Answer, correct, current, give
from core.study.base import StudyBase
from core.study.harvest import count, harvest, votes
from core.study.items import Prompt, draw_item, keep_prompt, note_view
from core.study.plan import BAD_CHECK, GOOD_CHECK
from core.study.sitting import StepKind, before, next_step
from core.study.votes import Outcome, Shown, VoteKind
from core.types import StudioError
from tests.core.study.samples import advance, enrolled, judge, opened, play

LIVE = {"kind": "live", "ask": "both"}


def test_a_sitting_goes_from_consent_to_the_end(tmp_path):
    base, study = opened(tmp_path)
    who = people.enrol(base)
    assert next_step(base, study, who.code).kind == StepKind.CONSENT
    people.consent(base, who.code, study.consent)
    step = next_step(base, study, who.code)
    assert step.kind == StepKind.JUDGE
    assert step.is_practice
    assert (step.position, step.total) == (0, 11)
    assert play(base, study, who.code) == 11
    assert next_step(base, study, who.code).kind == StepKind.END
    assert people.find(base, who.code).finished
    kinds = [vote.kind for vote in votes(base)]
    assert kinds.count(VoteKind.REPEAT) == 1
    assert kinds.count(VoteKind.SHARED) == 2
    assert kinds.count(VoteKind.ATTENTION) == 1
    assert len(kinds) == 10, "practice does not count"
    base.close()


def test_a_new_version_of_the_consent_is_asked_for_again(tmp_path):
    base, study = opened(tmp_path)
    code = enrolled(base, study)
    from tests.core.study.samples import text

    base.lock(text(consent={"version": "2", "text": "New words."}), "new words")
    assert next_step(base, base.plan(), code).kind == StepKind.CONSENT
    base.close()


def test_the_same_item_comes_back_until_it_is_answered(tmp_path):
    base, study = opened(tmp_path, playback="in turn")
    code = enrolled(base, study)
    play(base, study, code, 4)
    step = next_step(base, study, code)
    base.close()
    with StudyBase(tmp_path) as again:
        assert next_step(again, again.plan(), code) == step
        assert step.item is not None
        assert step.item.drawn.first in (Shown.LEFT, Shown.RIGHT)


def test_nothing_is_judged_unwatched_or_twice(tmp_path):
    base, study = opened(tmp_path)
    code = enrolled(base, study)
    item = next_step(base, study, code).item
    assert item is not None
    answer = Answer(outcome=Outcome.TIE)
    note_view(base, item, "left", 8.0, complete=True)
    note_view(base, item, "right", 2.0, complete=False)
    with pytest.raises(StudioError, match="watched"):
        give(base, item, answer)
    give(base, item, Answer(outcome=None, invalid="A video did not play"))
    note_view(base, item, "right", 8.0, complete=True)
    with pytest.raises(StudioError, match="already"):
        give(base, item, answer)
    base.close()


def test_a_correction_is_a_further_answer(tmp_path):
    base, study = opened(tmp_path, pace={"practice": 0, "attention": 0, "comparisons": 5})
    code = enrolled(base, study)
    play(base, study, code, 1)
    item = before(base, code, 1)
    assert item is not None
    second = correct(base, item, Answer(outcome=Outcome.TIE))
    third = correct(base, item, Answer(outcome=Outcome.BOTH_BAD))
    assert current(base, item) == third
    found = base.rows("SELECT id, supersedes, outcome FROM answer ORDER BY id")
    assert [tuple(row) for row in found] == [(1, None, "a"), (second, 1, "tie"), (3, 2, "both_bad")]
    assert [vote.outcome for vote in votes(base)] == [Outcome.BOTH_BAD]
    assert count(base, study).corrections == 2
    assert next_step(base, study, code).position == 1
    base.close()


def test_live_the_words_come_before_the_pair(tmp_path):
    base, study = opened(tmp_path, **LIVE)
    code = enrolled(base, study)
    who = people.find(base, code)
    step = next_step(base, study, code)
    while step.kind == StepKind.JUDGE:
        judge(base, step)
        step = next_step(base, study, code)
    assert step.kind == StepKind.ASK
    assert base.one("SELECT 1 FROM item WHERE position = ?", step.position) is None
    with pytest.raises(StudioError, match="before the participant"):
        draw_item(base, study, who, step.position)
    said = Prompt(scene=step.scene, instruction="lift the blue can", trace=((0.0, 9.0), (5.0, 5.0)))
    keep_prompt(base, code, step.position, said)
    wait = next_step(base, study, code)
    assert wait.kind == StepKind.WAIT
    assert wait.item is not None
    assert wait.item.prompt == said
    assert wait.item.drawn.scene == step.scene
    with pytest.raises(StudioError, match="afterwards"):
        keep_prompt(base, code, step.position, said)
    assert next_step(base, study, code) == wait, "the pair stays when the program starts again"
    assert advance(base, study, code).kind == StepKind.JUDGE
    base.close()


def test_live_a_repeat_shows_the_same_videos_with_the_sides_exchanged(tmp_path):
    base, study = opened(tmp_path, **LIVE)
    code = enrolled(base, study)
    play(base, study, code)
    repeat = base.one("SELECT * FROM item WHERE kind = 'repeat'")
    assert repeat is not None
    sides = [
        {
            row["side"]: row["rollout"]
            for row in base.rows(
                "SELECT side, rollout FROM showing JOIN item ON item.id = item WHERE position = ?",
                at,
            )
        }
        for at in (repeat["original"], repeat["position"])
    ]
    assert sides[0]["left"] == sides[1]["right"]
    assert sides[0]["right"] == sides[1]["left"]
    assert sides[0]["left"] != sides[0]["right"]
    names = [v.item for v in votes(base) if v.kind in (VoteKind.NORMAL, VoteKind.REPEAT)]
    assert len(set(names)) == len(names) - 1
    assert {v.instruction for v in votes(base) if v.kind == VoteKind.REPEAT} == {"take the red one"}
    base.close()


def test_who_withdraws_leaves_a_number_and_no_words(tmp_path):
    base, study = opened(tmp_path, **LIVE)
    code, other = enrolled(base, study), enrolled(base, study)
    secret = "zebra-crossing-words"
    for _ in range(6):
        judge(base, advance(base, study, code), reason=secret)
    play(base, study, other, 3)
    base.backup()
    assert people.withdraw(base, code) == 6
    counts = count(base, study)
    assert (counts.withdrawn, counts.erased, counts.participants) == (1, 6, 2)
    assert {vote.participant for vote in votes(base)} == {other}
    assert next_step(base, study, code).kind == StepKind.GONE
    assert audit.first_fault(base.connection) == ""
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.parent.name == "backups" for path in files)
    for path in files:
        assert secret.encode() not in path.read_bytes(), path
    assert (
        base.one("SELECT 1 FROM prompt WHERE participant = ? AND instruction <> ''", code) is None
    )
    base.close()


def test_results_stay_closed_until_the_target(tmp_path):
    base, study = opened(tmp_path)
    play(base, study, enrolled(base, study))
    counts = count(base, study)
    assert (counts.votes, counts.target, counts.reached) == (8, 20, False)
    with pytest.raises(StudioError, match="8 of 20"):
        harvest(base, study)
    assert harvest(base, study, early="a pilot").early == "a pilot"
    assert base.one("SELECT 1 FROM audit WHERE what = 'early'") is not None
    for _ in range(2):
        play(base, study, enrolled(base, study))
    found = harvest(base, study)
    assert found.counts.reached
    assert found.early == ""
    assert found.audit_fault == ""
    assert len(found.votes) == 30
    assert {v.left for v in found.votes if v.kind == VoteKind.ATTENTION} <= {GOOD_CHECK, BAD_CHECK}
    base.close()
