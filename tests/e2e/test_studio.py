"""The whole path through the real window and every real program, by keys and mouse.

Whether the arm grasps anything is measured by ``main.py eval steer``; here it is checked that what
the person sees, what the model is asked, what moves and what is written down are the same thing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.observe import gripper_pixel
from app.store import BUSY, PlanKind
from core.overlay import draw_trace, prepare_frame
from core.policy.server import PolicyServer
from core.session import events
from core.session.reader import read_session, summarise
from core.types import ActionChunk
from tests.app.fakes import ScriptedPolicy
from tests.e2e.conftest import Live

pytestmark = pytest.mark.timeout(900)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Start = Callable[..., Live]


def test_think_draw_steer_and_run_are_one_story_on_screen_and_on_disk(start: Start) -> None:
    live = start("--seed", "7", "--instruction", "pick up the object")
    live.ready()
    live.until(lambda: set(live.studio.feed.frames) >= {"front", "wrist"})
    thought = think(live)
    live.until(lambda: live.window.workspace.cloud is not None)
    target = draw_to_some_object(live)
    steered = steer(live)
    run(live, steered)
    moved_to = live.store.robot.ee_pose
    live.window.close()

    path = Path(live.studio.recorder.final_path)
    summary = summarise(path)
    assert summary.complete
    assert summary.frames["front"] > 15
    assert summary.frames["wrist"] > 15
    noted = list(read_session(path))
    observed = only(noted, events.Observed)
    assert [event.observation.instruction for event in observed] == ["pick up the object"] * 2
    first, second = (event.observation.frames[0].image for event in observed)
    assert np.array_equal(first, second)
    reasoned = [event.reasoning for event in only(noted, events.Reasoned)]
    assert [answer.text for answer in reasoned] == [thought.text, steered.text]
    assert all("pick up the object" in answer.prompt for answer in reasoned)
    assert [answer.steered_by is not None for answer in reasoned] == [False, True]

    (sent,) = only(noted, events.Steered)
    size = steered.model_image.shape[1::-1]
    frame = prepare_frame(observed[1].observation.frames[0].image, size)
    assert np.array_equal(sent.model_image, draw_trace(frame, sent.trace.points))
    assert np.array_equal(sent.model_image, steered.model_image)
    np.testing.assert_allclose(sent.trace.points[-1], target, atol=6)
    assert [edit.operation for edit in only(noted, events.TraceEdited)] == ["draw trace"]

    (started,) = only(noted, events.ChunkStarted)
    assert np.array_equal(started.chunk.actions, steered.chunk.actions)
    steps = [event.step for event in only(noted, events.StepDone)]
    assert steps == list(range(started.steps))
    (ended,) = only(noted, events.ChunkEnded)
    assert ended.reason == "done"
    preview = only(noted, events.Previewed)[-1]
    assert preview.ok
    assert np.linalg.norm(moved_to[:3, 3] - preview.poses[-1][:3, 3]) < 0.02
    assert only(noted, events.StateSampled)
    assert "Traceback" not in live.log


def test_a_lab_that_is_killed_in_a_motion_is_a_sentence_and_a_restart_mends_it(
    start: Start,
) -> None:
    policy = ScriptedPolicy()
    moves = np.zeros((8, 7))
    moves[:, 1], moves[:, 6] = 0.025, 1.0
    policy.chunk = ActionChunk(actions=moves)
    with PolicyServer(policy) as server:
        live = start("--policy", server.url, "--instruction", "push it away")
        live.ready()
        live.key(Qt.Key.Key_Space)
        live.until(lambda: live.store.plan is not None and live.store.plan.preview is not None)
        live.key(Qt.Key.Key_Return, CTRL)
        live.until(lambda: live.store.progress[0] >= 1)
        os.kill(live.studio.services.process_id("lab"), signal.SIGKILL)
        live.phase("fault")
        live.until(lambda: live.store.rig is None)
        assert any("lab" in text and "Ctrl+Shift+R" in text for text in live.said)
        for action in ("think", "steer", "run", "auto", "home"):
            assert not live.window.actions_table[action].isEnabled(), action
        live.key(Qt.Key.Key_R, CTRL | SHIFT)
        live.until(lambda: live.store.rig is not None and live.store.phase in ("ready", "stopped"))
        live.until(lambda: live.view.image_size != (0, 0))
        live.window.close()
    noted = list(read_session(Path(live.studio.recorder.final_path), frames=False))
    assert len(only(noted, events.ChunkStarted)) == 1
    assert len(only(noted, events.StepDone)) < 8
    assert any("lab" in fault.sentence for fault in only(noted, events.Fault))
    assert "Traceback" not in live.log


def only(noted: list[events.Event], kind: type[Any]) -> list[Any]:
    """Return the events of one kind, in order."""
    return [event for event in noted if type(event) is kind]


def think(live: Live) -> Any:
    """Press the key; check that the answer belongs to the picture on the screen; return it."""
    live.key(Qt.Key.Key_Space)
    live.until(lambda: live.store.phase in BUSY)
    live.until(lambda: live.store.phase not in BUSY)
    observation, plan = live.store.observation, live.store.plans.get(PlanKind.MODEL)
    assert observation is not None
    assert plan is not None, live.said
    assert np.array_equal(shown(live), observation.frames[0].image)
    answer = plan.reasoning
    if answer.traces:
        drawn = live.window.workspace.canvas.model_item.points
        assert len(drawn) == len(answer.traces[0].points)
    else:
        assert answer.error in live.said
        assert answer.chunk is None
        assert not live.window.actions_table["run"].isEnabled()
    return answer


def draw_to_some_object(live: Live) -> NDArray[np.float64]:
    """Drag from the gripper to an object; return where that is, (2,) in 0..255."""
    objects = live.ask_lab("objects")
    camera = live.store.rig.cameras["front"]
    place = camera.project(np.array(next(iter(objects.values()))[:3]))
    gripper = gripper_pixel(live.store.rig, "front", live.store.robot) * live.view.image_size
    live.drag(tuple(gripper), tuple(place))
    assert live.store.draft is not None
    assert 2 <= len(live.store.draft) <= 5
    return place / (camera.width, camera.height) * 255


def steer(live: Live) -> Any:
    """Press Enter; return the answer that follows the line."""
    live.key(Qt.Key.Key_Return)
    live.until(lambda: live.store.phase in BUSY)
    live.until(lambda: live.store.phase not in BUSY)
    plan = live.store.plans.get(PlanKind.USER)
    assert plan is not None, live.said
    answer = plan.reasoning
    np.testing.assert_allclose(answer.steered_by.points, live.store.draft, atol=1e-6)
    assert answer.chunk is not None, answer.error
    assert answer.chunk.actions.shape == (live.store.capabilities.chunk, 7)
    return answer


def run(live: Live, answer: Any) -> None:
    """Run the plan and wait for its end."""
    live.until(lambda: live.store.plan.preview is not None)
    verdict = live.store.plan.preview.verdict
    assert verdict.ok, verdict.reason
    live.key(Qt.Key.Key_Return, CTRL)
    live.until(lambda: live.store.progress == (len(answer.chunk.actions),) * 2)
    live.phase("ready")
    assert live.store.observation is None


def shown(live: Live) -> NDArray[np.uint8]:
    """Return the picture on the canvas, (H, W, 3)."""
    image = live.view._picture.pixmap().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    # a copy: the picture goes away with this function
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
