"""A killed program loses no answer and comes back to the same item with the same sides."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from core.study import audit
from core.study.base import StudyBase
from core.study.harvest import votes
from core.study.sitting import StepKind, answered
from tests.core.study.samples import advance, enrolled, opened, play

ITEMS = 11


@pytest.mark.parametrize("kind", ["recorded", "live"])
def test_killed_after_any_answer(tmp_path, kind: str):
    base, study = opened(tmp_path, kind=kind, ask="both", playback="in turn")
    code = enrolled(base, study)
    base.close()
    seen: dict[int, str] = {}
    for after in range(ITEMS):
        # The delay varies where in the next item's writing the process dies.
        lines = _killed(tmp_path, code, f"kept {after}", delay_s=0.0013 * (after % 5))
        for line in lines:
            if line.startswith("shows"):
                _, position, mapping = line.split(" ", 2)
                assert seen.setdefault(int(position), mapping) == mapping
        with StudyBase(tmp_path) as again:
            kept = answered(again, code)
            assert kept >= after + 1, "an answer that was kept is gone"
            step = advance(again, again.plan(), code)
            assert (step.position, step.kind == StepKind.END) == (kept, kept == ITEMS)
            if step.item is not None:
                drawn, sides = step.item.drawn, sorted(step.item.rollouts.items())
                mapping = f"{drawn.left} {drawn.right} {drawn.first} "
                mapping += str([(str(side), name) for side, name in sides])
                assert seen.setdefault(step.position, mapping) == mapping
            assert audit.first_fault(again.connection) == ""
        if kept == ITEMS:
            break
    with StudyBase(tmp_path) as again:
        assert play(again, again.plan(), code) == ITEMS - kept
        assert len(votes(again)) == 10


def _killed(folder, code: str, at: str, delay_s: float) -> list[str]:
    """Run the participant, kill it a moment after it has said something; return what it said."""
    command = [sys.executable, "-m", "tests.core.study.crashing", str(folder), code]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == at:
                time.sleep(delay_s)
                process.send_signal(signal.SIGKILL)
        process.wait()
    return lines
