"""Comparing plans: kept, asked together, shown side by side, chosen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from core.policy.comparison import Question, ask_in_turn
from core.types import Observation
from tests.app.comparing import FIRST, MODEL, SECOND, THIRD, USER, card, keep, previewed
from tests.app.fakes import Verdict


def test_traces_are_kept_and_survive_edits(rigged):
    rigged.ready()
    keep(rigged, 90)
    kept = rigged.store.candidates[FIRST].points.copy()
    rigged.drag((150, 100), (60, 60))
    assert not np.array_equal(rigged.store.draft, kept)
    assert np.array_equal(rigged.store.candidates[FIRST].points, kept)
    assert card(rigged, FIRST).isVisible()
    assert "kept" in card(rigged, FIRST).words


def test_a_fourth_candidate_is_refused_in_words(rigged):
    rigged.ready()
    keep(rigged, 80, 120, 160)
    assert list(rigged.store.candidates) == [FIRST, SECOND, THIRD]
    rigged.drag((150, 100), (60, 60))
    assert "3 candidates are kept already" in rigged.window.actions_table.reason("keep")
    rigged.key(Qt.Key.Key_K)
    assert len(rigged.store.candidates) == 3


def test_the_same_trace_is_not_kept_twice(rigged):
    rigged.ready()
    keep(rigged, 90)
    rigged.key(Qt.Key.Key_K)
    assert list(rigged.store.candidates) == [FIRST]
    assert "kept already, as candidate 3" in rigged.window.actions_table.reason("keep")


def test_nothing_to_compare_with_is_said(rigged):
    rigged.ready()
    assert "nothing to compare with" in rigged.window.actions_table.reason("compare")


def test_all_plans_are_asked_on_the_same_picture_and_none_is_chosen(rigged, comparing):
    keep(rigged, 90, 150)
    rigged.drag((150, 100), (60, 60))
    pinned = rigged.store.observation
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 4)
    observation, questions = comparing.asked[0]
    assert observation.frames is pinned.frames
    assert [q.label for q in questions] == ["model", "user", "first", "second"]
    assert questions[0].trace is None
    assert np.array_equal(questions[1].trace.points, rigged.store.draft)
    assert np.array_equal(questions[3].trace.points, rigged.store.candidates[SECOND].points)
    assert len({q.request_id for q in questions}) == 4
    assert rigged.store.selected is None
    assert "Choose a plan first" in rigged.window.actions_table.reason("run")
    rigged.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not rigged.rig.runs


def test_keys_and_clicks_choose_and_only_the_chosen_plan_runs(rigged, comparing):
    keep(rigged, 90, 150)
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 4)
    rigged.key(Qt.Key.Key_4)
    assert rigged.store.selected == SECOND
    rigged.qtbot.mouseClick(card(rigged, FIRST), Qt.MouseButton.LeftButton)
    assert rigged.store.selected == FIRST
    assert card(rigged, FIRST).property("selected")
    assert "✓ 3" in card(rigged, FIRST)._number.text()
    card(rigged, SECOND).setFocus()
    rigged.key(Qt.Key.Key_Space)
    assert rigged.store.selected == SECOND
    rigged.window.workspace.canvas.view.setFocus()
    rigged.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rigged.until(lambda: bool(rigged.rig.runs))
    chosen = rigged.store.plans[SECOND].chunk
    assert rigged.rig.runs[0][0] is chosen
    assert np.allclose(chosen.actions[:, 0], 0.008 * 3)
    rigged.rig.finish(8)


def test_a_rejected_plan_says_why_on_its_card_and_cannot_run(rigged, comparing):
    keep(rigged, 90)
    looked = rigged.rig.preview

    def preview(chunk, steps=None, **about):
        far = chunk.actions[0, 0] > 0.01
        reason = "Step 5 leaves the workspace box." if far else ""
        rigged.rig.verdict = Verdict(ok=not far, reason=reason, step=4 if far else None)
        return looked(chunk, steps, **about)

    rigged.rig.preview = preview
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 3)
    assert card(rigged, USER).words.startswith("✓")
    assert card(rigged, FIRST).words == "✗ Step 5 leaves the workspace box."
    rigged.key(Qt.Key.Key_3)
    assert "Rejected" in rigged.window.actions_table.reason("run")
    rigged.key(Qt.Key.Key_1)
    assert rigged.window.actions_table.reason("run") == ""


def test_every_path_is_in_the_picture_with_its_number(rigged, comparing):
    keep(rigged, 90)
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 3)
    rigged.key(Qt.Key.Key_3)
    canvas = rigged.window.workspace.canvas
    shown = [n for n, label in canvas.ghosts.numbers.items() if label.isVisible()]
    assert shown == [1, 2, 3]
    assert not canvas.path_item.is_empty
    assert [n for n, line in canvas.ghosts.lines.items() if not line.is_empty] == [1, 2]
    places = [canvas.ghosts.numbers[n].pos() for n in shown]
    assert len({(p.x(), p.y()) for p in places}) == 3
    rigged.key(Qt.Key.Key_L)
    assert not any(label.isVisible() for label in canvas.ghosts.numbers.values())


def test_a_policy_without_comparisons_is_asked_in_turn(rigged):
    rigged.ready()
    keep(rigged, 90)
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 3)
    traces = [trace for _, trace in rigged.policy.asked]
    assert [trace is None for trace in traces] == [True, False, False]
    assert {observation.frames for observation, _ in rigged.policy.asked} == {
        rigged.store.observation.frames
    }
    assert not hasattr(rigged.policy, "compare")


def test_the_instruction_of_the_moment_is_compared_on_the_pinned_picture(rigged, comparing):
    keep(rigged, 90)
    pinned = rigged.store.observation
    rigged.studio.controller.set_instruction("push the green cube")
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 3)
    observation, _ = comparing.asked[0]
    assert observation.instruction == "push the green cube"
    assert observation.frames is pinned.frames


def test_a_dropped_candidate_takes_its_plan_along(rigged, comparing):
    keep(rigged, 90, 150)
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 4)
    rigged.key(Qt.Key.Key_3)
    rigged.key(Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert list(rigged.store.candidates) == [SECOND]
    assert FIRST not in rigged.store.plans
    assert rigged.store.selected == MODEL
    card(rigged, SECOND).setFocus()
    rigged.key(Qt.Key.Key_Delete)
    assert not rigged.store.candidates
    assert set(rigged.store.plans) == {MODEL, USER}


def test_a_kept_trace_can_be_taken_back_and_undone(rigged):
    rigged.ready()
    keep(rigged, 90)
    kept = rigged.store.candidates[FIRST].points
    rigged.drag((150, 100), (60, 60))
    other = rigged.store.draft.copy()
    rigged.key(Qt.Key.Key_E, Qt.KeyboardModifier.ShiftModifier)
    assert np.allclose(rigged.store.draft, kept, atol=0.5)
    rigged.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(rigged.store.draft, other)


def test_a_plan_is_kept_with_its_trace(rigged):
    rigged.ready()
    rigged.drag((150, 100), (200, 90))
    rigged.key(Qt.Key.Key_Return)
    previewed(rigged, 1)
    rigged.key(Qt.Key.Key_K)
    assert rigged.store.plans[FIRST].chunk is rigged.store.plans[USER].chunk
    rigged.drag((150, 100), (60, 60))
    assert set(rigged.store.plans) == {FIRST}
    assert rigged.store.selected is None
    assert rigged.window.actions_table.reason("run") != ""


def test_a_new_scene_clears_the_candidates(rigged):
    rigged.ready()
    keep(rigged, 90)
    rigged.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    rigged.until(lambda: not rigged.store.candidates)
    assert not card(rigged, FIRST).isVisible()


def test_other_words_are_compared_too(rigged, comparing):
    compare = rigged.studio.compare
    assert compare.add_wording("  ") != ""
    assert "already" in compare.add_wording("Pick up the blue cube")
    assert compare.add_wording("grasp  the azure block") == ""
    assert "already" in compare.add_wording("Grasp the azure block")
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 2)
    _, (own, words) = comparing.asked[0]
    assert own.instruction is None
    assert (words.instruction, words.trace) == ("grasp the azure block", None)
    assert "grasp the azure block" in card(rigged, FIRST).toolTip()
    rigged.key(Qt.Key.Key_3)
    rigged.key(Qt.Key.Key_E, Qt.KeyboardModifier.ShiftModifier)
    assert rigged.store.draft is None


def test_everything_is_in_the_session_log(rigged, comparing):
    keep(rigged, 90)
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 3)
    rigged.key(Qt.Key.Key_3)
    rigged.key(Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    found = {type(event).__name__: event for event in rigged.recorder.events}
    assert found["CandidateKept"].label == "first"
    asked = found["Compared"]
    assert asked.labels == ("model", "user", "first")
    assert set(asked.instructions) == {"pick up the blue cube"}
    assert found["Observed"].request_id == asked.request_ids[0]
    answers = [e for e in rigged.recorder.events if type(e).__name__ == "Reasoned"]
    assert tuple(e.reasoning.request_id for e in answers) == asked.request_ids
    assert found["PlanChosen"].label == "first"
    assert found["PlanChosen"].request_id == asked.request_ids[2]
    assert set(found["PlanChosen"].among) == set(asked.request_ids)
    assert found["CandidateDropped"].label == "first"


def test_asking_in_turn_is_what_the_window_falls_back_to(rigged):
    results = ask_in_turn(
        rigged.policy,
        Observation(frames=tuple(rigged.rig.frames().values()), instruction="go"),
        [Question(request_id=4), Question(request_id=5, instruction="come")],
    )
    assert [result.request_id for result in results] == [4, 5]
    assert [o.instruction for o, _ in rigged.policy.asked] == ["go", "come"]
