"""Comparing with the embedded model, the lab and the guard: one question, three plans, one run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.observe import gripper_pixel
from app.store import PlanKind
from core.session import events
from core.session.reader import read_session
from tests.e2e.conftest import Live

pytestmark = pytest.mark.timeout(900)

MODEL, USER, FIRST, *_ = PlanKind


def draw_to(live: Live, name: str) -> None:
    """Drag from the gripper to an object."""
    camera = live.store.rig.cameras["front"]
    place = camera.project(np.array(live.ask_lab("objects")[name][:3]))
    gripper = gripper_pixel(live.store.rig, "front", live.store.robot) * live.view.image_size
    live.drag(tuple(gripper), tuple(place))


def test_three_plans_are_compared_and_the_chosen_one_runs(start: Callable[..., Live]) -> None:
    live = start("--seed", "7", "--instruction", "pick up the object")
    live.ready()
    live.until(lambda: set(live.studio.feed.frames) >= {"front", "wrist"})
    one, other = list(live.ask_lab("objects"))[:2]
    draw_to(live, one)
    live.key(Qt.Key.Key_K)
    # A new drag begins where the old trace is; without one it is a new trace.
    live.key(Qt.Key.Key_Backspace, Qt.KeyboardModifier.ControlModifier)
    draw_to(live, other)
    assert not np.allclose(live.store.draft, live.store.candidates[FIRST].points)
    live.key(Qt.Key.Key_C)
    plans = live.store.plans
    live.until(lambda: live.store.phase != "comparing" and len(plans) == 3)
    live.until(lambda: all(p.preview or p.refusal or p.chunk is None for p in plans.values()))
    assert live.store.selected is None
    answers = {kind: plan.reasoning for kind, plan in plans.items()}
    assert answers[MODEL].steered_by is None
    assert np.array_equal(answers[USER].steered_by.points, live.store.draft)
    kept = live.store.candidates[FIRST].points
    assert np.array_equal(answers[FIRST].steered_by.points, kept)
    # Each saw a picture of its own: the clean one, and two with another line in them.
    seen = [answer.model_image for answer in answers.values()]
    assert len({image.tobytes() for image in seen}) == 3
    chosen = next(kind for kind in (FIRST, USER, MODEL) if runs(plans[kind]))
    live.key(Qt.Key(Qt.Key.Key_0 + chosen.number))
    assert live.store.selected == chosen
    chunk, verdict = plans[chosen].chunk, plans[chosen].preview
    live.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    live.until(lambda: live.store.progress == (len(chunk.actions),) * 2)
    live.phase("ready")
    reached = live.store.robot.ee_pose[:3, 3]
    assert np.linalg.norm(reached - verdict.poses[-1][:3, 3]) < 0.02
    assert list(live.store.candidates) == [FIRST]
    live.window.close()

    noted = list(read_session(Path(live.studio.recorder.final_path), frames=False))
    by_kind = {type(event): event for event in noted}
    asked = by_kind[events.Compared]
    assert asked.labels == ("model", "user", "first")
    given = [e.reasoning.request_id for e in noted if isinstance(e, events.Reasoned)]
    assert sorted(given) == sorted(asked.request_ids)
    picked = by_kind[events.PlanChosen]
    assert picked.label == str(chosen)
    started = by_kind[events.ChunkStarted]
    assert started.request_id == picked.request_id
    assert np.array_equal(started.chunk.actions, chunk.actions)
    assert np.array_equal(by_kind[events.CandidateKept].points, kept)
    assert "Traceback" not in live.log


def runs(plan: object) -> bool:
    """Whether the guard lets a plan run and nothing about it is doubtful."""
    preview = getattr(plan, "preview", None)
    return preview is not None and preview.verdict.ok and not getattr(plan, "doubts", ())
