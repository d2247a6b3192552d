"""The instruction over time: earlier ones, templates, other words, and a change of mind."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from app.own_files import load_history
from app.settings import settings_folder
from app.steer.choice_sheet import ChoiceSheet
from app.steer.instruction_panel import InstructionPanel, instruction_problem
from core.session import events
from tests.app.conftest import Rigged

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key


def panel_of(rigged: Rigged) -> InstructionPanel:
    return rigged.window.workspace.instruction


def sheet_of(rigged: Rigged) -> ChoiceSheet:
    sheet = panel_of(rigged).sheet
    assert sheet is not None
    return sheet


def noted(rigged: Rigged, kind: type[Any]) -> list[Any]:
    return [event for event in rigged.recorder.events if type(event) is kind]


def say(rigged: Rigged, text: str) -> None:
    """Type another instruction and leave the box."""
    rigged.key(KEY.Key_I, CTRL)
    rigged.qtbot.keyClicks(panel_of(rigged).line, text)
    rigged.key(KEY.Key_Escape)
    rigged.show_changes()


def ask(rigged: Rigged, key: Qt.Key = KEY.Key_Space) -> None:
    # typing keeps the event loop from pulling frames; an old one would be refused
    rigged.until(lambda: (rigged.studio.feed.age_ms("front") or 0.0) < 200.0)
    count = len(rigged.policy.asked)
    rigged.key(key)
    rigged.until(lambda: len(rigged.policy.asked) > count)
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())


# -- a change of mind ------------------------------------------------------------------------


def test_a_new_instruction_stands_beside_the_one_of_the_plan(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    ask(rigged)
    assert panel.note == "The model's plan was asked with: “pick up the blue cube”"
    say(rigged, "grab the red one")
    assert panel.note == (
        "“pick up the blue cube” → “grab the red one” The model's plan still follows the old "
        "words; Think or Steer asks with the new."
    )
    shown = panel.findChild(QLabel).text()
    assert "<s>“pick&nbsp;up&nbsp;the&nbsp;blue&nbsp;cube”</s>" in shown
    assert "<b>“grab&nbsp;the&nbsp;red&nbsp;one”</b>" in shown
    blockers = [label.text() for label in rigged.window.workspace.robot.findChildren(QLabel)]
    assert "Run still follows “pick up the blue cube”." in blockers
    ask(rigged)
    assert panel.note == "The model's plan was asked with: “grab the red one”"
    (change,) = noted(rigged, events.InstructionChanged)
    assert (change.before, change.after, change.request_id) == (
        "pick up the blue cube",
        "grab the red one",
        1,
    )
    order = [type(e).__name__ for e in rigged.recorder.events]
    second = len(order) - 1 - order[::-1].index("Observed")
    assert order.index("InstructionChanged") < second


def test_the_words_of_each_plan_are_its_own(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    ask(rigged)
    say(rigged, "grab it")
    rigged.drag((160, 90), (180, 150), (200, 180))
    ask(rigged, KEY.Key_Return)
    assert panel.note == "Your plan was asked with: “grab it”"
    rigged.studio.controller.select_plan("model")
    rigged.show_changes()
    assert panel.note.startswith("“pick up the blue cube” → “grab it” The model's plan still")


def test_words_that_change_while_the_policy_answers(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.gate.clear()
    rigged.key(KEY.Key_Space)
    rigged.until(lambda: len(rigged.policy.asked) == 1)
    assert rigged.store.phase == "thinking"
    assert panel_of(rigged).note == "Asking with: “pick up the blue cube”"
    panel_of(rigged).set_instruction("push it")
    rigged.show_changes()
    assert panel_of(rigged).note.startswith(
        "“pick up the blue cube” → “push it” The answer under way still follows"
    )
    rigged.policy.gate.set()
    rigged.phase("planned")
    assert rigged.store.plan.instruction == "pick up the blue cube"
    assert panel_of(rigged).note.startswith("“pick up the blue cube” → “push it”")


def test_typing_to_and_fro_is_no_change_of_mind(rigged: Rigged) -> None:
    rigged.ready()
    ask(rigged)
    say(rigged, "x")
    say(rigged, "pick up the blue cube")
    assert panel_of(rigged).note.startswith("The model's plan was asked with")
    ask(rigged)
    rigged.window.close()
    assert noted(rigged, events.InstructionChanged) == []


def test_a_change_that_was_never_asked_is_noted_too(rigged: Rigged) -> None:
    rigged.ready()
    ask(rigged)
    say(rigged, "grab it")
    rigged.until(lambda: len(noted(rigged, events.InstructionChanged)) == 1)
    say(rigged, "push it")
    rigged.window.close()
    changes = [(e.before, e.after) for e in noted(rigged, events.InstructionChanged)]
    assert changes == [("pick up the blue cube", "grab it"), ("grab it", "push it")]


# -- earlier instructions --------------------------------------------------------------------


def test_what_was_asked_is_there_after_a_restart(rigged: Rigged) -> None:
    rigged.ready()
    ask(rigged)
    say(rigged, "grab it")
    ask(rigged)
    say(rigged, "pick up the blue cube")
    ask(rigged)
    say(rigged, "never asked")
    assert panel_of(rigged).history() == ["pick up the blue cube", "grab it"]
    rigged.window.close()
    assert load_history(settings_folder()) == (["pick up the blue cube", "grab it"], [])


def test_an_earlier_instruction_by_keys(rigged: Rigged) -> None:
    rigged.ready()
    for text in ("one", "two"):
        say(rigged, text)
        ask(rigged)
    rigged.key(KEY.Key_H, CTRL | SHIFT)
    sheet = sheet_of(rigged)
    assert [row.text() for row in sheet.rows] == ["two", "one"]
    rigged.key(KEY.Key_Down)
    rigged.key(KEY.Key_Return)
    assert rigged.store.instruction == "one"
    assert not sheet.isVisible()
    assert QApplication.focusWidget() is panel_of(rigged).line


# -- templates -------------------------------------------------------------------------------


def test_gaps_are_filled_by_keys(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    rigged.until(lambda: rigged.studio.instructions.objects == ("blue cube", "red cube"))
    rigged.key(KEY.Key_T, CTRL)
    rows = sheet_of(rigged).rows
    next(r for r in rows if r.text() == "put the {first object} on the {second object}").click()
    assert panel.note.startswith("The first object: blue cube red cube")
    assert not rigged.window.actions_table["think"].isEnabled()
    assert "Fill in the first object" in rigged.window.actions_table["think"].toolTip()
    rigged.key(KEY.Key_Down)
    rigged.key(KEY.Key_Down)
    assert panel.instruction() == "put the red cube on the {second object}"
    rigged.key(KEY.Key_Tab)
    assert panel.line.selectedText() == "{second object}"
    rigged.key(KEY.Key_Up)
    assert panel.instruction() == "put the red cube on the red cube"
    rigged.key(KEY.Key_Up)
    assert panel.instruction() == "put the red cube on the blue cube"
    assert rigged.window.actions_table["think"].isEnabled()
    rigged.key(KEY.Key_Tab)
    assert QApplication.focusWidget() is not panel.line, "without a gap Tab leaves the box"


def test_a_gap_is_filled_by_a_click_or_by_typing(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    rigged.until(lambda: bool(rigged.studio.instructions.objects))
    panel.line.put_template("put the {object} into the {place}")
    panel.findChild(QLabel).linkActivated.emit("red cube")
    assert panel.instruction() == "put the red cube into the {place}"
    rigged.key(KEY.Key_Tab)
    assert panel.note == "Type the place · Tab goes on"
    rigged.qtbot.keyClicks(panel.line, "box")
    assert panel.instruction() == "put the red cube into the box"
    rigged.key(KEY.Key_Return)
    rigged.until(lambda: len(rigged.policy.asked) == 1)
    assert rigged.policy.asked[0][0].instruction == "put the red cube into the box"


def test_a_text_with_a_gap_is_not_asked(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    panel.line.put_template("open the {thing}")
    rigged.key(KEY.Key_Return)
    assert "Fill in the thing" in panel.problem()
    assert rigged.policy.asked == []
    assert instruction_problem("open the {thing}")


def test_other_scenes_have_other_objects(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    rigged.ready()
    rigged.until(lambda: bool(rigged.studio.instructions.objects))
    monkeypatch.setattr(rigged.rig, "lab", lambda op, **_: {"green can": None} if op else None)
    rigged.key(KEY.Key_N, CTRL)
    rigged.until(lambda: rigged.studio.instructions.objects == ("green can",))


# -- other words -----------------------------------------------------------------------------


def test_other_words_replace_the_text(rigged: Rigged) -> None:
    rigged.ready()
    panel_of(rigged).set_comparable(True)
    rigged.key(KEY.Key_J, CTRL)
    sheet = sheet_of(rigged)
    assert sheet.rows[0].accessibleName() == "grab the blue cube: “grab” for “pick up”"
    rigged.key(KEY.Key_Down)
    rigged.key(KEY.Key_Return)
    assert rigged.store.instruction == "lift the blue cube"
    assert rigged.policy.asked == [], "Enter chose a line and asked nobody"


def test_other_words_can_be_proposed_for_a_comparison(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    proposed: list[str] = []
    panel.wording_proposed.connect(proposed.append)
    rigged.key(KEY.Key_J, CTRL)
    rigged.key(KEY.Key_Tab)
    rigged.key(KEY.Key_Return)
    assert proposed == ["grab the blue cube"]
    (kept,) = noted(rigged, events.CandidateKept)
    assert kept.wording == "grab the blue cube"
    assert rigged.store.instruction == "pick up the blue cube"


def test_a_list_closes_by_its_key_by_esc_and_by_a_click_elsewhere(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_T, CTRL)
    sheet = sheet_of(rigged)
    assert sheet.isVisible()
    rigged.key(KEY.Key_T, CTRL)
    assert not sheet.isVisible()
    rigged.key(KEY.Key_T, CTRL)
    rigged.key(KEY.Key_Escape)
    assert not sheet.isVisible()
    assert rigged.rig.stops == []
    rigged.key(KEY.Key_T, CTRL)
    rigged.view.setFocus()
    assert not sheet.isVisible()


def test_esc_stops_a_moving_arm_although_a_list_is_open(rigged: Rigged) -> None:
    rigged.ready()
    ask(rigged)
    rigged.key(KEY.Key_Return, CTRL)
    rigged.phase("running")
    rigged.key(KEY.Key_T, CTRL)
    assert sheet_of(rigged).isVisible()
    rigged.key(KEY.Key_Escape)
    rigged.until(lambda: bool(rigged.rig.stops))


def test_without_text_there_are_no_other_words(rigged: Rigged) -> None:
    rigged.ready()
    panel_of(rigged).set_instruction(" ")
    action = rigged.window.actions_table["rephrase"]
    assert not action.isEnabled()
    assert "Type an instruction first" in action.toolTip()
