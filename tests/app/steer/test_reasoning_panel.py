"""The reasoning panel: what it says for what arrives, by pointer and by key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.steer.answer_notices import DEGENERATE, Kind, kind_of, notices, staleness
from app.steer.code_grid import code_colour
from app.steer.reasoning_panel import BESIDE, TALL, WITHIN, ReasoningPanel
from core.policy.doubt import SEVERE_BEGINNING
from core.types import Frame, Observation, Reasoning, Trace, TraceSource
from tests.app.conftest import Rigged
from tests.app.fakes import MODEL_TRACE, Preview, Verdict
from tests.app.steer.answers import CAPABILITIES, UNSURE_CELL, complete, up_to


@pytest.fixture(params=["light", "dark"])
def panel(qtbot: QtBot, qapp: QApplication, request: pytest.FixtureRequest) -> ReasoningPanel:
    theme.apply_theme(qapp, request.param)
    made = ReasoningPanel()
    qtbot.addWidget(made)
    made.resize(324, 700)
    made.show()
    made.set_capabilities(CAPABILITIES)
    made.set_picture_size((510, 255))
    return made


def hover(widget: QWidget, place: QPointF | QPoint) -> None:
    """Move the pointer without a button; offscreen drops moves that qtbot makes twice."""
    at, none = QPointF(place), Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, widget.mapToGlobal(at), none, none, Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(widget, event)


def test_the_strip_has_a_tick_per_pass_and_reads_the_one_under_the_pointer(panel, qtbot):
    panel.set_reasoning(complete())
    strip = panel.strip
    assert strip.isVisible()
    assert strip.words.startswith("reads 0.20 s · depth 0.38 s · trace")
    hover(strip, strip.place(6))
    assert strip.index == 6
    assert "cells 31 to 35" in strip.words
    assert "12 % sure" in strip.words
    assert "<DEPTH_" in strip.toolTip()
    assert strip.accessibleDescription() == strip.words
    hover(strip, QPointF(strip.place(0).x() - 40, 5))
    assert strip.index == -1
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.index == 1
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert "step 8" in strip.words
    strip.grab()


def test_a_server_that_tells_no_times_of_tokens_still_shows_its_stages(panel):
    panel.set_reasoning(replace(complete(), decisions=None))
    assert panel.strip.words == "depth 0.60 s · trace 0.05 s · actions 0.25 s"
    assert "does not say how sure" in panel.codes._summary.text()
    hover(panel.strip, QPointF(30, 20))
    assert panel.strip.index == -1
    panel.set_reasoning(None)
    assert not panel.strip.isVisible()


def test_cells_say_their_code_and_how_sure_it_is(panel, qtbot):
    panel.set_reasoning(complete())
    grid = panel.codes.grid
    seen: list[int] = []
    panel.cell_hovered.connect(seen.append)
    hover(grid, grid.cell_rect(UNSURE_CELL).center())
    assert panel.codes.words == "Row 4, column 5 · code 110 · 12 % sure"
    hover(grid, grid.cell_rect(7).center())
    QApplication.sendEvent(grid, QEvent(QEvent.Type.Leave))
    assert seen == [UNSURE_CELL, 7, -1]
    grid.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(grid, key)
    assert seen[3:] == [0, 10, 11, 1]
    assert grid.accessibleDescription().startswith("row 1, column 2")
    grid.clearFocus()
    panel.highlight_cell(UNSURE_CELL)
    assert "Row 4, column 5" in panel.codes.words
    assert seen[-1] == -1, "a highlight from elsewhere is not sent back"


def test_an_unsure_cell_is_small_and_framed_and_a_sure_one_is_filled(panel):
    panel.set_reasoning(complete())
    grid = panel.codes.grid
    image = grid.grab().toImage()
    scale = image.width() / grid.width()

    def colour(cell: int, dx: float, dy: float) -> str:
        centre = grid.cell_rect(cell).center()
        return image.pixelColor(
            int((centre.x() + dx) * scale), int((centre.y() + dy) * scale)
        ).name()

    codes = grid.codes
    for cell in (3, 50):
        assert colour(cell, 0, 0) == code_colour(codes[cell]).name()
        assert colour(cell, 4, 0) == code_colour(codes[cell]).name()
    assert colour(UNSURE_CELL, 0, 0) == code_colour(codes[UNSURE_CELL]).name()
    assert colour(UNSURE_CELL, 4, 0) == theme.tokens().view
    frame = grid.cell_rect(UNSURE_CELL)
    assert colour(UNSURE_CELL, -frame.width() / 2 + 0.5, 0) == theme.tokens().warn


def test_trace_points_are_given_in_model_units_and_in_pixels(panel):
    panel.set_reasoning(complete())
    rows = panel.trace.texts
    assert rows[0] == ["point", "1", "2", "3", "4"]
    assert rows[1][1:] == ["120, 60", "110, 100", "96, 140", "90, 170"]
    assert rows[2][1:] == ["240, 60", "220, 100", "192, 140", "180, 170"]
    assert rows[3][1:] == ["25 %"] * 4
    assert panel.sections["trace"].note == "4 points · 126 px"
    assert panel.trace_text.startswith("(120,\u00a060) → (110,\u00a0100)")
    panel.set_picture_size((255, 255))
    assert panel.trace.texts[2] == ["px", *rows[1][1:]]
    line = Trace(points=MODEL_TRACE[:2], source=TraceSource.USER)
    panel.set_reasoning(replace(complete(), steered_by=line))
    assert panel.sections["trace"].button.text() == "Your trace"
    assert len(panel.trace.texts[0]) == 3


def test_values_are_read_with_their_units_and_range(panel, qtbot):
    panel.set_reasoning(complete())
    note, bars = panel.sections["actions"], panel.bars
    assert note.note == WITHIN
    assert "gripper open, closes at step 7" in panel._totals.text()
    assert "Δy \u2212240, Δz \u2212200" in panel._totals.text()
    steps: list[int] = []
    panel.step_hovered.connect(steps.append)
    hover(bars, bars.cell_rect(2, 1).center())
    assert note.note == "step 3 · Δy -30 mm of ±50 mm · 25 % sure"
    assert "after it Δx +0 mm, Δy -90 mm" in bars.row_words(2)
    hover(bars, bars.cell_rect(2, 6).center())
    assert note.note == "step 3 · gripper open · 25 % sure"
    QApplication.sendEvent(bars, QEvent(QEvent.Type.Leave))
    assert note.note == WITHIN
    assert steps == [2, -1]
    bars.setFocus()
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Right)
    assert note.note.startswith("step 2 · Δy -30 mm")
    panel.set_capabilities(replace(CAPABILITIES, action_range=()))
    assert "of ±" not in bars.words(2, 1)


def test_actions_of_a_foreign_server_are_compared_with_the_largest(panel):
    panel.set_capabilities(replace(CAPABILITIES, depth=False, trace_out=False, action_range=()))
    panel.set_reasoning(Reasoning(request_id=1, text="", chunk=complete().chunk))
    assert panel.sections["actions"].note == BESIDE
    assert not panel.sections["depth"].isVisible()
    assert panel.trace_text == "told gives no trace."


def test_an_answer_grows_piece_by_piece(panel):
    whole = complete()
    counts, rows, seconds = [], [], []
    for end in range(0, len(whole.text) + 30, 30):
        panel.set_reasoning(up_to(whole, end), complete=False)
        counts.append(len(panel.codes.grid.codes) if panel.sections["depth"].isVisible() else 0)
        rows.append(panel.bars.row_count)
        seconds.append(panel.strip._total)
        panel.grab()
    panel.set_reasoning(whole)
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 100)
    assert rows == sorted(rows)
    assert rows[-1] == panel.bars.row_count == 8
    assert seconds == sorted(seconds)


def test_values_are_known_before_the_answer_is_complete(panel):
    whole = complete()
    panel.set_reasoning(up_to(whole, len(whole.text)), complete=False)
    assert panel.bars.words(0, 1).startswith("step 1 · Δy -30 mm of ±50 mm")


def test_sections_fold_by_mouse_and_key(panel, qtbot):
    panel.set_reasoning(complete())
    section = panel.sections["depth"]
    qtbot.mouseClick(section.button, Qt.MouseButton.LeftButton)
    assert not section.is_open
    assert not panel.codes.isVisible()
    assert section.note == "89 % sure"
    panel.set_reasoning(replace(complete(), request_id=2))
    assert not panel.codes.isVisible(), "a new answer leaves a folded section folded"
    section.button.setFocus()
    qtbot.keyClick(section.button, Qt.Key.Key_Space)
    assert panel.codes.isVisible()


def test_a_low_panel_shows_the_actions_first_unless_somebody_wants_the_depth(panel, qtbot):
    panel.set_reasoning(complete())
    panel.resize(324, TALL - 1)
    assert not panel.codes.isVisible()
    assert not panel.trace.isVisible()
    assert panel.bars.isVisible()
    qtbot.mouseClick(panel.sections["depth"].button, Qt.MouseButton.LeftButton)
    panel.resize(324, TALL - 40)
    assert panel.codes.isVisible()
    panel.resize(324, TALL)
    assert panel.trace.isVisible()
    assert panel.stage_texts == ("depth ✓", "trace ✓", "actions ✓"), "the timeline has the times"


def test_a_repeated_answer_repaints_nothing(panel, qtbot, monkeypatch):
    panel.set_reasoning(complete())
    painted: list[str] = []
    for widget in (panel.strip, panel.codes.grid, panel.bars):
        monkeypatch.setattr(widget, "update", lambda name=widget: painted.append(str(name)))
    panel.set_reasoning(complete())
    assert painted == []


def test_the_rejected_step_is_marked_until_another_plan_is_shown(rigged: Rigged):
    verdict = Verdict(ok=False, reason="leaves the box at step 5", step=4)
    rigged.rig.verdict = verdict
    rigged.ready()
    rigged.studio.controller.think()
    panel = rigged.window.workspace.answer
    rigged.until(lambda: panel.bars.rejected == 4)
    assert "✗ leaves the box at step 5" in panel.bars.row_words(4)
    assert "✗" not in panel.bars.row_words(3)
    rigged.store.update_plan(
        "model", preview=Preview(poses=np.stack([np.eye(4)] * 9), verdict=Verdict())
    )
    rigged.show_changes()
    assert panel.bars.rejected == -1


def test_an_answer_says_when_it_is_not_about_what_is_shown(rigged: Rigged):
    rigged.ready()
    rigged.studio.controller.think()
    rigged.phase("planned")
    panel, tick = rigged.window.workspace.answer, rigged.window.workspace._tick
    tick()
    assert panel.words == ""
    rigged.studio.controller.set_instruction("put it down")
    tick()
    assert "is to “pick up the blue cube”" in panel.words
    assert [said.kind for said in panel.notices.said] == [Kind.STALE]
    rigged.studio.controller.set_instruction("pick up the blue cube")
    tick()
    assert panel.words == ""
    rigged.studio.controller.go_live()
    tick()
    assert "earlier picture" in panel.words
    rigged.studio.controller.think()
    rigged.phase("planned")
    tick()
    assert panel.words == ""


def test_out_of_date_is_said_for_picture_instruction_and_age():
    frame = Frame(camera="front", image=np.zeros((8, 8, 3), np.uint8), t_ns=0)
    asked = Observation(frames=(frame,), instruction="lift")
    other = replace(asked, frames=(replace(frame, seq=1),))
    assert staleness(asked, asked, "lift ", 1.0) == ""
    assert staleness(None, None, "lift", 1e9) == ""
    assert "live again" in staleness(asked, None, "lift", 1.0)
    assert "earlier picture than" in staleness(asked, other, "lift", 1.0)
    assert "has changed" in staleness(asked, replace(asked, instruction="x"), "x", 1.0)
    assert "over a minute ago" in staleness(asked, asked, "lift", 61.0)
    assert "5 minutes ago" in staleness(asked, asked, "lift", 310.0)


def test_troubles_are_sorted_by_kind():
    reasoning = Reasoning(
        request_id=1,
        text="",
        error="It is cut off.",
        warnings=("The image is large.", "The actions are almost zero.", f"{SEVERE_BEGINNING}no."),
    )
    found = notices(reasoning, parts=False, stale="It is old.")
    assert [said.kind for said in found] == [
        Kind.MALFORMED,
        Kind.LOOK,
        Kind.DEGENERATE,
        Kind.STALE,
        Kind.NOTE,
    ]


def test_doubts_of_the_server_and_of_the_studio_are_called_degenerate():
    from core.policy.judge import judge_actions
    from tests.app.fakes import STATS

    still = judge_actions(np.zeros((8, 7)), STATS)
    flicker = np.full((8, 7), 0.02)
    flicker[::2, 6] = 1.0
    same = np.tile([0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 1.0], (8, 1))
    ends = np.tile([0.05, 0.05, 0.05, -0.05, 0.05, 0.05, 1.0], (2, 1))
    doubts = [*still, *judge_actions(flicker, STATS), *judge_actions(same, STATS)]
    doubts += judge_actions(ends, STATS)
    assert len(doubts) >= 4
    assert {kind_of(doubt.sentence) for doubt in doubts} == {Kind.DEGENERATE}
    assert kind_of("The model expects 2 images and got 1; its answer is less sure.") == Kind.NOTE
    assert len(set(DEGENERATE)) == len(DEGENERATE)


@pytest.mark.parametrize("width", [324, 444])
def test_every_part_can_be_reached_by_key_and_has_a_name(panel, qtbot, width):
    panel.resize(width, 700)
    panel.set_reasoning(complete())
    reached: list[str] = []
    panel._copy.setFocus()
    for _ in range(12):
        focus = panel.focusWidget()
        reached.append(focus.accessibleName())
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    wanted = {
        "Timeline of the answer",
        "Depth section",
        "Depth codes",
        "Trace section",
        "Actions section",
        "Actions",
        "Raw answer",
    }
    assert wanted <= set(reached)
    for part in (panel.strip, panel.codes, panel.trace, panel.bars):
        assert part.width() <= panel.width()
