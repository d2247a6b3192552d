"""Thousands of random events: nothing breaks, nothing leaks, and nothing moves unasked.

The suite plays a part; ``pytest tests/app/test_monkey.py --monkey 10000`` plays on. With
``--monkey-seed`` a failure can be played again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from app.store import Page
from core.types import ActionChunk
from tests.app.conftest import Rigged
from tests.app.monkey import Auditor, LatchingRig, Monkey


@pytest.fixture
def scripted_rig() -> LatchingRig:
    return LatchingRig()


@pytest.mark.timeout(900)
def test_a_monkey_breaks_nothing_and_moves_nothing_unasked(
    rigged: Rigged,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    # a file that it asks to see would open in another program, if there is one
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    count, seed = request.config.getoption("--monkey"), request.config.getoption("--monkey-seed")
    rigged.ready()
    assert isinstance(rigged.rig, LatchingRig)
    monkey, auditor = Monkey(rigged, seed), Auditor(rigged)
    try:
        for number in range(count):
            monkey.act()
            QApplication.processEvents()
            auditor.check_draft()
            where = f"seed {seed}, event {number}, after {monkey.last}"
            assert not auditor.wrongs, f"{auditor.wrongs} ({where})"
            assert rigged.window.isVisible(), f"the window is gone ({where})"
    finally:
        monkey.leave()
    auditor.leave()
    come_to_rest(rigged)
    auditor.check_motion(rigged.rig)
    assert not auditor.wrongs, f"{auditor.wrongs} (seed {seed})"
    # It did get somewhere, or all of the above was easily said. How far it gets in the suite's
    # part depends on the machine; the test below shows that the auditor sees what is wrong.
    if count >= 10_000:
        assert rigged.policy.asked
        assert auditor.stops
        assert rigged.rig.received


def come_to_rest(rigged: Rigged) -> None:
    """The window still works after all that."""
    for top in QApplication.topLevelWidgets():
        if top.isVisible() and top is not rigged.window and not top.parent():
            top.close()
    rigged.window.pages.go(Page.STEER)
    rigged.policy.error, rigged.rig.live = "", True
    rigged.studio.motion.stop("the end of the test")
    rigged.until(lambda: rigged.store.phase in ("stopped", "fault"))
    rigged.until(lambda: rigged.window.actions_table["release"].isEnabled())
    rigged.until(lambda: rigged.rig.stops[-1:] == ["the end of the test"])
    rigged.window.actions_table["release"].trigger()
    rigged.phase("ready")
    rigged.window.workspace.instruction.set_instruction("pick up the blue cube")
    rigged.until(lambda: rigged.window.actions_table["think"].isEnabled())
    rigged.window.actions_table["think"].trigger()
    rigged.phase("planned")


def test_the_auditor_notices_motion_that_nobody_asked_for(rigged: Rigged) -> None:
    rigged.ready()
    auditor = Auditor(rigged)
    try:
        rigged.studio.motion.begin_run(None)
        assert auditor.wrongs
        stray = ActionChunk(actions=np.zeros((8, 7)))
        rigged.studio.rig.call(lambda client: client.run(stray, 8), print, print)
        assert isinstance(rigged.rig, LatchingRig)
        rigged.until(lambda: bool(rigged.rig.received))
        auditor.wrongs.clear()
        auditor.check_motion(rigged.rig)
        assert "nobody permitted" in auditor.wrongs[0]
        auditor.wrongs.clear()
        rigged.store.set_draft(np.array([[10.0, 300.0]]))
        auditor.check_draft()
        assert "300" in auditor.wrongs[0]
    finally:
        auditor.leave()
        rigged.store.set_draft(None)
