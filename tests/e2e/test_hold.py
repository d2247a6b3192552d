"""Holding and letting go, through the real window, rig and simulated arm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt

from core.policy.server import PolicyServer
from core.types import ActionChunk
from robot.rig.states import MotionState
from tests.app.conftest import send
from tests.app.fakes import ScriptedPolicy
from tests.e2e.conftest import Live

pytestmark = pytest.mark.timeout(900)
CTRL = Qt.KeyboardModifier.ControlModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def test_the_arm_moves_while_it_is_held_and_not_longer(start: Callable[..., Live]) -> None:
    policy = ScriptedPolicy()
    moves = np.zeros((8, 7))
    moves[:, 1], moves[:, 6] = 0.025, 1.0
    policy.chunk = ActionChunk(actions=moves)
    with PolicyServer(policy) as server:
        hold_and_let_go(start("--policy", server.url, "--instruction", "push", "--hold-to-run"))


def hold_and_let_go(live: Live) -> None:
    live.ready()
    assert live.store.motion.hold_to_run
    live.key(Qt.Key.Key_Space)
    live.phase("planned")
    actions = live.window.actions_table
    live.until(lambda: actions["run"].isEnabled())
    live.key(Qt.Key.Key_Return, CTRL)
    live.until(lambda: live.store.motion.state == MotionState.ARMED)
    before = live.store.robot.ee_pose[:3, 3].copy()
    button, place = live.window.workspace.robot.run_button, QPoint(20, 20)
    send(button, QEvent.Type.MouseButtonPress, place, LEFT, LEFT)
    live.until(lambda: live.store.motion.state == MotionState.EXECUTING)
    live.until(lambda: np.linalg.norm(live.store.robot.ee_pose[:3, 3] - before) > 0.01)
    send(button, QEvent.Type.MouseButtonRelease, place, LEFT, NONE)
    live.phase("stopped")
    live.until(lambda: live.store.motion.state == MotionState.STOPPED)
    assert "the hold was released" in live.store.motion.why
    live.qtbot.wait(500)
    at_rest = live.store.robot.ee_pose[:3, 3].copy()
    live.qtbot.wait(500)
    assert np.linalg.norm(live.store.robot.ee_pose[:3, 3] - at_rest) < 1e-3
    actions["release"].trigger()
    live.phase("ready")
    assert live.store.motion.state == MotionState.IDLE
    live.window.close()
