"""One event of each kind, and a comparison that looks into arrays."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np

from core.camera import CameraModel
from core.episode import Outcome
from core.session import events
from core.types import (
    ActionChunk,
    Decisions,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    Trace,
    TraceSource,
)


def smooth_image(height=24, width=32):
    """A picture that JPEG keeps within a few grey levels."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 4, y * 4, x + y], axis=-1).astype(np.uint8)


def frame(camera="front", seq=0):
    return Frame(camera=camera, image=smooth_image(), t_ns=1_000 + seq, seq=seq)


def state():
    return RobotState(
        q=np.linspace(-1, 1, 7), ee_pose=np.eye(4), gripper=0.25, t_ns=77, mode="moving"
    )


def chunk():
    actions = np.linspace(-0.02, 0.02, 56).reshape(8, 7)
    actions[0, 0], actions[1, 1] = np.nan, -np.inf
    return ActionChunk(actions=actions, rate_hz=5.0)


def reasoning():
    noise = np.random.default_rng(0)
    trace = Trace(points=np.array([[0.0, 255.0], [10.5, 20.25]]), source=TraceSource.USER)
    return Reasoning(
        request_id=4,
        text="The depth map … “<DEPTH_START>”",
        prompt="what?",
        depth=DepthTokens(codes=np.arange(100)),
        depth_map=DepthMap(values=noise.random((20, 30), dtype=np.float32), metric=True),
        traces=(trace, Trace(points=np.array([[1.0, 2.0]]))),
        chunk=chunk(),
        steered_by=trace,
        model_image=noise.integers(0, 256, (16, 16, 3), dtype=np.uint8),
        timings={"depth": 0.1, "total": 0.7},
        decisions=Decisions(
            at=np.array([0, 4, 9]),
            seconds=np.array([0.1, 0.25, 0.25]),
            confidence=np.array([1.0, 0.3, 1 / 3]),
        ),
        warnings=("slow",),
    )


def camera():
    return CameraModel.from_fov(width=320, height=240, fovy=0.8, pose=np.eye(4))


def every_kind():
    """One event of each kind but live pictures, which lose a little."""
    trace = reasoning().traces[0]
    observation = Observation(
        frames=(frame(), frame("wrist", 3)), instruction="lift the “bowl”", state=state()
    )
    return [
        events.SessionStarted(
            configuration={"theme": "dark", "steps": [1, 2], "none": None},
            policy="embedded",
            checkpoint="ab" * 32,
            robot="lab",
            host="127.0.0.1",
            cameras={"front": camera(), "wrist": None},
            workspace=np.array([[0.2, -0.4, 0.0], [0.7, 0.4, 0.6]]),
        ),
        events.StateSampled(state=state()),
        events.Observed(request_id=4, observation=observation),
        events.Reasoned(reasoning=reasoning()),
        events.Reasoned(reasoning=Reasoning(request_id=5, text="", error="no answer")),
        events.TraceEdited(operation="draw", before=np.zeros((0, 2)), after=np.ones((7, 2))),
        events.Steered(request_id=5, trace=trace, model_image=smooth_image()),
        events.Previewed(
            chunk=chunk(), poses=np.stack([np.eye(4)] * 9), ok=False, reason="too far", step=3
        ),
        events.ChunkStarted(run_id="r1", chunk=chunk(), steps=2, request_id=5),
        events.StepDone(run_id="r1", step=0, state=state()),
        events.StepDone(run_id="r1", step=1),
        events.ChunkEnded(run_id="r1", reason="done", steps_done=2),
        events.Stopped(by="operator"),
        events.Fault(sentence="The lab is gone.", source="rig"),
        events.Note(text="good one"),
        events.CandidateKept(label="first", points=np.array([[1.0, 2.0], [30.5, 40.0]])),
        events.CandidateDropped(label="first"),
        events.Compared(
            request_ids=(4, 5), labels=("model", "first"), instructions=("push", "shove")
        ),
        events.PlanChosen(label="first", request_id=5, among=(4, 5)),
        events.InstructionChanged(before="pick up the cube", after="push the cube", request_id=5),
        events.EpisodeStarted(number=1, instruction="push the cube", rubric="Push"),
        events.EpisodeProgressed(number=1, progress=25, milestone="reached", rubric="Push"),
        events.EpisodeNoted(number=1, remark=1, text="It slid “away”."),
        events.EpisodeEnded(number=1, outcome=Outcome.FAILURE, progress=25, note="It slid away."),
        events.EpisodeEnded(number=1, outcome=Outcome.DISCARDED, revised=True),
        events.Attached(name="consent", text="I agree.", media_type="text/markdown"),
    ]


def same(left, right):
    """Whether two values are equal, arrays and dataclasses included."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        left, right = np.asarray(left), np.asarray(right)
        return left.dtype == right.dtype and np.array_equal(
            left, right, equal_nan=left.dtype.kind == "f"
        )
    if is_dataclass(left):
        return type(left) is type(right) and all(
            same(getattr(left, f.name), getattr(right, f.name)) for f in fields(left)
        )
    if isinstance(left, (list, tuple)):
        return (
            type(left) is type(right)
            and len(left) == len(right)
            and all(same(a, b) for a, b in zip(left, right, strict=True))
        )
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return type(left) is type(right) and left == right
