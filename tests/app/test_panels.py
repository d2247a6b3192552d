"""The side panels: what they show for what they are given, and what they ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.motion_info import MotionInfo
from app.steer.action_bars import ActionBars
from app.steer.action_words import describe
from app.steer.answer_state import StageState, places, shown, stage_seconds, stages
from app.steer.camera_panel import CameraPanel, age_text
from app.steer.depth_view import DepthView
from app.steer.instruction_panel import InstructionPanel, instruction_problem
from app.steer.model_input import ModelImage
from app.steer.model_view import ModelView
from app.steer.picture_box import PictureBox
from app.steer.reasoning_panel import TIMED_WIDTH, ReasoningPanel
from app.steer.robot_panel import RobotPanel, arm_facts, arm_words
from core.protocol.action_codec import rows_text
from core.types import (
    ActionChunk,
    Capabilities,
    DepthMap,
    Frame,
    Reasoning,
    RobotState,
    Trace,
    TraceSource,
)
from robot.rig.states import MotionState
from tests.app.conftest import Rigged

CAPABILITIES = Capabilities(name="tiny", depth=True, trace_out=True, trace_in=True, chunk=2)
CODES = "<DEPTH_START>" + "".join(f"<DEPTH_{k}>" for k in range(100)) + "<DEPTH_END>"
ROWS = [[0, 127, 255, 128, 128, 128, 255], [128, 128, 128, 128, 128, 128, 127]]


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "dark")


def action(text: str, *, enabled: bool = True) -> QAction:
    result = QAction(text)
    result.setEnabled(enabled)
    return result


def complete() -> Reasoning:
    text = f"Depth {CODES}. Trace [[10, 20], [30, 40]]. Actions {rows_text(ROWS)}."
    actions = np.zeros((2, 7))
    actions[:, 0] = 0.012
    actions[0, 6] = 1
    return Reasoning(
        request_id=1,
        text=text,
        traces=(Trace(points=np.array([[10.0, 20], [30, 40]])),),
        chunk=ActionChunk(actions=actions),
        timings={"depth": 0.3, "trace": 0.4, "actions": 0.8, "total": 0.85},
        warnings=("Step 2 hardly moves.",),
    )


def test_stage_seconds_are_differences() -> None:
    took = stage_seconds({"depth": 0.3, "trace": 0.4, "actions": 0.8, "total": 0.9})
    assert took == pytest.approx({"depth": 0.3, "trace": 0.1, "actions": 0.4})


def test_stages_of_an_unfinished_answer() -> None:
    reasoning = Reasoning(request_id=1, text=CODES[:200])
    found = stages(reasoning, shown(reasoning), CAPABILITIES, complete=False)
    assert [s.state for s in found] == ["running", "waiting", "waiting"]
    assert found[0].detail.endswith("/100")
    reasoning = Reasoning(request_id=1, text=f"{CODES} [[1, 2], [3, 4]")
    found = stages(reasoning, shown(reasoning), CAPABILITIES, complete=False)
    assert [s.state for s in found] == ["done", "running", "waiting"]


def test_a_broken_answer_has_failed_stages_and_a_steered_one_only_actions() -> None:
    broken = Reasoning(request_id=1, text="no", error="No depth.")
    found = stages(broken, shown(broken), CAPABILITIES, complete=True)
    assert {s.state for s in found} == {StageState.FAILED}
    line = Trace(points=np.array([[1.0, 2], [3, 4]]), source=TraceSource.USER)
    steered = Reasoning(request_id=1, text=rows_text(ROWS), steered_by=line)
    names = [s.name for s in stages(steered, shown(steered), CAPABILITIES, complete=True)]
    assert names == ["actions"]


def test_bars_show_the_place_within_the_range() -> None:
    reasoning = complete()
    found = places(reasoning, shown(reasoning))
    assert found.shape == (2, 7)
    assert found[0, 0] == -1.0
    assert found[0, 2] == 1.0
    assert list(found[:, 6]) == [1.0, -1.0]


def test_bars_of_a_policy_without_text_are_relative() -> None:
    actions = np.array([[0.01, 0, 0, 0, 0, 0, 1.0], [-0.02, 0, 0, 0, 0, 0, 0.0]])
    reasoning = Reasoning(request_id=1, text="", chunk=ActionChunk(actions=actions))
    found = places(reasoning, shown(reasoning))
    assert list(found[:, 0]) == [0.5, -1.0]
    assert list(found[:, 6]) == [1.0, -1.0]


def test_actions_are_described_with_units() -> None:
    words = describe(np.array([0.012, -0.003, 0, 0, 0, np.pi / 180, 1.0]))
    assert "Δx +12 mm" in words
    assert "yaw +1.0°" in words
    assert words.endswith("gripper open")


def test_reasoning_panel_shows_stages_trace_and_warnings(qtbot: QtBot) -> None:
    panel = ReasoningPanel()
    qtbot.addWidget(panel)
    panel.resize(TIMED_WIDTH - 1, 400)
    panel.show()
    assert panel.stage_texts == ()
    panel.set_capabilities(CAPABILITIES)
    panel.set_reasoning(complete())
    assert panel.stage_texts == ("depth ✓", "trace ✓", "actions ✓"), "no room for times"
    panel.resize(TIMED_WIDTH, 400)
    panel.set_reasoning(complete())
    assert panel.stage_texts == ("depth ✓ 0.3 s", "trace ✓ 0.1 s", "actions ✓ 0.4 s")
    assert "hardly moves" in panel.words
    bars = panel.findChild(ActionBars)
    assert bars.row_count == 2
    panel.set_progress(1)
    panel.grab()
    panel.set_reasoning(Reasoning(request_id=2, text="?", error="The answer has no actions."))
    assert panel.words == "✗ The answer has no actions."
    panel.set_reasoning(None)
    assert panel.stage_texts == ()


def test_depth_view_fills_and_then_shows_the_picture(qtbot: QtBot) -> None:
    view = DepthView()
    qtbot.addWidget(view)
    view.set_codes(range(57))
    assert view.caption == "Depth tokens · 57 of 100"
    view.resize(200, 200)
    view.grab()
    view.set_codes(range(100))
    view.set_depth_map(DepthMap(values=np.linspace(0.5, 1.5, 400).reshape(20, 20), metric=True))
    assert view.caption == "Depth · 0.50 to 1.50 m"
    view.grab()
    view.set_codes(range(3))
    assert view.caption == "Depth tokens · 3 of 100"
    view.set_codes(None)
    view.set_depth_map(None)
    assert view.caption == "Depth tokens"


def test_model_view_says_what_it_shows_and_asks_to_be_enlarged(qtbot: QtBot) -> None:
    view = ModelView()
    qtbot.addWidget(view)
    clean, drawn = np.zeros((12, 17, 3), np.uint8), np.ones((12, 17, 3), np.uint8)
    view.set_image(ModelImage(clean=clean, seen=drawn))
    assert view.caption == "I⁺, your line"
    view.set_image(ModelImage(clean=clean, seen=clean))
    assert view.caption == "I, no line"
    view.set_image(ModelImage(clean=clean, seen=clean, past=True))
    assert view.caption == "I, past"
    assert view.image is clean
    with qtbot.waitSignal(view.enlarge_asked):
        qtbot.mouseClick(view.findChild(PictureBox), Qt.MouseButton.LeftButton)
    view.set_image(None)
    assert view.image is None
    assert view.caption == "What the model sees"


@pytest.mark.parametrize(
    ("text", "part"), [("", "empty"), ("   ", "empty"), ("x" * 5000, "5,000 characters")]
)
def test_bad_instructions_are_explained(text: str, part: str) -> None:
    assert part in instruction_problem(text)


def test_instruction_panel_thinks_only_with_a_good_instruction(qtbot: QtBot) -> None:
    think = action("Think")
    asked: list[bool] = []
    think.triggered.connect(lambda: asked.append(True))
    panel = InstructionPanel(think, action("Auto"), action("Reset"))
    qtbot.addWidget(panel)
    panel.show()
    qtbot.keyClick(panel.line, Qt.Key.Key_Return)
    assert not asked
    assert "empty" in panel.problem()
    panel.set_instruction("x" * 5000)
    assert "5,000 characters" in panel.problem()
    assert panel.instruction() == "x" * 5000
    qtbot.keyClick(panel.line, Qt.Key.Key_Return)
    assert not asked
    panel.line.clear()
    qtbot.keyClicks(panel.line, "pick up the bowl")
    assert panel.problem() == ""
    qtbot.keyClick(panel.line, Qt.Key.Key_Return)
    assert len(asked) == 1


def test_instruction_history_is_on_the_arrow_keys(qtbot: QtBot) -> None:
    panel = InstructionPanel(action("Think"), action("Auto"), action("Reset"))
    qtbot.addWidget(panel)
    panel.set_history(["one", "two", "one"])
    assert panel.history() == ["one", "two"]
    qtbot.keyClicks(panel.line, "new")
    qtbot.keyClick(panel.line, Qt.Key.Key_Up)
    qtbot.keyClick(panel.line, Qt.Key.Key_Up)
    assert panel.instruction() == "two"
    for _ in range(3):
        qtbot.keyClick(panel.line, Qt.Key.Key_Down)
    assert panel.instruction() == "new"


def state(mode: str = "idle", gripper: float = 0.5) -> RobotState:
    return RobotState(q=np.zeros(7), ee_pose=np.eye(4), gripper=gripper, t_ns=0, mode=mode)


def test_robot_panel_buttons_follow_their_actions(qtbot: QtBot) -> None:
    run, stop = action("Run", enabled=False), action("STOP")
    stopped: list[bool] = []
    stop.triggered.connect(lambda: stopped.append(True))
    panel = RobotPanel(run, stop, action("Release stop"), action("Home"))
    qtbot.addWidget(panel)
    panel.show()
    assert not panel.run_button.isEnabled()
    run.setEnabled(True)
    assert panel.run_button.isEnabled()
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    assert len(stopped) == 1


def test_robot_panel_speaks(qtbot: QtBot) -> None:
    panel = RobotPanel(action("Run"), action("STOP"))
    qtbot.addWidget(panel)
    assert panel.mode == "No robot yet"
    panel.set_state(state("moving"))
    panel.set_motion(MotionInfo(state=MotionState.EXECUTING, holder="client 2"))
    assert panel.mode == "Arm executing · held by client 2"
    panel.set_verdict(False, "leaves the box at step 5")
    assert panel.verdict == "✗ leaves the box at step 5"
    panel.set_verdict(True)
    assert panel.verdict.startswith("✓")
    panel.set_verdict(None)
    assert "No plan" in panel.verdict
    panel.grab()
    assert arm_words(MotionInfo(state=MotionState.FAULT), None) == ("Arm fault", "fault")
    assert arm_words(MotionInfo(), None)[0] == "No robot yet"
    slow = MotionInfo(state=MotionState.IDLE, speed=0.1, latency_s=0.038)
    assert arm_facts(slow, "3 numbers clamped") == (
        "speed 10 % · moves after 38 ms · 3 numbers clamped"
    )


def test_camera_panel_shows_age_and_reports_clicks(qtbot: QtBot) -> None:
    panel = CameraPanel()
    qtbot.addWidget(panel)
    panel.set_cameras(["front", "wrist"])
    panel.show()
    frame = Frame(camera="front", image=np.zeros((4, 5, 3), np.uint8), t_ns=0)
    panel.insets["front"].set_frame(frame, 24.0)
    assert panel.insets["front"].badge == "front · 24 ms"
    panel.insets["front"].set_frame(frame, 3000.0)
    assert panel.insets["front"].badge == "front · lost · 3.0 s"
    lost = panel.insets["front"].grab().toImage().pixelColor(60, 60)
    panel.insets["front"].set_frame(frame, 24.0)
    assert lost != panel.insets["front"].grab().toImage().pixelColor(60, 60), "it is shaded"
    panel.insets["front"].set_frame(frame, 3000.0)
    assert panel.insets["wrist"].badge == ""
    panel.grab()
    with qtbot.waitSignal(panel.camera_chosen) as chosen:
        qtbot.mouseClick(panel.insets["wrist"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["wrist"]
    panel.set_cameras(["wrist"])
    assert list(panel.insets) == ["wrist"]
    assert age_text(1300) == "1.3 s"


def test_a_picture_is_a_copy_of_its_array() -> None:
    from app.picture import to_pixmap

    rgb = np.zeros((3, 5, 3), np.uint8)
    rgb[1] = (255, 0, 0)
    pixmap: QPixmap = to_pixmap(rgb)
    rgb[:] = 255
    assert pixmap.toImage().pixelColor(4, 1).name() == "#ff0000"
    with pytest.raises(ValueError, match="expected uint8"):
        to_pixmap(np.zeros((3, 5), np.uint8))


def test_a_policy_that_cannot_be_steered_is_named_where_one_would_draw(rigged: Rigged) -> None:
    rigged.ready()
    canvas, before = rigged.window.workspace.canvas, rigged.store.capabilities
    usual = canvas.hint
    rigged.store.set_capabilities(replace(before, name="pi0", trace_in=False))
    assert "pi0 cannot follow a drawn trace" in canvas.hint
    rigged.store.set_capabilities(before)
    assert canvas.hint == usual
