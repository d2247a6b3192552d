"""The shell around the real programs: what is wrong is said, and its button mends it.

One start serves many checks, since the programs take seconds to come up.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app import first_steps, theme
from app.ladder import Mend, State
from app.settings import load_settings
from core.policy.server import PolicyServer
from core.session.reader import summarise
from tests.app.fakes import ScriptedPolicy
from tests.e2e.conftest import Live

pytestmark = pytest.mark.timeout(900)

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Start = Callable[..., Live]


def state(live: Live, name: str) -> State:
    return live.window.connections.rung(name).state


def press(live: Live, name: str, mend: Mend) -> None:
    """Press a button of the ladder; open it first if it is closed."""
    card = live.window.dialogs.card
    if not card.isVisible():
        live.qtbot.mouseClick(live.window.marks, LEFT)
    live.until(lambda: mend in card.rows[name].buttons)
    live.qtbot.mouseClick(card.rows[name].buttons[mend], LEFT)


def all_good(live: Live) -> None:
    names = ("policy", "rig", "robot", "recorder")
    live.until(lambda: all(state(live, name) == State.GOOD for name in names))


def test_every_rung_breaks_and_is_mended_by_its_button(start: Start) -> None:
    live = start("--seed", "7", "--instruction", "pick up the object")
    page = live.window.guide.page
    live.until(page.isVisible)
    assert page.intro == first_steps.WAIT  # nothing runs yet, and the page says so
    loading = live.window.toasts
    live.until(lambda: bool(loading.work))
    assert loading.work[0].task.title == "Loading the model"
    live.ready()
    all_good(live)
    live.until(lambda: not loading.work)
    assert page.intro == first_steps.LAB
    assert "nothing is wrong" in live.window.marks.accessibleName()

    services = live.studio.services
    before = services.process_id("policy")
    os.kill(before, signal.SIGKILL)
    live.until(lambda: state(live, "policy") == State.BAD)
    assert "crashed" in live.window.connections.rung("policy").words
    assert "Ctrl+K" in live.window.actions_table.reason("think")
    press(live, "policy", Mend.RESTART)
    live.until(lambda: state(live, "policy") == State.GOOD)
    assert services.process_id("policy") not in (0, before)

    os.kill(services.process_id("rig"), signal.SIGKILL)
    live.until(lambda: state(live, "rig") == State.BAD)
    assert state(live, "robot") == State.WAITING
    press(live, "rig", Mend.RESTART)
    live.until(lambda: live.store.rig is not None)
    live.until(lambda: live.view.image_size != (0, 0))

    live.key(Qt.Key.Key_Escape)  # closes the card
    live.qtbot.mouseClick(live.window.workspace.robot.stop_button, LEFT)
    live.phase("stopped")
    press(live, "robot", Mend.RELEASE)
    live.phase("ready")

    os.kill(live.studio.recorder._client._process.pid, signal.SIGKILL)
    live.until(lambda: state(live, "recorder") == State.BAD)
    press(live, "recorder", Mend.RECORD)
    all_good(live)
    live.window.close()
    assert summarise(Path(live.studio.recorder.final_path)).complete
    assert "Traceback" not in live.log


def test_a_model_load_is_given_up_and_brought_back_and_another_policy_is_used(
    start: Start,
) -> None:
    live = start("--seed", "7")
    toasts = live.window.toasts
    live.until(lambda: bool(toasts.work))
    live.qtbot.mouseClick(toasts.work[0].cancel, LEFT)
    live.until(lambda: not live.studio.services.process_id("policy"))
    live.until(lambda: live.store.rig is not None)
    assert not toasts.work
    assert live.store.capabilities is None
    assert "given up" in live.window.connections.rung("policy").words
    assert not any("could not start" in text for text in live.said)
    with PolicyServer(ScriptedPolicy(), token="secret") as server:
        press(live, "policy", Mend.CONNECT)
        dialog = live.window.dialogs.connect_dialog
        live.qtbot.keyClicks(dialog.address, server.url)
        live.qtbot.keyClicks(dialog.token, "wrong")
        live.qtbot.mouseClick(dialog.go, LEFT)
        live.until(lambda: state(live, "policy") == State.BAD)
        assert "token" in live.window.connections.rung("policy").words
        press(live, "policy", Mend.CONNECT)
        dialog = live.window.dialogs.connect_dialog
        assert dialog.address.text() == server.url
        live.qtbot.keyClicks(dialog.token, "secret")
        live.qtbot.mouseClick(dialog.go, LEFT)
        live.until(lambda: state(live, "policy") == State.GOOD)
        assert server.url in live.window.connections.rung("policy").words
        live.ready()
        press(live, "policy", Mend.OWN)
        live.until(lambda: live.studio.services.process_id("policy") > 0)
        live.until(lambda: state(live, "policy") == State.GOOD)
        assert server.url not in live.window.connections.rung("policy").words
    live.window.close()
    assert "Traceback" not in live.log


def test_the_window_is_arranged_dressed_and_remembered(start: Start) -> None:
    with PolicyServer(ScriptedPolicy()) as server:
        live = start("--policy", server.url, "--instruction", "push it away")
        live.ready()
        window = live.window
        live.until(window.guide.page.isVisible)
        live.drag((60, 60), (200, 150))
        assert window.guide.done == (True, False, False)
        live.key(Qt.Key.Key_Return)
        live.phase("steered")
        assert window.guide.done == (True, True, False)
        window.guide.page.never.click()
        live.qtbot.mouseClick(window.guide.page.start, LEFT)
        assert not window.guide.page.isVisible()

        answer = window.docks.by_name["answer"]
        close = next(
            b
            for b in answer.titleBarWidget().children()
            if hasattr(b, "accessibleName") and b.accessibleName().startswith("Close")
        )
        live.qtbot.mouseClick(close, LEFT)
        assert answer.isHidden()
        live.key(Qt.Key.Key_L, CTRL | SHIFT)
        assert not answer.isHidden()
        window.docks.by_name["model"].close()

        live.key(Qt.Key.Key_F11)
        live.until(window.isFullScreen)
        live.key(Qt.Key.Key_F11)
        live.until(lambda: not window.isFullScreen())

        live.key(Qt.Key.Key_Comma, CTRL)
        settings = window.dialogs.settings
        settings.row("theme").editor.setCurrentIndex(2)
        assert theme.tokens().name == "dark"
        settings.row("font_scale").editor.setValue(120)
        live.until(lambda: load_settings().font_scale == 120)
        assert "secret" not in live.studio.preferences.path.read_text()
        live.key(Qt.Key.Key_Escape)
        assert not settings.isVisible()

        live.key(Qt.Key.Key_F1)
        live.qtbot.keyClicks(window.dialogs.help.search, "full screen")
        assert len(window.dialogs.help.shown) == 1
        live.key(Qt.Key.Key_Escape)
        live.studio.notifier.error("Something is wrong.")
        live.key(Qt.Key.Key_M, CTRL)
        history = window.dialogs.history
        live.until(lambda: history.list.topLevelItemCount() > 0)
        (copy,) = [b for b in history.findChildren(QPushButton) if b is history.copy]
        live.qtbot.mouseClick(copy, LEFT)
        live.key(Qt.Key.Key_Escape)
        window.close()

        again = start("--policy", server.url)
        again.ready()
        assert again.window.docks.by_name["model"].isHidden()
        assert not again.window.guide.page.isVisible()
        assert again.studio.settings.font_scale == 120
        again.studio.preferences.change("font_scale", 100)
        again.window.close()
        assert "Traceback" not in again.log
