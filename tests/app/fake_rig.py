"""A scripted rig with the interface of RigClient: it moves by hand, and keeps to the rules."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.camera import CameraModel
from core.types import ActionChunk, Frame, RobotState, StudioError
from robot.path import integrate
from robot.rig.messages import Released, RunEnded, RunStarted, StateChanged, StepDone, Stopped
from robot.rig.states import MotionState
from tests.app.scenery import ee_pose, front_camera, picture


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
