"""Attempts and changes of mind in the real studio, read back from its session file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.own_files import load_history
from app.settings import settings_folder
from core.episode import Outcome, Steering
from core.policy.server import PolicyServer
from core.session import events
from core.session.episodes import episodes_of
from core.session.reader import read_session
from core.types import ActionChunk
from tests.app.fakes import ScriptedPolicy
from tests.e2e.conftest import Live

pytestmark = pytest.mark.timeout(900)

CTRL = Qt.KeyboardModifier.ControlModifier
KEY = Qt.Key


def test_an_attempt_is_the_same_in_the_window_and_in_the_file(start: Callable[..., Live]) -> None:
    policy = ScriptedPolicy()
    moves = np.zeros((4, 7))
    moves[:, 1], moves[:, 6] = 0.01, 1.0
    policy.chunk = ActionChunk(actions=moves)
    with PolicyServer(policy) as server:
        live = start("--policy", server.url, "--instruction", "push it away")
        live.ready()
        live.until(lambda: len(live.studio.instructions.objects) >= 2)
        live.key(KEY.Key_B)
        run(live)
        say(live, "nudge it")
        run(live)
        live.key(KEY.Key_U)
        live.key(KEY.Key_J)
        note = live.window.workspace.episodes.panel.note_box
        live.until(note.hasFocus)
        live.qtbot.keyClicks(note, "moved a little")
        live.key(KEY.Key_Return)
        live.view.setFocus()
        live.key(KEY.Key_N)
        live.key(KEY.Key_B, CTRL)
        live.until(lambda: any(text.startswith("New scene") for text in live.said))
        live.key(KEY.Key_B)
        live.until(lambda: live.store.episodes.current is not None)
        live.window.close()

    story = list(read_session(Path(live.studio.recorder.final_path), frames=False))
    read = episodes_of(story)
    assert read == live.store.episodes
    first, second = read.episodes
    assert (first.outcome, first.rubric, first.progress) == (Outcome.FAILURE, "Push", 25)
    assert first.steered == {Steering.LANGUAGE}
    assert [remark.text for remark in first.remarks] == ["moved a little"]
    assert (second.outcome, second.instruction) == (Outcome.INTERRUPTED, "nudge it")
    (change,) = [e for e in story if isinstance(e, events.InstructionChanged)]
    assert (change.before, change.after) == ("push it away", "nudge it")
    assert load_history(settings_folder()) == (["nudge it", "push it away"], [])
    assert "Traceback" not in live.log


def say(live: Live, text: str) -> None:
    """Type another instruction."""
    live.key(KEY.Key_I, CTRL)
    live.qtbot.keyClicks(live.window.workspace.instruction.line, text)
    live.key(KEY.Key_Escape)


def run(live: Live) -> None:
    """Think and run what comes of it."""
    live.until(lambda: (live.studio.feed.age_ms("front") or 0.0) < 200.0)
    live.key(KEY.Key_Space)
    live.until(lambda: live.window.actions_table["run"].isEnabled())
    live.key(KEY.Key_Return, CTRL)
    live.until(lambda: live.store.phase == "running")
    live.phase("ready")
