"""The page of the first start: a new person gets through the three steps with nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from app import first_steps
from app.action_button import ActionButton
from tests.app.conftest import Rigged
from tests.app.fakes import ScriptedPolicy, ScriptedRecorder, ScriptedRig

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def newcomer(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Rigged]]:
    """Return what starts the studio as for a person who may have been here before."""
    from app import theme
    from app.main_window import MainWindow
    from app.settings import Settings
    from app.studio import Studio

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    theme.apply_theme(QApplication.instance(), "light")
    opened: list[Rigged] = []

    def start() -> Rigged:
        policy, rig, recorder = ScriptedPolicy(), ScriptedRig(auto_run=True), ScriptedRecorder()
        studio = Studio(
            settings=Settings(instruction="pick up the blue cube", sessions=str(tmp_path)),
            make_policy=lambda url, token: policy,
            make_rig=lambda url, token: rig,
            make_recorder=lambda: recorder,
            addresses={"policy": ("ws://policy:1", None), "rig": ("ws://rig:1", None)},
        )
        state = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(studio, state)
        qtbot.addWidget(window)
        window.resize(1024, 700)
        window.show()
        studio.start()
        opened.append(Rigged(window, studio, policy, rig, recorder, qtbot))
        opened[-1].ready()
        return opened[-1]

    yield start
    for rigged in opened:
        rigged.policy.gate.set()
        rigged.rig.busy.set()
        rigged.window.close()


def button(rigged: Rigged, name: str) -> ActionButton:
    """Return the button that a person sees for an action."""
    action = rigged.window.actions_table[name]
    (found,) = [b for b in rigged.window.findChildren(ActionButton) if b.action() is action]
    return found


def marks(rigged: Rigged) -> list[bool]:
    return [card.done for card in rigged.window.guide.page.cards]


def test_a_new_person_draws_steers_and_runs_with_this_page_and_the_mouse(newcomer: Any) -> None:
    rigged = newcomer()
    page = rigged.window.guide.page
    rigged.until(page.isVisible)
    assert marks(rigged) == [False, False, False]
    assert page.intro == first_steps.LAB
    for card in page.cards:
        assert page.rect().contains(card.mapTo(page, card.rect().center()))

    rigged.drag((160, 60), (90, 170))
    assert marks(rigged) == [True, False, False]
    rigged.qtbot.mouseClick(button(rigged, "steer"), LEFT)
    rigged.phase("steered")
    assert marks(rigged) == [True, True, False]
    rigged.until(lambda: button(rigged, "run").isEnabled())
    rigged.qtbot.mouseClick(button(rigged, "run"), LEFT)
    rigged.until(lambda: marks(rigged) == [True, True, True])
    assert page.intro == first_steps.DONE
    assert page.isVisible()
    np.testing.assert_allclose(rigged.rig.runs[0][0].actions, rigged.policy.chunk.actions)

    rigged.qtbot.mouseClick(page.start, LEFT)
    assert not page.isVisible()
    rigged.window.close()
    assert not newcomer().window.guide.page.isVisible()


def test_it_comes_again_until_a_person_says_no(newcomer: Any) -> None:
    first = newcomer()
    first.until(first.window.guide.page.isVisible)
    first.key(Qt.Key.Key_Escape)
    assert not first.window.guide.page.isVisible()
    first.window.close()
    second = newcomer()
    second.until(second.window.guide.page.isVisible)
    second.window.guide.page.never.click()
    second.key(Qt.Key.Key_Escape)
    second.window.close()
    third = newcomer()
    third.qtbot.wait(1)
    assert not third.window.guide.page.isVisible()
    third.key(Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert third.window.guide.page.isVisible()


def test_esc_serves_what_is_under_way_before_the_page(newcomer: Any) -> None:
    rigged = newcomer()
    page = rigged.window.guide.page
    rigged.until(page.isVisible)
    rigged.policy.gate.clear()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("thinking")
    rigged.key(Qt.Key.Key_Escape)
    rigged.phase("ready")
    assert page.isVisible()
    rigged.key(Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert not rigged.rig.stops


def test_the_next_step_says_what_holds_it_back(newcomer: Any) -> None:
    rigged = newcomer()
    page = rigged.window.guide.page
    rigged.until(page.isVisible)
    assert page.cards[0].held == ""
    rigged.studio.motion.stop("somebody")
    rigged.phase("stopped")
    assert "release" in page.cards[0].held
    assert page.cards[1].held == ""


def test_a_step_undone_stays_ticked_and_a_stopped_run_does_not_count(newcomer: Any) -> None:
    rigged = newcomer()
    rigged.rig.auto_run = False
    rigged.until(rigged.window.guide.page.isVisible)
    rigged.drag((160, 60), (90, 170))
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.until(lambda: button(rigged, "run").isEnabled())
    rigged.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rigged.until(lambda: bool(rigged.rig.runs))
    rigged.key(Qt.Key.Key_Escape)
    rigged.phase("stopped")
    assert marks(rigged) == [True, True, False]


def test_the_page_lies_beside_the_picture(newcomer: Any) -> None:
    rigged = newcomer()
    page, view = rigged.window.guide.page, rigged.view
    rigged.until(page.isVisible)
    for size in ((1024, 700), (1440, 900)):
        rigged.window.resize(*size)
        rigged.qtbot.wait(50)
        place = view.mapTo(rigged.window, view.rect().topRight())
        assert page.geometry().left() > place.x()
        assert rigged.window.rect().contains(page.geometry())
