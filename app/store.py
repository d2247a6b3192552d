"""The state of the window: the only mutable state of the studio, in one object.

Widgets read it and repaint on its signals; only the controller, the automatic mode and the undo
commands write it. Nothing here talks to a service.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.motion_info import MotionInfo
from core.camera import CameraModel
from core.episode import Episodes
from core.policy.doubt import severe_texts
from core.types import ActionChunk, Capabilities, Observation, Reasoning, RobotState

if TYPE_CHECKING:
    from robot.guard import Preview


class Phase(StrEnum):
    """What the studio is doing."""

    STARTING = "starting"
    READY = "ready"
    THINKING = "thinking"
    PLANNED = "planned"
    STEERING = "steering"
    STEERED = "steered"
    COMPARING = "comparing"
    RUNNING = "running"
    STOPPED = "stopped"
    FAULT = "fault"


class Page(StrEnum):
    """What the window shows: the live picture, or what was recorded."""

    STEER = "steer"
    REVIEW = "review"


BUSY = frozenset({Phase.THINKING, Phase.STEERING, Phase.COMPARING})
"""Phases in which a policy request is under way."""


class PlanKind(StrEnum):
    """Whose plan it is; in this order they are numbered from 1."""

    MODEL = "model"
    USER = "user"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"

    @property
    def number(self) -> int:
        """The number that it has on its card, in the picture and as a key."""
        return list(PlanKind).index(self) + 1


CANDIDATES = (PlanKind.FIRST, PlanKind.SECOND, PlanKind.THIRD)
"""Places for what is kept to be compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A trace, or other words for the instruction, kept to be compared.

    Attributes:
        points: (L, 2) the trace in 0..255 across the image; None for a wording.
        wording: The instruction in other words; empty for a trace.
    """

    points: NDArray[np.float64] | None = None
    wording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An answer that can be run.

    Attributes:
        kind: Whose plan it is.
        reasoning: The complete answer.
        preview: Path and verdict of the guard, once the rig has looked at it.
        refusal: Why there is no preview, as a sentence.
        allowed: Whether a person has looked at severe doubts and allowed the plan.
        instruction: What the policy was told when it was asked for this plan.
    """

    kind: PlanKind
    reasoning: Reasoning
    preview: Preview | None = None
    refusal: str = ""
    allowed: bool = False
    instruction: str = ""

    @property
    def doubts(self) -> tuple[str, ...]:
        """Severe doubts that nobody has looked at; while there are some the plan may not run."""
        return () if self.allowed else severe_texts(self.reasoning.warnings)

    @property
    def chunk(self) -> ActionChunk | None:
        """The actions; none when the answer could not be read."""
        return self.reasoning.chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class RigInfo:
    """What is known of the connected rig.

    Attributes:
        kind: "lab" or "real".
        host: Address of the arm.
        cameras: Calibration by camera name; None where a camera is not calibrated.
        workspace: Corners of the box that the tool may move in, (3,) and (3,) [m], if known.
    """

    kind: str
    host: str
    cameras: dict[str, CameraModel | None] = field(default_factory=dict)
    workspace: tuple[Any, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """State of the session log.

    Attributes:
        path: File that is being written; empty while nothing is recorded.
        since_ns: When it began [ns, monotonic].
        size: Bytes so far.
        dropped: Frames that did not make it into the log.
        room_s: How long the disk lasts at this pace [s]; None while nobody can say.
    """

    path: str = ""
    since_ns: int = 0
    size: int = 0
    dropped: int = 0
    room_s: float | None = None


class Store(QObject):
    """Holds the state and tells about every change of it."""

    phase_changed = Signal(Phase)
    services_changed = Signal()
    capabilities_changed = Signal()
    rig_changed = Signal()
    robot_changed = Signal()
    motion_changed = Signal()
    instruction_changed = Signal(str)
    observation_changed = Signal()
    looking_changed = Signal()
    partial_changed = Signal()
    plans_changed = Signal()
    draft_changed = Signal()
    candidates_changed = Signal()
    waiting_changed = Signal()
    point_changed = Signal()
    recording_changed = Signal()
    auto_changed = Signal()
    progress_changed = Signal()
    episodes_changed = Signal()
    page_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.phase = Phase.STARTING
        self.page = Page.STEER
        self.services: dict[str, str] = {}
        self.capabilities: Capabilities | None = None
        self.rig: RigInfo | None = None
        self.robot: RobotState | None = None
        self.motion = MotionInfo()
        self.study_mode = self.clamp = False
        self.instruction = ""
        self.observation: Observation | None = None
        self.branched = ""
        self.looking = ""
        self.partial: Reasoning | None = None
        self.plans: dict[PlanKind, Plan] = {}
        self.selected: PlanKind | None = None
        self.candidates: dict[PlanKind, Candidate] = {}
        self.waiting: dict[PlanKind, Reasoning | None] = {}
        self.draft: NDArray[np.float64] | None = None
        self.travelled: NDArray[np.float64] = np.zeros((0, 2))
        self.point = -1
        self.recording = Recording()
        self.auto = False
        self.cycle = 0
        self.progress = (0, 0)
        self.episodes = Episodes()
        self.lab_says: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan | None:
        """The selected plan."""
        return self.plans.get(self.selected) if self.selected else None

    def set_phase(self, phase: Phase) -> None:
        """Enter a phase."""
        if phase != self.phase:
            self.phase = phase
            self.phase_changed.emit(phase)

    def set_page(self, page: Page) -> None:
        """Show another page of the window."""
        if page != self.page:
            self.page = page
            self.page_changed.emit()

    def settle(self) -> None:
        """Enter the phase that the plans at hand mean; a stop or a fault stays."""
        if self.phase in (Phase.STOPPED, Phase.FAULT, Phase.STARTING):
            return
        if self.plans.keys() - {PlanKind.MODEL}:
            self.set_phase(Phase.STEERED)
        elif PlanKind.MODEL in self.plans:
            self.set_phase(Phase.PLANNED)
        else:
            self.set_phase(Phase.READY)

    def set_service(self, name: str, status: str) -> None:
        """Remember what a service is doing; an empty status means that it is ready."""
        if self.services.get(name) != status:
            self.services[name] = status
            self.services_changed.emit()

    def set_capabilities(self, capabilities: Capabilities | None) -> None:
        """Remember what the policy can do; None while there is no policy."""
        self.capabilities = capabilities
        self.capabilities_changed.emit()

    def set_rig(self, rig: RigInfo | None) -> None:
        """Remember the connected rig; None while there is none."""
        self.rig = rig
        if rig is None or self.looking not in rig.cameras:
            self.look_through("")
        self.rig_changed.emit()

    def set_robot(self, state: RobotState | None) -> None:
        """Remember the newest state of the arm."""
        if state is not self.robot:
            self.robot = state
            self.robot_changed.emit()

    def set_motion(self, **changes: Any) -> None:
        """Remember what the rig reports of motion."""
        motion = replace(self.motion, **changes)
        if motion != self.motion:
            self.motion = motion
            self.motion_changed.emit()

    def set_instruction(self, text: str) -> None:
        """Remember what the person typed."""
        if text != self.instruction:
            self.instruction = text
            self.instruction_changed.emit(text)

    def pin(self, observation: Observation | None, branched: str = "") -> None:
        """Pin an observation, or go back to the live picture; either way the plans are void.

        Args:
            observation: The pictures; None for the live ones.
            branched: Which recorded moment it is; empty for one of now.
        """
        self.observation, self.branched = observation, branched
        if observation is not None:
            self.look_through("")
        self.set_partial(None)
        self.clear_plans()
        self.observation_changed.emit()

    def look_through(self, camera: str) -> None:
        """Look through another camera than the one that traces refer to; empty for that one."""
        if camera != self.looking:
            self.looking = camera
            self.looking_changed.emit()

    def set_partial(self, reasoning: Reasoning | None) -> None:
        """Show as much of an answer as has arrived."""
        if reasoning is not self.partial:
            self.partial = reasoning
            self.partial_changed.emit()

    def set_plan(self, plan: Plan, *, select: bool = True) -> None:
        """Add or replace a plan."""
        self.plans[plan.kind] = plan
        if select:
            self.selected = plan.kind
        self.plans_changed.emit()

    def update_plan(self, kind: PlanKind, **changes: Any) -> None:
        """Change fields of a plan that is still there."""
        if kind in self.plans:
            self.set_plan(replace(self.plans[kind], **changes), select=False)

    def drop_plan(self, kind: PlanKind) -> None:
        """Forget a plan, for example because its trace was edited."""
        if self.plans.pop(kind, None) is not None:
            if self.selected == kind:
                # Nobody has chosen a candidate that is left over.
                self.selected = PlanKind.MODEL if PlanKind.MODEL in self.plans else None
            self.plans_changed.emit()

    def clear_plans(self) -> None:
        """Forget all plans."""
        if self.plans or self.selected:
            self.plans.clear()
            self.selected = None
            self.plans_changed.emit()

    def select(self, kind: PlanKind) -> None:
        """Choose the plan that is shown and would be run."""
        if kind in self.plans and kind != self.selected:
            self.selected = kind
            self.plans_changed.emit()

    def set_candidate(self, kind: PlanKind, candidate: Candidate | None) -> None:
        """Keep something to be compared in one of the places, or free the place."""
        if candidate is None:
            self.candidates.pop(kind, None)
        else:
            self.candidates[kind] = candidate
        self.candidates_changed.emit()

    def set_waiting(self, waiting: dict[PlanKind, Reasoning | None]) -> None:
        """Remember which plans are asked for, with as much of each as has arrived."""
        if waiting or self.waiting:
            self.waiting = waiting
            self.waiting_changed.emit()

    def set_draft(
        self,
        points: NDArray[np.float64] | None,
        travelled: NDArray[np.float64] | None = None,
    ) -> None:
        """Replace the drawn trace.

        Args:
            points: (L, 2) in 0..255 across the image, or None for no trace.
            travelled: (K, 2) part that the gripper has passed; none when left out.
        """
        self.draft = None if points is None or not len(points) else np.array(points, float)
        self.travelled = np.zeros((0, 2)) if travelled is None else np.array(travelled, float)
        if self.draft is None or self.point >= len(self.draft):
            self.select_point(-1)
        self.draft_changed.emit()

    def select_point(self, index: int) -> None:
        """Select a point of the drawn trace by its index; -1 for none."""
        if index != self.point:
            self.point = index
            self.point_changed.emit()

    def set_recording(self, recording: Recording) -> None:
        """Remember the state of the session log."""
        self.recording = recording
        self.recording_changed.emit()

    def set_auto(self, auto: bool, cycle: int = 0) -> None:
        """Remember whether the automatic mode is on, and its cycle."""
        if (auto, cycle) != (self.auto, self.cycle):
            self.auto, self.cycle = auto, cycle
            self.auto_changed.emit()

    def set_progress(self, step: int, total: int) -> None:
        """Remember how far the run is."""
        if (step, total) != self.progress:
            self.progress = (step, total)
            self.progress_changed.emit()

    def set_episodes(self, episodes: Episodes) -> None:
        """Remember the attempts of this session."""
        self.episodes = episodes
        self.episodes_changed.emit()

    def set_lab_says(self, lifted: tuple[str, ...]) -> None:
        """Remember what the lab sees in the air: a suggestion, never an outcome."""
        if lifted != self.lab_says:
            self.lab_says = lifted
            self.episodes_changed.emit()
