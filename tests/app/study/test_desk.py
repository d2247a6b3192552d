"""The experimenter's desk: one participant at a time, on the whole screen, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from app.study.run import Desk, milestones_of
from core.study import people
from tests.app.study.conftest import SCENES, SHORT
from tests.app.study.sitting import filmed
from tests.core.study.samples import plan as plan_with


def test_a_participant_gets_the_screen_and_the_desk_gets_it_back(qtbot: Any, tmp_path: Path):
    base, plan = filmed(tmp_path, pace=SHORT, scenes=SCENES)
    desk = Desk(base, plan, milestones_of(plan), tmp_path / "s.yaml")
    qtbot.addWidget(desk.window)
    desk.window.show()
    qtbot.mouseClick(desk.window.next, Qt.MouseButton.LeftButton)
    first = desk.participant
    assert first is not None
    assert first.isFullScreen()
    desk.begin("")
    assert desk.participant is first, "one at a time"
    qtbot.waitUntil(lambda: first.pages.currentWidget() is first.consent, timeout=20_000)
    qtbot.mouseClick(first.consent.agree, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first.pages.currentWidget() is first.judge, timeout=20_000)
    first.close()
    assert desk.participant is None
    qtbot.waitUntil(lambda: desk.window.codes.count() == 1, timeout=20_000)
    code = desk.window.codes.currentText()
    assert people.find(base, code).consented
    qtbot.mouseClick(desk.window.resume, Qt.MouseButton.LeftButton)
    again = desk.participant
    assert again is not None
    qtbot.waitUntil(lambda: again.pages.currentWidget() is again.judge, timeout=20_000)
    assert again.where.text() == "Practice 1 of 1"
    desk.window.close()
    assert desk.participant is None
    desk.shutdown()
    base.close()


def test_the_rubric_of_a_study_is_one_of_ours():
    names = [m.name for m in milestones_of(plan_with(rubric="Steering study"))]
    assert names == ["right direction", "grasped", "lifted"]
