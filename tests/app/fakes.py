"""A scripted policy and a scripted rig with the interfaces of RemotePolicy and RigClient."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from core import depth
from core.camera import CameraModel
from core.overlay import draw_trace, prepare_frame
from core.policy.base import Cancelled
from core.protocol.action_codec import bins_of, rows_text
from core.protocol.prompts import reasoning_answer, steered_answer
from core.protocol.statistics import NormStats
from core.session.client import RecorderStatus
from core.types import (
    ActionChunk,
    Capabilities,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    StudioError,
    Trace,
)
from robot.path import integrate
from robot.rig.messages import Released, RunEnded, RunStarted, StateChanged, StepDone, Stopped
from robot.rig.states import MotionState

SIZE = (320, 240)
NEAR, FAR = 0.5, 2.0
CODES = (np.arange(100) * 7) % 128
MODEL_TRACE = np.array([[120.0, 60.0], [110.0, 100.0], [96.0, 140.0], [90.0, 170.0]])


def front_camera() -> CameraModel:
    """Look at the table from the front, 1.2 m away."""
    eye, target = np.array([1.25, 0.0, 0.75]), np.array([0.45, 0.0, 0.1])
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = eye
    return CameraModel.from_fov(width=SIZE[0], height=SIZE[1], fovy=0.8, pose=pose)


def ee_pose(x: float = 0.45, y: float = 0.1, z: float = 0.35) -> np.ndarray:
    """A gripper pointing down."""
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3, 3] = (x, y, z)
    return pose


def picture(seed: int = 0, pose: np.ndarray | None = None) -> np.ndarray:
    """A table with three blocks and a gripper, seen by the front camera."""
    camera = front_camera()
    image = np.full((SIZE[1], SIZE[0], 3), (196, 190, 180), np.uint8)

    def box(centre: tuple[float, float, float], half: float, colour: tuple[int, int, int]) -> None:
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).T.reshape(-1, 3)
        corners = camera.project(np.array(centre) + half * signs)
        hull = cv2.convexHull(corners.astype(np.float32)).astype(np.int32)
        cv2.fillConvexPoly(image, hull, colour, cv2.LINE_AA)

    table = camera.project(np.array([[0.1, -0.5, 0], [0.9, -0.5, 0], [0.9, 0.5, 0], [0.1, 0.5, 0]]))
    cv2.fillConvexPoly(image, table.astype(np.int32), (150, 122, 96), cv2.LINE_AA)
    shift = 0.05 * np.sin(seed)
    box((0.5, -0.18 + shift, 0.03), 0.03, (200, 50, 45))
    box((0.6, 0.16, 0.03), 0.03, (50, 90, 190))
    box((0.36, 0.02, 0.03), 0.03, (60, 150, 80))
    hand = (ee_pose() if pose is None else pose)[:3, 3]
    box((hand[0], hand[1], hand[2] + 0.05), 0.035, (70, 72, 76))
    box((hand[0], hand[1] - 0.03, hand[2]), 0.01, (40, 40, 44))
    box((hand[0], hand[1] + 0.03, hand[2]), 0.01, (40, 40, 44))
    return image


def actions(n: int = 8) -> np.ndarray:
    """Go down and to the right, closing the gripper at the end."""
    rows = np.zeros((n, 7))
    rows[:, 1], rows[:, 2] = -0.03, -0.025
    rows[:, 6] = 1.0
    rows[-2:, 6] = 0.0
    return rows


STATS = NormStats(
    q01=np.full(7, -0.05, np.float32),
    q99=np.full(7, 0.05, np.float32),
    mask=np.array([True] * 6 + [False]),
    summary={},
)


class ScriptedPolicy:
    """Answers at once, or stage by stage as far as ``steps`` are released."""

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities or Capabilities(
            name="scripted",
            depth=True,
            trace_out=True,
            trace_in=True,
            stream=True,
            cancel=True,
            chunk=8,
            images=2,
            image_size=(160, 120),
            execute_steps=2,
        )
        self.gate = threading.Event()
        self.gate.set()
        self.stage_fraction = 1.0
        self.asked: list[tuple[Observation, Trace | None]] = []
        self.cancelled = 0
        self.error: str = ""
        self.failure: Exception | None = None
        self.closed = False
        self.chunk = ActionChunk(actions=actions())

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: Callable[[Reasoning], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        self.asked.append((observation, trace))
        image = prepare_frame(observation.frames[0].image, self.capabilities.image_size)
        if trace is not None:
            image = draw_trace(image, trace.points)
        rows = rows_text(bins_of(self.chunk.actions, STATS))
        if trace is None:
            text = reasoning_answer(CODES, [MODEL_TRACE], rows, len(observation.frames))
        else:
            text = steered_answer(rows)
        if on_stage is not None:
            cut = int(len(text) * self.stage_fraction)
            on_stage(
                Reasoning(
                    request_id=request_id, text=text[:cut], model_image=image, steered_by=trace
                )
            )
        while not self.gate.wait(0.005):
            if cancelled is not None and cancelled():
                self.cancelled += 1
                raise Cancelled
        if self.failure is not None:
            raise self.failure
        map_ = depth.metric_map(np.tile(np.linspace(-0.6, 0.9, 80)[:, None], (1, 80)), NEAR, FAR)
        thinking = trace is None
        return Reasoning(
            request_id=request_id,
            text=text,
            prompt="scripted",
            depth=DepthTokens(codes=CODES) if thinking else None,
            depth_map=map_ if thinking else None,
            traces=(Trace(points=MODEL_TRACE),) if thinking else (),
            chunk=None if self.error else self.chunk,
            steered_by=trace,
            model_image=image,
            timings={"depth": 0.31, "trace": 0.42, "actions": 0.8, "total": 0.8}
            if thinking
            else {"actions": 0.4, "total": 0.4},
            error=self.error,
        )

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True, kw_only=True)
class Verdict:
    ok: bool = True
    reason: str = ""
    step: int | None = None
    kind: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Preview:
    poses: np.ndarray
    verdict: Verdict
    digest: str = ""
    clamped: int = 0
    joints: np.ndarray | None = None


@dataclass
class ScriptedRig:
    """Moves by hand: a test calls ``step`` and ``end``; with ``auto_run`` runs end at once."""

    kind: str = "lab"
    host: str = "127.0.0.1"
    auto_run: bool = False
    verdict: Verdict = field(default_factory=Verdict)
    cameras: dict[str, CameraModel | None] = field(
        default_factory=lambda: {"front": front_camera(), "wrist": None}
    )
    lifted_after: int = 0
    hold_to_run: bool = False
    name: str = "client 1"
    arm_seconds: float = 10.0
    latency_ms: float = 0.0

    def __post_init__(self) -> None:
        self.speed, self.max_speed, self.faults = 1.0, 1.0, ""
        self.motion = StateChanged(state=MotionState.IDLE)
        self.holder = ""
        self.pulses: list[bool] = []
        self.previewed: dict[str, tuple[ActionChunk, int | None]] = {}
        self.armed = ""
        self.contexts: list[tuple[str, int | None, bool]] = []
        self.disarmed: list[str] = []
        self.revision = 0
        self.clamped = 0
        self.missing: list[dict[str, str]] = []
        self.acknowledged: list[list[str]] = []
        self.confirmed: list[list[str]] = []
        self.boxes: list[tuple[list[float], list[float]]] = []
        self.start_lock = threading.Lock()
        self.events: queue.Queue[Any] = queue.Queue()
        self.runs: list[tuple[ActionChunk, int | None]] = []
        self.calls: list[str] = []
        self.stops: list[str] = []
        self.stop_heard = threading.Event()
        self.stop_heard.set()
        self.busy = threading.Event()
        self.busy.set()
        self.seq, self._shot_ns = 0, 0
        self.live = True
        self.pose = ee_pose()
        self.connected = False
        self.refusal = ""
        self.stopped_by_hello = ""
        self.workspace = ([0.2, -0.45, 0.0], [0.75, 0.45, 0.6])

    @property
    def is_connected(self) -> bool:
        return self.connected

    @property
    def stopped_by(self) -> str:
        return self.stopped_by_hello

    def connect(self) -> None:
        if self.refusal:
            raise StudioError(self.refusal)
        self.connected = True
        if self.motion.state == MotionState.EXECUTING:  # whoever leaves stops what he started
            self.holder = ""
            self.motion = StateChanged(state=MotionState.IDLE)

    def close(self) -> None:
        self.connected = False

    def frames(self) -> dict[str, Frame]:
        now = time.monotonic_ns()
        if self.live and now - self._shot_ns > 30_000_000:  # as often as a camera
            self.seq += 1
            self._shot_ns = now
            self._frames = {
                name: Frame(camera=name, image=picture(0, self.pose), t_ns=now, seq=self.seq)
                for name in self.cameras
            }
        return self._frames

    def state(self) -> RobotState:
        return RobotState(q=np.zeros(7), ee_pose=self.pose, gripper=1.0, t_ns=time.monotonic_ns())

    # -- who may move, and with what ---------------------------------------------------------

    def enter(self, state: MotionState, why: str = "", **values: Any) -> None:
        """Be in another state, and say so."""
        event = StateChanged(state=state, why=why, holder=self.holder, **values)
        self.motion = event
        self.events.put(event)

    def claim(self) -> None:
        if self.holder not in ("", self.name):
            raise StudioError(f"Nothing was done: another window holds the arm ({self.holder}).")
        self.holder = self.name

    def yield_(self) -> None:
        self.calls.append("yield")
        self.holder = ""
        self.enter(MotionState(self.motion.state))

    def pulse(self, held: bool) -> None:
        self.pulses.append(held)
        if self.motion.state == MotionState.EXECUTING and self.hold_to_run and not held:
            self.latch("the hold was released")

    def preview(
        self,
        chunk: ActionChunk,
        steps: int | None = None,
        *,
        context: str = "",
        observed_ns: int | None = None,
        clamp: bool = False,
    ) -> Preview:
        self.calls.append("preview")
        self.contexts.append((context, observed_ns, clamp))
        part = (id(chunk), steps or len(chunk.actions), context, self.revision)
        digest = f"{abs(hash(part)):x}"
        self.previewed[digest] = (chunk, steps)
        if self.verdict.ok and self.motion.state not in (
            MotionState.EXECUTING,
            MotionState.STOPPED,
            MotionState.FAULT,
        ):
            self.enter(MotionState.PREVIEWED, digest=digest)
        return Preview(
            poses=integrate(self.pose, chunk.actions),
            verdict=self._judge(steps, len(chunk.actions)),
            digest=digest,
            clamped=self.clamped if clamp else 0,
        )

    def _judge(self, steps: int | None, total: int) -> Verdict:
        """A later step that goes too far does not matter when it is not asked for."""
        step = self.verdict.step
        later = step is not None and step >= (steps or total)
        return Verdict() if later else self.verdict

    def arm(self, digest: str) -> float:
        self.busy.wait(5)
        self.calls.append("arm")
        self.claim()
        if digest not in self.previewed:
            raise StudioError("This is not the plan that was previewed last.")
        if self.motion.state in (MotionState.STOPPED, MotionState.FAULT):
            raise StudioError("A stop is in force; release it first.")
        self.armed = digest
        self.enter(MotionState.ARMED, digest=digest, expires_s=self.arm_seconds)
        return self.arm_seconds

    def disarm(self, why: str) -> None:
        self.disarmed.append(why)
        self.armed = ""
        if self.motion.state in (MotionState.ARMED, MotionState.PREVIEWED):
            self.enter(MotionState.IDLE, why)

    def start(self, digest: str, *, supersede: bool = False) -> str:
        with self.start_lock:
            if self.armed != digest:
                raise StudioError("The plan is not armed; arm it, then run it.")
            if self.hold_to_run and not (self.pulses and self.pulses[-1]):
                raise StudioError("Nothing is held; hold the button, the key or the pedal.")
            self.armed = ""
            chunk, steps = self.previewed[digest]
            self.runs.append((chunk, steps))
            run_id = str(len(self.runs))
            self.enter(MotionState.EXECUTING, digest=digest, run_id=run_id)
            self.events.put(RunStarted(run_id=run_id, steps=steps or len(chunk.actions)))
        if self.auto_run:
            self.finish(steps or len(chunk.actions))
        return run_id

    def run(self, chunk: ActionChunk, steps: int | None = None) -> str:
        digest = self.preview(chunk, steps).digest
        self.arm(digest)
        return self.start(digest)

    def set_workspace(self, low: Any, high: Any) -> None:
        self.boxes.append(([float(v) for v in low], [float(v) for v in high]))
        self.revision += 1

    def teach(self) -> np.ndarray:
        return self.pose[:3, 3].copy()

    def set_speed(self, share: float) -> None:
        self.speed = share

    def checklist(self, *, recovery: bool = False) -> list[dict[str, str]]:
        self.calls.append("recovery checklist" if recovery else "checklist")
        return self.missing

    def acknowledge(self, items: Sequence[str]) -> None:
        self.acknowledged.append(list(items))
        self.enter(MotionState.IDLE)

    def tidy(self) -> None:
        self.calls.append("tidy")
        self._way("tidy")

    def finish(self, steps: int) -> None:
        """Execute the last run up to a number of steps."""
        chunk, run_id = self.runs[-1][0], str(len(self.runs))
        self.pose = integrate(self.pose, chunk.actions[:steps])[-1]
        for step in range(steps):
            self.events.put(StepDone(run_id=run_id, step=step))
        if self.motion.state == MotionState.EXECUTING:
            self.enter(MotionState.IDLE)
        self.events.put(RunEnded(run_id=run_id, reason="done", steps_done=steps))

    def latch(self, by: str) -> None:
        """Be stopped by something that is not a person."""
        self.armed = ""
        self.enter(MotionState.STOPPED, f"The arm was stopped by {by}; release it first.")
        self.events.put(Stopped(by=by))

    def stop(self, by: str) -> None:
        self.stop_heard.wait(20.0)
        self.stops.append(by)
        self.latch(by)

    def release_stop(self, confirmed: Sequence[str] = ()) -> None:
        self.calls.append("release_stop")
        self.confirmed.append(list(confirmed))
        self.enter(MotionState.IDLE)
        self.events.put(Released())

    def home(self) -> None:
        self.calls.append("home")
        self._way("home")

    def _way(self, where: str) -> None:
        self.claim()
        if self.hold_to_run and not (self.pulses and self.pulses[-1]):
            raise StudioError("Nothing is held; hold the button, the key or the pedal.")
        self.enter(MotionState.EXECUTING, run_id=where)
        self.events.put(RunStarted(run_id=where, steps=0))
        self.busy.wait(5)
        self.pose = ee_pose()
        if self.motion.state == MotionState.EXECUTING:
            self.enter(MotionState.IDLE)
        self.events.put(RunEnded(run_id=where, reason="done"))

    def lab(self, op: str, **arguments: Any) -> Any:
        self.calls.append(op)
        if op == "objects":
            return {"red cube": np.zeros(7), "blue cube": np.zeros(7)}
        if op == "lifted":
            after = self.lifted_after
            return bool(after) and len(self.runs) >= after and arguments["name"] == "blue cube"
        return None


class ScriptedRecorder:
    """Keeps the events."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.closed = False
        self.error = ""
        self.left: list[Any] = []

    def put(self, event: Any) -> None:
        self.events.append(event)

    def status(self) -> RecorderStatus:
        return RecorderStatus(
            recording=True,
            seconds=192.0,
            bytes=4_200_000,
            path="session.mcap.part",
            error=self.error,
        )

    def close(self, timeout: float = 10.0) -> RecorderStatus:
        self.closed = True
        return self.status()

    def unsaved(self) -> list[Any]:
        return self.left

    def names(self) -> list[str]:
        """Kinds of the decisive events, in order."""
        return [type(e).__name__ for e in self.events if not e.droppable]
