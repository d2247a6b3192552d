"""Episodes by keys and mouse in the real window, and what of them is in the session file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit

from app.steer.episode_list import EpisodeList
from app.steer.episode_panel import EpisodePanel
from core.episode import Episode, Outcome, Steering
from core.session import events
from core.session.episodes import episodes_of
from core.session.reader import read_session
from core.session.writer import SessionWriter
from tests.app.conftest import Rigged

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key


def panel_of(rigged: Rigged) -> EpisodePanel:
    rigged.window.docks.show("episode")
    return rigged.window.workspace.episodes.panel


def noted(rigged: Rigged, kind: type[Any]) -> list[Any]:
    return [event for event in rigged.recorder.events if type(event) is kind]


def last(rigged: Rigged) -> Episode:
    episode = rigged.store.episodes.last
    assert episode is not None
    return episode


def ask(rigged: Rigged, key: Qt.Key = KEY.Key_Space) -> None:
    # typing keeps the event loop from pulling frames; an old one would be refused
    rigged.until(lambda: (rigged.studio.feed.age_ms("front") or 0.0) < 200.0)
    count = len(rigged.policy.asked)
    rigged.key(key)
    rigged.until(lambda: len(rigged.policy.asked) > count)
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())


def run(rigged: Rigged) -> None:
    rigged.rig.auto_run = True
    count = len(noted(rigged, events.ChunkEnded))
    rigged.key(KEY.Key_Return, CTRL)
    rigged.until(lambda: len(noted(rigged, events.ChunkEnded)) > count)
    rigged.phase("ready")


@pytest.mark.parametrize(
    ("key", "outcome"),
    [
        (KEY.Key_Y, Outcome.SUCCESS),
        (KEY.Key_N, Outcome.FAILURE),
        (KEY.Key_X, Outcome.DISCARDED),
    ],
)
def test_one_key_starts_and_one_ends(rigged: Rigged, key: Qt.Key, outcome: Outcome) -> None:
    rigged.ready()
    rigged.key(key)
    assert rigged.store.episodes.last is None, "no outcome without a start"
    rigged.key(KEY.Key_B)
    assert last(rigged).is_open
    rigged.until(lambda: rigged.window.status.texts["episode"].startswith("episode 1 · 0:0"))
    rigged.key(KEY.Key_B)
    assert len(rigged.store.episodes.episodes) == 1
    rigged.key(key)
    assert last(rigged).outcome == outcome
    assert f"1  {'✓✗⊘'[list(Outcome).index(outcome)]}" in panel_of(rigged).list.texts()[0]
    (started,) = noted(rigged, events.EpisodeStarted)
    (ended,) = noted(rigged, events.EpisodeEnded)
    assert (started.number, started.instruction, started.rubric) == (
        1,
        "pick up the blue cube",
        "Lift",
    )
    assert (ended.outcome, ended.progress, ended.revised) == (outcome, None, False)
    rigged.until(lambda: rigged.window.status.texts["episode"] == "")


def test_keys_are_letters_while_somebody_types(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_I, CTRL)
    for key in (KEY.Key_B, KEY.Key_Y, KEY.Key_N, KEY.Key_X, KEY.Key_J, KEY.Key_U):
        rigged.key(key)
    assert rigged.store.episodes.last is None
    assert rigged.store.instruction == "bynxju"
    rigged.key(KEY.Key_Escape)
    rigged.key(KEY.Key_B)
    rigged.key(KEY.Key_J)
    for key in (KEY.Key_N, KEY.Key_Y):
        rigged.key(key)
    assert last(rigged).is_open
    assert panel_of(rigged).note_box.text() == "ny"


def test_without_an_instruction_or_a_rig_nothing_begins(rigged: Rigged) -> None:
    rigged.ready()
    actions = rigged.window.actions_table
    rigged.window.workspace.instruction.set_instruction("")
    assert "instruction is empty" in actions["episode_start"].toolTip()
    rigged.window.workspace.instruction.set_instruction("x")
    rigged.store.set_rig(None)
    assert "No rig" in actions["episode_start"].toolTip()
    rigged.key(KEY.Key_B)
    assert rigged.store.episodes.last is None


def test_milestones_by_key_slider_and_button(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    panel = panel_of(rigged)
    rigged.key(KEY.Key_U)
    rigged.key(KEY.Key_U)
    assert (last(rigged).progress, last(rigged).milestone) == (50, "grasped")
    rigged.key(KEY.Key_U, Qt.KeyboardModifier.ShiftModifier)
    assert panel.progress.text == "25 %"
    assert [b.isChecked() for b in panel.progress.milestones] == [True, False, False]
    rigged.qtbot.mouseClick(panel.progress.milestones[2], LEFT)
    assert (last(rigged).progress, last(rigged).milestone) == (100, "lifted")
    slider = panel.progress.slider
    slider.setFocus()
    rigged.qtbot.keyClick(slider, KEY.Key_Left)
    assert (last(rigged).progress, last(rigged).milestone) == (99, "grasped")
    given = [(e.progress, e.milestone) for e in noted(rigged, events.EpisodeProgressed)]
    assert given == [
        (25, "reached"),
        (50, "grasped"),
        (25, "reached"),
        (100, "lifted"),
        (99, "grasped"),
    ]


def test_progress_may_be_given_after_the_outcome(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    rigged.key(KEY.Key_Y)
    rigged.key(KEY.Key_U)
    assert (last(rigged).outcome, last(rigged).progress) == (Outcome.SUCCESS, 25)


def test_a_rubric_can_be_chosen_before_the_start(rigged: Rigged) -> None:
    rigged.ready()
    panel = panel_of(rigged)
    assert panel.rubric_button.isEnabled()
    assert not panel.progress.slider.isEnabled()
    choose(panel, "Push")
    assert [button.text() for button in panel.progress.milestones][1] == "touched"
    assert not panel.progress.milestones[0].isEnabled()
    rigged.key(KEY.Key_B)
    assert last(rigged).rubric == "Push"
    assert panel.progress.milestones[0].isEnabled()


def test_another_rubric_for_the_open_episode(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    panel = panel_of(rigged)
    assert panel.rubric_button.isEnabled()
    choose(panel, "Steering study")
    assert (last(rigged).rubric, last(rigged).progress) == ("Steering study", None)
    rigged.key(KEY.Key_U)
    assert (last(rigged).progress, last(rigged).milestone) == (50, "right direction")
    choose(panel, "Lift")
    assert (last(rigged).rubric, last(rigged).milestone) == ("Lift", "grasped")
    rigged.key(KEY.Key_N)
    choose(panel, "")
    rigged.window.workspace.instruction.set_instruction("put it into the bowl")
    rigged.key(KEY.Key_B)
    assert last(rigged).rubric == "Place"


def choose(panel: EpisodePanel, name: str) -> None:
    next(a for a in panel.rubric_menu.actions() if a.data() == name).trigger()


def test_a_note_is_rewritten_where_it_stands(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    panel = panel_of(rigged)
    write(rigged, "slid off")
    write(rigged, "hot")
    assert rigged.policy.asked == [], "Enter in a note asks nobody"
    rigged.key(KEY.Key_Escape)
    rigged.window.workspace.canvas.view.setFocus()
    rigged.key(KEY.Key_N)
    edit(rigged, panel.list, 0, "slid to the left")
    edit(rigged, panel.list, 1, "")
    rigged.until(lambda: len(panel.list.texts()) == 2)
    assert [n.text for n in last(rigged).remarks] == ["slid to the left"]
    assert panel.list.texts()[1:] == ["  slid to the left"]
    written = [(e.remark, e.text) for e in noted(rigged, events.EpisodeNoted)]
    assert written == [(1, "slid off"), (2, "hot"), (1, "slid to the left"), (2, "")]
    assert noted(rigged, events.EpisodeEnded)[0].note == "slid off\nhot"


def write(rigged: Rigged, words: str) -> None:
    box = panel_of(rigged).note_box
    rigged.window.actions_table["episode_note"].trigger()
    rigged.qtbot.keyClicks(box, words)
    rigged.qtbot.keyClick(box, KEY.Key_Return)
    assert box.text() == ""


def edit(rigged: Rigged, tree: EpisodeList, place: int, words: str) -> None:
    item = tree.topLevelItem(0).child(place)
    tree.setCurrentItem(item)
    rigged.qtbot.keyClick(tree, KEY.Key_F2)
    (box,) = tree.findChildren(QLineEdit)
    box.selectAll()
    rigged.qtbot.keyClick(box, KEY.Key_Delete)
    rigged.qtbot.keyClicks(box, words)
    rigged.qtbot.keyClick(box, KEY.Key_Return)
    rigged.until(lambda: not tree.findChildren(QLineEdit))


def test_a_wrong_outcome_is_mended_and_the_first_stays_in_the_log(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    rigged.key(KEY.Key_Y)
    menu = panel_of(rigged).list.outcome_menu(1)
    assert [a.isEnabled() for a in menu.actions()] == [False, True, True]
    menu.actions()[1].trigger()
    assert last(rigged).outcome == Outcome.FAILURE
    rigged.key(KEY.Key_X)
    assert last(rigged).outcome == Outcome.DISCARDED
    assert not rigged.window.actions_table["episode_discard"].isEnabled()
    ended = [(e.outcome, e.revised) for e in noted(rigged, events.EpisodeEnded)]
    assert ended == [
        (Outcome.SUCCESS, False),
        (Outcome.FAILURE, True),
        (Outcome.DISCARDED, True),
    ]
    menu.deleteLater()


def test_the_lab_suggests_and_a_person_decides(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.lifted_after = 1
    panel = panel_of(rigged)
    ask(rigged)
    run(rigged)
    assert "lifted" not in rigged.rig.calls, "nobody asked outside an episode"
    rigged.key(KEY.Key_B)
    ask(rigged)
    run(rigged)
    rigged.until(lambda: panel.suggestion == "The lab says: blue cube lifted")
    assert last(rigged).is_open
    assert last(rigged).progress is None
    rigged.qtbot.mouseClick(panel.agree, LEFT)
    assert last(rigged).outcome == Outcome.SUCCESS
    assert panel.suggestion == ""


def test_steered_is_what_was_run(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    ask(rigged)
    run(rigged)
    assert last(rigged).steered == set()
    rigged.drag((160, 90), (180, 150), (200, 180))
    ask(rigged, KEY.Key_Return)
    assert last(rigged).steered == set(), "only asked for so far"
    run(rigged)
    assert last(rigged).steered == {Steering.TRACE}
    rigged.window.workspace.instruction.set_instruction("grab it")
    ask(rigged)
    run(rigged)
    assert last(rigged).steered == {Steering.TRACE, Steering.LANGUAGE}
    rigged.until(lambda: rigged.window.status.texts["episode"].endswith("· steered"))


def test_reset_waits_for_the_outcome(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    rigged.key(KEY.Key_B, CTRL)
    assert "reset" not in rigged.rig.calls
    assert "still open" in rigged.window.actions_table["episode_reset"].toolTip()
    rigged.key(KEY.Key_N)
    rigged.key(KEY.Key_B, CTRL)
    rigged.until(lambda: "reset" in rigged.rig.calls)


def test_reset_of_a_real_arm_goes_home_and_says_what_to_do(rigged: Rigged) -> None:
    rigged.ready()
    rigged.store.set_rig(replace(rigged.store.rig, kind="real"))
    rigged.key(KEY.Key_B, CTRL)
    rigged.until(lambda: "home" in rigged.rig.calls)
    assert "reset" not in rigged.rig.calls
    assert any("Lay the scene out" in n.text for n in rigged.studio.notifier.history)


def test_what_is_open_when_the_window_closes_was_interrupted(rigged: Rigged) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    rigged.window.close()
    (ended,) = noted(rigged, events.EpisodeEnded)
    assert ended.outcome == Outcome.INTERRUPTED


def test_the_session_file_tells_what_the_window_showed(rigged: Rigged, tmp_path: Path) -> None:
    rigged.ready()
    rigged.key(KEY.Key_B)
    ask(rigged)
    rigged.drag((160, 90), (180, 150), (200, 180))
    ask(rigged, KEY.Key_Return)
    run(rigged)
    rigged.key(KEY.Key_U)
    write(rigged, "went around the red one")
    rigged.window.workspace.canvas.view.setFocus()
    rigged.key(KEY.Key_N)
    rigged.key(KEY.Key_X)
    rigged.key(KEY.Key_B)
    rigged.window.close()
    writer = SessionWriter(tmp_path / "s.mcap", {})
    for event in rigged.recorder.events:
        writer.put(event)
    writer.finish()
    read = episodes_of(read_session(tmp_path / "s.mcap", frames=False))
    assert read == rigged.store.episodes
    assert [e.outcome for e in read.episodes] == [Outcome.DISCARDED, Outcome.INTERRUPTED]
    assert read.episodes[0].steered == {Steering.TRACE}


def test_a_panel_that_is_small_never_pushes_stop_away(rigged: Rigged) -> None:
    rigged.ready()
    rigged.window.resize(1024, 700)
    panel = panel_of(rigged)
    rigged.key(KEY.Key_B)
    for number in range(6):
        write(rigged, f"note {number} " + "x" * 90)
    rigged.qtbot.waitUntil(lambda: panel.isVisible())
    stop = rigged.window.workspace.robot.stop_button
    top = stop.mapTo(rigged.window, QPoint(0, 0)).y()
    dock = rigged.window.docks.by_name["episode"]
    assert dock.geometry().bottom() < top
    assert top + stop.height() <= rigged.window.height()
