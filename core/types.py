"""The values that travel between the programs: frozen, checked where they are made.

Arrays are stored read-only. Times are monotonic nanoseconds of the machine that made the value
(``time.monotonic_ns``); they order events, they are no wall clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEPTH_CODES = 100
"""Number of depth tokens in an answer: a 10 x 10 grid, row by row."""

CODEBOOK_SIZE = 128
"""Number of different depth codes, 0..127."""

TRACE_MAX = 255.0
"""Trace coordinates run from 0 to 255 across the image, whatever its size in pixels."""

MAX_TRACE_POINTS = 5

MAX_DECISIONS = 10_000
"""Most decisions that an answer may tell of; real ones have some hundred."""
ACTION_DIM = 7


def _frozen(array: Any, dtype: Any) -> NDArray[Any]:
    """Copy into a new read-only array."""
    result = np.array(array, dtype=dtype)
    result.setflags(write=False)
    return result


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One camera picture.

    Attributes:
        camera: Name of the camera, such as "front" or "wrist".
        image: (H, W, 3) uint8 RGB, read-only; a read-only input is kept without a copy.
        t_ns: Capture time [ns, monotonic].
        seq: Running number of the camera, starting at 0.
    """

    camera: str
    image: NDArray[np.uint8]
    t_ns: int
    seq: int = 0

    def __post_init__(self) -> None:
        image = self.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"frame of camera '{self.camera}' is {image.dtype} {image.shape}; "
                "expected uint8 (H, W, 3) RGB"
            )
        if image.flags.writeable:
            object.__setattr__(self, "image", _frozen(image, np.uint8))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobotState:
    """What one arm measures.

    Attributes:
        q: (7,) joint angles [rad].
        ee_pose: (4, 4) transform from the end effector to the robot's base frame [m], measured.
        gripper: Opening, 0 (closed) to 1 (open).
        t_ns: Time of the measurement [ns, monotonic].
        mode: "idle", "moving", "stopped", "fault", "disconnected", "guiding" (somebody leads the
            arm by hand) or "not ready" (it takes no motions, as with locked brakes).
        arm: Name of the arm.
    """

    q: NDArray[np.float64]
    ee_pose: NDArray[np.float64]
    gripper: float
    t_ns: int
    mode: str = "idle"
    arm: str = "right"

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", _frozen(self.q, np.float64))
        object.__setattr__(self, "ee_pose", _frozen(self.ee_pose, np.float64))
        if self.q.shape != (7,):
            raise ValueError(f"joint angles have shape {self.q.shape}; expected (7,)")
        if self.ee_pose.shape != (4, 4):
            raise ValueError(f"end-effector pose has shape {self.ee_pose.shape}; expected (4, 4)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What a policy is asked about: pictures, robot state and the instruction.

    Attributes:
        frames: At least one; the first is the one that traces refer to.
        instruction: What the person typed, unchanged.
        state: State of the arm, when known.
    """

    frames: tuple[Frame, ...]
    instruction: str
    state: RobotState | None = None

    def __post_init__(self) -> None:
        if not self.frames:
            raise ValueError("an observation needs at least one frame")


class TraceSource(StrEnum):
    """Who made a trace."""

    MODEL = "model"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthTokens:
    """The depth part of an answer.

    Attributes:
        codes: (100,) int64 in 0..127, the 10 x 10 grid row by row.
    """

    codes: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", _frozen(self.codes, np.int64))
        if self.codes.shape != (DEPTH_CODES,):
            raise ValueError(f"depth has shape {self.codes.shape}; expected ({DEPTH_CODES},)")
        if self.codes.min() < 0 or self.codes.max() >= CODEBOOK_SIZE:
            raise ValueError(f"depth codes must lie in 0..{CODEBOOK_SIZE - 1}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A visual reasoning trace: where the gripper will go, in the first image.

    Attributes:
        points: (L, 2) float64, x to the right and y down, 0..255 across the image, 1 <= L <= 5.
        source: Who made it.
        arm: Name of the arm that it guides.
    """

    points: NDArray[np.float64]
    source: TraceSource = TraceSource.MODEL
    arm: str = "right"

    def __post_init__(self) -> None:
        points = _frozen(self.points, np.float64)
        object.__setattr__(self, "points", points)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"trace points have shape {points.shape}; expected (L, 2)")
        if not 1 <= len(points) <= MAX_TRACE_POINTS:
            raise ValueError(f"a trace has 1 to {MAX_TRACE_POINTS} points, not {len(points)}")
        if not np.isfinite(points).all() or points.min() < 0 or points.max() > TRACE_MAX:
            raise ValueError("trace points must lie in 0..255")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActionChunk:
    """Consecutive end-effector steps, un-normalised.

    Attributes:
        actions: (N, 7) float64: dx, dy, dz [m] and rotation about x, y, z [rad] in the robot's
            base frame, added to the commanded pose, then gripper opening, 0 closed to 1 open.
        rate_hz: Steps per second.
        arm: Name of the arm.
    """

    actions: NDArray[np.float64]
    rate_hz: float = 5.0
    arm: str = "right"

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", _frozen(self.actions, np.float64))
        if self.actions.ndim != 2 or self.actions.shape[1] != ACTION_DIM or not len(self.actions):
            raise ValueError(f"actions have shape {self.actions.shape}; expected (N, {ACTION_DIM})")
        if not 0.1 <= self.rate_hz <= 100.0:
            raise ValueError(f"rate is {self.rate_hz} Hz; expected 0.1 to 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a policy can do; the window shows the panels that fit.

    Attributes:
        name: Name of the checkpoint or of the server.
        depth: Answers carry depth tokens.
        trace_out: Answers carry a trace.
        trace_in: Inference can be conditioned on a drawn trace.
        stream: Stages arrive while they are decoded.
        cancel: A running request can be cancelled.
        session: Answers of one session are drafted from the previous one (``infer`` takes
            ``session``).
        chunk: Steps in an action chunk.
        images: Number of images that the policy expects.
        image_size: (width, height) [px] that a frame is reduced to before a trace is drawn on it.
        arms: Number of arms.
        execute_steps: Steps of a chunk that the policy's author suggests to run before asking
            again.
        checkpoint: SHA-256 of the weights; empty while it is not known.
        action_range: Least and largest value that the model can say, for each value of a step
            [m, rad, gripper]; a scaled one has the 1st and 99th percentile seen in training. Empty
            when it is not known.
    """

    name: str
    depth: bool = False
    trace_out: bool = False
    trace_in: bool = False
    stream: bool = False
    cancel: bool = False
    session: bool = False
    chunk: int = 8
    images: int = 1
    image_size: tuple[int, int] | None = None
    arms: int = 1
    execute_steps: int = 8
    checkpoint: str = ""
    action_range: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """When and how surely the tokens of an answer were decided; forced ones are left out.

    Attributes:
        at: (D,) int32, character of the answer's text at which each token begins, ascending.
        seconds: (D,) float32, time since the request [s], ascending; the tokens that one forward
            pass decided share it.
        confidence: (D,) float32, probability of the token among those allowed there, 0..1.
    """

    at: NDArray[np.int32]
    seconds: NDArray[np.float32]
    confidence: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _frozen(self.at, np.int32))
        for name in ("seconds", "confidence"):
            object.__setattr__(self, name, _frozen(getattr(self, name), np.float32))
        shapes = {self.at.shape, self.seconds.shape, self.confidence.shape}
        if len(shapes) != 1 or self.at.ndim != 1 or len(self.at) > MAX_DECISIONS:
            raise ValueError(f"decisions have shapes {shapes}; expected one (D,)")
        if not len(self.at):
            return
        if self.at[0] < 0 or (np.diff(self.at) < 0).any():
            raise ValueError("decisions must come in the order of the text")
        steps = np.diff(self.seconds, prepend=np.float32(0))
        if not np.isfinite(self.seconds).all() or (steps < 0).any():
            raise ValueError("decisions must have ascending times from 0 on")
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():
            raise ValueError("the confidence of a decision must lie in 0..1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthMap:
    """The picture that the depth tokens decode to; it covers the whole first image.

    Attributes:
        values: (H, W) float32. Metric: distance along the optical axis [m]. Otherwise relative
            inverse depth, 0 (far) to 1 (near), without a scale.
        metric: Whether ``values`` are metres.
    """

    values: NDArray[np.float32]
    metric: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values, np.float32))
        if self.values.ndim != 2:
            raise ValueError(f"depth map has shape {self.values.shape}; expected (H, W)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reasoning:
    """An answer of a policy, or as much of it as has arrived.

    Attributes:
        request_id: Number of the request that it answers.
        text: The raw answer.
        prompt: The text the model was asked with.
        depth: Depth tokens, if the answer has them.
        depth_map: The picture they decode to, if the server decoded it.
        traces: Traces, one per arm; empty when the answer has none.
        chunk: Actions, only from an answer that parsed completely.
        steered_by: The drawn trace that the model was given, if any.
        model_image: (H, W, 3) uint8 RGB, the first image as the model saw it (I+ when steered).
        timings: Seconds since the request per stage, such as "depth", "trace", "actions", "total".
        decisions: When and how surely its tokens were decided, if the server tells.
        warnings: Sentences for the person.
        error: Why there is no chunk, as a sentence; empty when the answer is good.
    """

    request_id: int
    text: str
    prompt: str = ""
    depth: DepthTokens | None = None
    depth_map: DepthMap | None = None
    traces: tuple[Trace, ...] = ()
    chunk: ActionChunk | None = None
    steered_by: Trace | None = None
    model_image: NDArray[np.uint8] | None = None
    timings: dict[str, float] = field(default_factory=dict[str, float])
    decisions: Decisions | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""


class StudioError(Exception):
    """A fault with a sentence for the person: what was wrong and what would be right."""
