"""The participant's program is killed: the window comes back to the item that it had shown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.study import audit, people
from core.study.base import StudyBase
from core.study.sitting import answered, next_step
from tests.app.study.conftest import SCENES, SHORT
from tests.app.study.sitting import filmed


@pytest.mark.parametrize("at", [1, 3])
def test_killed_at_an_item_it_is_shown_again(tmp_path: Path, at: int):
    base, plan = filmed(tmp_path, pace=SHORT, scenes=SCENES, playback="in turn")
    who = people.enrol(base)
    people.consent(base, who.code, plan.consent)
    base.close()
    command = [sys.executable, "-m", "tests.app.study.crashing_window", str(tmp_path), who.code]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    shown = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            shown = line.strip()
            if shown.startswith(f"shows {at} "):
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
    with StudyBase(tmp_path) as again:
        assert answered(again, who.code) >= at, "what was answered before it was shown is kept"
        step = next_step(again, again.plan(), who.code)
        assert step.item is not None
        assert step.position == at
        assert shown == f"shows {at} {step.item.drawn} {step.item.rollouts}"
        assert audit.first_fault(again.connection) == ""
