"""What comes in between while plans are compared: errors, stops, edits, a policy that goes."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.app.comparing import FIRST, MODEL, USER, card, keep, previewed


def test_one_bad_question_spoils_no_other(rigged, comparing):
    keep(rigged, 90)
    comparing.bad[1] = "The trace is too short."
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: len(rigged.store.plans) == 3 and bool(rigged.store.plans[FIRST].preview))
    assert card(rigged, USER).words == "✗ The trace is too short."
    assert card(rigged, FIRST).words.startswith("✓")
    rigged.key(Qt.Key.Key_2)
    assert "no actions" in rigged.window.actions_table.reason("run")


def test_a_fault_of_all_is_told_once_and_the_next_comparison_works(rigged, comparing):
    keep(rigged, 90)
    comparing.fault = "The policy server went away."
    told = []
    rigged.studio.notifier.posted.connect(told.append)
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: not rigged.store.waiting)
    assert [note.text for note in told].count("The policy server went away.") == 1
    comparing.fault = ""
    rigged.key(Qt.Key.Key_C)
    previewed(rigged, 3)


def test_waiting_cards_are_shown_and_escape_cancels_all(rigged, comparing):
    keep(rigged, 90)
    comparing.hold.clear()
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: bool(rigged.store.waiting.get(FIRST)))
    assert rigged.store.phase == "comparing"
    assert card(rigged, MODEL).words.startswith("… depth")
    assert card(rigged, FIRST).isVisible()
    rigged.key(Qt.Key.Key_Escape)
    rigged.until(lambda: comparing.cancelled == 1)
    assert rigged.store.phase == "ready"
    assert not rigged.store.plans
    assert list(rigged.store.candidates) == [FIRST]


def test_a_stop_while_comparing_ends_it_and_latches(rigged, comparing):
    keep(rigged, 90)
    comparing.hold.clear()
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: bool(rigged.store.waiting and comparing.asked))
    rigged.studio.motion.stop("operator (button)")
    rigged.until(lambda: comparing.cancelled == 1 and rigged.rig.stops == ["operator (button)"])
    assert rigged.store.phase == "stopped"
    assert not rigged.store.waiting
    assert not rigged.store.plans
    comparing.hold.set()
    assert "latched" in rigged.window.actions_table.reason("compare")


def test_a_candidate_dropped_meanwhile_is_left_out(rigged, comparing):
    keep(rigged, 90)
    comparing.hold.clear()
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: FIRST in rigged.store.waiting)
    rigged.key(Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert FIRST not in rigged.store.waiting
    assert not card(rigged, FIRST).isVisible()
    comparing.hold.set()
    previewed(rigged, 2)
    assert rigged.store.phase == "steered"


def test_a_policy_that_goes_away_while_comparing_leaves_no_card_waiting(rigged, comparing):
    keep(rigged, 90)
    comparing.hold.clear()
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: bool(rigged.store.waiting and comparing.asked))
    rigged.studio.controller.policy_died("The policy server has ended.")
    assert not rigged.store.waiting
    assert rigged.store.phase == "ready"
    assert "No policy is connected" in rigged.window.actions_table.reason("compare")


def test_a_trace_edited_meanwhile_leaves_only_its_own_plan_out(rigged, comparing):
    keep(rigged, 90)
    comparing.hold.clear()
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: bool(rigged.store.waiting and comparing.asked))
    told = []
    rigged.studio.notifier.posted.connect(told.append)
    rigged.drag((150, 100), (60, 60))
    assert any("Plan 2 is left out" in note.text for note in told)
    assert USER not in rigged.store.waiting
    comparing.hold.set()
    rigged.until(lambda: rigged.store.phase == "steered")
    previewed(rigged, 2)
    assert USER not in rigged.store.plans
    notes = [e.text for e in rigged.recorder.events if type(e).__name__ == "Note"]
    assert any("is void" in text for text in notes)
    assert any("came too late and was dropped" in text for text in notes)
