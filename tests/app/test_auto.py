"""The automatic mode repeats the cycle until it is done, stopped, or has no plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt

from app.auto import is_still
from app.store import PlanKind
from core.types import ActionChunk
from tests.app.conftest import Rigged
from tests.app.fakes import Verdict, actions

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def start_auto(rigged: Rigged) -> None:
    rigged.key(Qt.Key.Key_Return, CTRL_SHIFT)


def last(rigged: Rigged) -> str:
    return str(rigged.studio.notifier.history[-1].text)


def test_follows_the_drawn_trace_until_lifted(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.auto_run = True
    rigged.rig.lifted_after = 3
    rigged.drag((168, 55), (120, 110), (90, 150))
    drawn = rigged.store.draft
    start_auto(rigged)
    rigged.until(lambda: not rigged.store.auto and len(rigged.rig.runs) == 3)
    rigged.phase("ready")
    assert "blue cube is lifted" in last(rigged)
    assert [steps for _, steps in rigged.rig.runs] == [2, 2, 2]
    traces = [trace.points for _, trace in rigged.policy.asked]
    assert len(traces) == 3
    for trace in traces:
        np.testing.assert_allclose(trace[-1], drawn[-1])
    sequence = [o.frames[0].seq for o, _ in rigged.policy.asked]
    assert sequence == sorted(set(sequence))
    assert rigged.store.draft is not None
    assert len(rigged.store.travelled) >= 2


def test_thinks_each_cycle_without_a_trace(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.auto_run = True
    rigged.rig.lifted_after = 2
    start_auto(rigged)
    rigged.until(lambda: not rigged.store.auto)
    assert [trace for _, trace in rigged.policy.asked] == [None, None]


def test_escape_stops(rigged: Rigged) -> None:
    rigged.ready()
    start_auto(rigged)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    rigged.key(Qt.Key.Key_Escape)
    assert not rigged.store.auto
    rigged.phase("stopped")
    rigged.until(lambda: bool(rigged.rig.stops))


def test_rejection_ends_it(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.verdict = Verdict(ok=False, reason="leaves the box at step 1", step=1)
    start_auto(rigged)
    rigged.until(lambda: not rigged.store.auto)
    assert not rigged.rig.runs
    assert "guard rejected" in last(rigged)


def test_a_later_step_that_would_be_rejected_does_not_matter(rigged: Rigged) -> None:
    rigged.ready()
    rigged.rig.auto_run = True
    rigged.rig.lifted_after = 1
    rigged.rig.verdict = Verdict(ok=False, reason="leaves the box at step 6", step=6)
    start_auto(rigged)
    rigged.until(lambda: len(rigged.rig.runs) == 1 and not rigged.store.auto)


def test_ends_after_the_most_cycles(rigged: Rigged) -> None:
    rigged.ready()
    rigged.studio.auto.max_cycles = 2
    rigged.rig.auto_run = True
    start_auto(rigged)
    rigged.until(lambda: not rigged.store.auto)
    assert len(rigged.rig.runs) == 2
    assert "2 cycles are the limit" in last(rigged)


def test_ends_when_the_policy_stands_still(rigged: Rigged) -> None:
    rigged.ready()
    still = np.zeros((8, 7))
    still[:, 6] = 1.0
    rigged.policy.chunk = ActionChunk(actions=still)
    rigged.rig.auto_run = True
    start_auto(rigged)
    rigged.until(lambda: not rigged.store.auto)
    assert "does not want to move" in last(rigged)


def test_pressing_again_switches_it_off(rigged: Rigged) -> None:
    rigged.ready()
    rigged.policy.gate.clear()
    start_auto(rigged)
    rigged.phase("thinking")
    start_auto(rigged)
    assert not rigged.store.auto
    rigged.phase("ready")
    assert not rigged.rig.runs


def test_is_still() -> None:
    assert not is_still(ActionChunk(actions=actions()), 2)
    grasp = np.zeros((8, 7))
    grasp[0, 6] = 1.0
    assert not is_still(ActionChunk(actions=grasp), 2)
    assert is_still(ActionChunk(actions=np.zeros((8, 7))), 2)


def test_the_verdict_on_a_kept_candidate_starts_no_run(rigged: Rigged) -> None:
    rigged.ready()
    start_auto(rigged)
    rigged.until(lambda: len(rigged.rig.runs) == 1)
    plan = rigged.store.plan
    rigged.store.set_plan(replace(plan, kind=PlanKind.FIRST), select=False)
    rigged.studio.controller.plan_ready.emit(PlanKind.FIRST)
    rigged.studio.controller.plan_ready.emit(plan.kind)  # a second time, while the arm moves
    rigged.studio.motion.begin_run(None)
    answered: list[object] = []
    rigged.studio.rig.call(lambda client: client.lab("objects"), answered.append, answered.append)
    rigged.until(lambda: bool(answered))
    assert len(rigged.rig.runs) == 1
