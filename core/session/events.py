"""What can happen in a session: frozen, typed, and each kind survives a trip through the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.session.compare_events import (
    CandidateDropped,
    CandidateKept,
    Compared,
    PlanChosen,
    describe_comparison,
)
from core.session.episode_events import (
    EpisodeEnded,
    EpisodeNoted,
    EpisodeProgressed,
    EpisodeStarted,
    describe_episode,
)
from core.session.event import Event
from core.types import ActionChunk, Frame, Observation, Reasoning, RobotState, Trace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameSeen(Event):
    """A live picture; it is stored as JPEG.

    Attributes:
        frame: The picture; its capture time becomes ``t_ns``.
        preview: Whether it only makes the film smoother, as while nothing moves; such pictures
            are left out before others. It is not kept in the file.
    """

    frame: Frame
    preview: bool = False
    decisive: ClassVar[bool] = False
    droppable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "t_ns", self.frame.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateSampled(Event):
    """A measurement of the arm, up to a thousand a second.

    Attributes:
        state: The measurement; its time becomes ``t_ns``.
    """

    state: RobotState
    decisive: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "t_ns", self.state.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SessionStarted(Event):
    """Everything is connected: what the session works with.

    Attributes:
        configuration: Settings, as plain values.
        policy: Name of the checkpoint or server.
        checkpoint: SHA-256 of the weights, if known.
        robot: "lab" or "real".
        host: Address of the arm.
        cameras: Calibration by camera; None where a camera is not calibrated.
        workspace: (2, 3) lowest and highest corner of the box that the tool may move in, in the
            base frame [m], if known.
    """

    configuration: dict[str, Any] = field(default_factory=dict[str, Any])
    policy: str = ""
    checkpoint: str = ""
    robot: str = ""
    host: str = ""
    cameras: dict[str, CameraModel | None] = field(default_factory=dict[str, CameraModel | None])
    workspace: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.workspace is not None:
            object.__setattr__(self, "workspace", _frozen(self.workspace, (2, 3)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed(Event):
    """A policy is asked; its pictures are stored exactly.

    Attributes:
        request_id: Number of the request.
        observation: What the policy is asked about.
    """

    request_id: int
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reasoned(Event):
    """A policy has answered.

    Attributes:
        reasoning: The complete answer; its picture of the model's input is stored exactly.
    """

    reasoning: Reasoning


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraceEdited(Event):
    """A person changed the draft of a trace.

    Attributes:
        operation: What was done, such as "draw", "move", "insert", "delete", "undo".
        before: (M, 2) points, 0..255 across the image, before the change; (0, 2) for none.
        after: (N, 2) points after it.
        request_id: Request whose picture the draft is drawn on.
    """

    operation: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    request_id: int = 0

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            object.__setattr__(self, name, _frozen(getattr(self, name), (-1, 2)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steered(Event):
    """A person asks the policy to follow a trace.

    Attributes:
        request_id: Number of the request.
        trace: What is drawn into the model's input.
        model_image: (H, W, 3) uint8 RGB, I+ as the studio showed it, stored exactly.
    """

    request_id: int
    trace: Trace
    model_image: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Previewed(Event):
    """The guard has judged a chunk.

    Attributes:
        chunk: The chunk.
        poses: (N+1, 4, 4) end-effector poses it leads to, in the base frame [m].
        ok: Whether it may run.
        reason: Why not, as a sentence.
        step: Step at fault.
        request_id: Request that the chunk answers.
    """

    chunk: ActionChunk
    poses: NDArray[np.float64]
    ok: bool
    reason: str = ""
    step: int | None = None
    request_id: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "poses", _frozen(self.poses, (-1, 4, 4)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChunkStarted(Event):
    """The rig has begun to execute.

    Attributes:
        run_id: Number of the run.
        chunk: The chunk.
        steps: How many of its steps are to run.
        request_id: Request that the chunk answers.
    """

    run_id: str
    chunk: ActionChunk
    steps: int
    request_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepDone(Event):
    """One step of a chunk has been executed.

    Attributes:
        run_id: Number of the run.
        step: Index of the step, from 0.
        state: What the arm measured afterwards, if known.
    """

    run_id: str
    step: int
    state: RobotState | None = None
    decisive: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChunkEnded(Event):
    """A run is over.

    Attributes:
        run_id: Number of the run.
        reason: "done", "stopped", or a sentence about what went wrong.
        steps_done: How many steps were executed.
    """

    run_id: str
    reason: str
    steps_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stopped(Event):
    """Somebody or something stopped the arm.

    Attributes:
        by: Who, such as "operator" or "watchdog".
    """

    by: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fault(Event):
    """Something went wrong.

    Attributes:
        sentence: What, in words for the person.
        source: Which part, such as "rig" or "policy".
    """

    sentence: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Note(Event):
    """A remark, of a person or of a program.

    Attributes:
        text: The remark.
        author: Who makes it, such as "operator", "studio" or "recorder".
    """

    text: str
    author: str = "operator"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InstructionChanged(Event):
    """A person changed the instruction after the policy had been asked.

    Attributes:
        before: Instruction of the last request.
        after: What is in the box now.
        request_id: The last request; its plan still follows the old instruction.
    """

    before: str
    after: str
    request_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attached(Event):
    """A document that the session was held by; it is an attachment of the file as well.

    Attributes:
        name: What it is called, such as "consent" or "protocol".
        text: All of it.
        media_type: Such as "text/plain" or "application/yaml".
    """

    name: str
    text: str
    media_type: str = "text/plain"


EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        FrameSeen,
        StateSampled,
        SessionStarted,
        Observed,
        Reasoned,
        TraceEdited,
        Steered,
        Previewed,
        ChunkStarted,
        StepDone,
        ChunkEnded,
        Stopped,
        Fault,
        Note,
        CandidateKept,
        CandidateDropped,
        Compared,
        PlanChosen,
        InstructionChanged,
        EpisodeStarted,
        EpisodeProgressed,
        EpisodeNoted,
        EpisodeEnded,
        Attached,
    )
}


def describe(event: Event) -> str:
    """Return the event as one line for people."""
    match event:
        case SessionStarted():
            return f"Session started with {event.policy or 'no policy'} on {event.robot} arm"
        case Observed():
            return f'Asked ({event.request_id}): "{event.observation.instruction}"'
        case Reasoned():
            return f"Answered ({event.reasoning.request_id}): {event.reasoning.error or 'complete'}"
        case TraceEdited():
            return f"Trace edited: {event.operation}, {len(event.after)} points"
        case Steered():
            return f"Steered ({event.request_id}) with {len(event.trace.points)} points"
        case Previewed():
            return "Preview accepted" if event.ok else f"Preview refused: {event.reason}"
        case ChunkStarted():
            return f"Run {event.run_id} started, {event.steps} steps"
        case StepDone():
            return f"Run {event.run_id}: step {event.step + 1} done"
        case ChunkEnded():
            return f"Run {event.run_id} ended after {event.steps_done} steps: {event.reason}"
        case Stopped():
            return f"Stopped by {event.by}"
        case Fault():
            return f"Fault in {event.source or 'the studio'}: {event.sentence}"
        case Note():
            return f"{event.author}: {event.text}"
        case InstructionChanged():
            return f'Instruction changed: "{event.before}" became "{event.after}"'
        case Attached():
            return f'Attached "{event.name}", {len(event.text)} characters'
        case _:
            return describe_comparison(event) or describe_episode(event) or type(event).__name__


def _frozen(values: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64).reshape(shape)
    array.setflags(write=False)
    return array
