"""A small session as a studio records one: two cameras, two episodes, a stop and a note."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.camera import CameraModel
from core.episode import Outcome
from core.session import events
from core.session.writer import SessionWriter
from core.types import (
    ActionChunk,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    Trace,
    TraceSource,
)

START = 1_750_000_000_000_000_000
SECOND = 1_000_000_000
SIZE = (64, 48)
CAMERAS = ("front", "wrist")
RATE = 10
LENGTH_S = 8.0


def image(camera, number):
    """A picture whose brightness tells which one it is."""
    width, height = SIZE
    shade = np.full((height, width, 3), (number * 3) % 250, np.uint8)
    shade[: height // 2, :, CAMERAS.index(camera)] //= 2
    return shade


def frame(camera, t_ns):
    number = int(t_ns * RATE // SECOND)
    return Frame(camera=camera, image=image(camera, number), t_ns=int(t_ns), seq=number)


def state(t_ns, x=0.4):
    pose = np.eye(4)
    pose[:3, 3] = (x, 0.0, 0.2)
    return RobotState(q=np.zeros(7), ee_pose=pose, gripper=1.0, t_ns=int(t_ns))


def chunk():
    return ActionChunk(actions=np.tile([0.01, 0, 0, 0, 0, 0, 1.0], (4, 1)))


def reasoning(request_id, *, warnings=(), steered_by=None):
    text = f"The trace of {request_id} is here."
    return Reasoning(
        request_id=request_id,
        text=text,
        prompt="what?",
        depth=None if steered_by is not None else DepthTokens(codes=np.arange(100)),
        depth_map=DepthMap(values=np.full((20, 20), 0.5, np.float32), metric=True),
        traces=(Trace(points=np.array([[20.0, 30.0], [200.0, 100.0 + request_id]])),),
        chunk=chunk(),
        steered_by=steered_by,
        model_image=image("front", request_id)[:24, :32],
        timings={"total": 0.5},
        warnings=warnings,
    )


def story():
    """The events of the session with their time since its start [s]."""
    observation = Observation(
        frames=tuple(frame(camera, 0.9 * SECOND) for camera in CAMERAS),
        instruction="lift the red cube",
        state=state(0),
    )
    later = Observation(
        frames=tuple(frame(camera, 5.1 * SECOND) for camera in CAMERAS),
        instruction="push the bowl",
        state=state(0),
    )
    line = Trace(points=np.array([[10.0, 20.0], [90.0, 80.0]]), source=TraceSource.USER)
    poses = np.tile(np.eye(4), (5, 1, 1))
    poses[:, 0, 3] = 0.4 + 0.01 * np.arange(5)
    model = CameraModel.from_fov(width=SIZE[0], height=SIZE[1], fovy=0.8, pose=np.eye(4))
    return [
        (
            0.0,
            events.SessionStarted(
                policy="embedded",
                checkpoint="ab" * 32,
                robot="lab",
                configuration={"operator": "kim"},
                cameras={"front": model, "wrist": None},
            ),
        ),
        (0.5, events.EpisodeStarted(number=1, instruction="lift the red cube", rubric="Lift")),
        (1.0, events.Observed(request_id=1, observation=observation)),
        (1.5, events.Reasoned(reasoning=reasoning(1))),
        (
            1.8,
            events.TraceEdited(operation="draw", before=np.zeros((0, 2)), after=line.points),
        ),
        (2.0, events.Observed(request_id=2, observation=observation)),
        (2.01, events.Steered(request_id=2, trace=line, model_image=image("front", 3))),
        (
            2.5,
            events.Reasoned(
                reasoning=reasoning(2, steered_by=line, warnings=("The arm hardly moves.",))
            ),
        ),
        (2.6, events.Previewed(chunk=chunk(), poses=poses, ok=True, request_id=2)),
        (3.0, events.ChunkStarted(run_id="r1", chunk=chunk(), steps=2, request_id=2)),
        (3.2, events.StepDone(run_id="r1", step=0, state=state(3.2 * SECOND, 0.408))),
        (3.4, events.StepDone(run_id="r1", step=1, state=state(3.4 * SECOND, 0.419))),
        (3.5, events.ChunkEnded(run_id="r1", reason="done", steps_done=2)),
        (4.0, events.EpisodeNoted(number=1, remark=1, text="slipped once")),
        (4.2, events.EpisodeEnded(number=1, outcome=Outcome.SUCCESS, progress=100)),
        (5.0, events.EpisodeStarted(number=2, instruction="push the bowl")),
        (5.2, events.Observed(request_id=3, observation=later)),
        (5.6, events.Reasoned(reasoning=reasoning(3))),
        (6.0, events.Stopped(by="operator (Esc)")),
        (7.0, events.EpisodeEnded(number=2, outcome=Outcome.FAILURE)),
    ]


def record(path: Path, *, start=START, finish=True, told=None) -> Path:
    """Write the session; ``told`` replaces its story."""
    writer = SessionWriter(path, {"program": "tests"})
    waiting = list(story() if told is None else told)
    for tick in range(int(LENGTH_S * RATE)):
        now = tick / RATE
        while waiting and waiting[0][0] <= now:
            seconds, event = waiting.pop(0)
            t_ns = round(seconds * SECOND)
            writer.put(replace(event, t_ns=t_ns, wall_ns=start + t_ns))
        t_ns = round(now * SECOND)
        for camera in CAMERAS:
            seen = events.FrameSeen(frame=frame(camera, t_ns), wall_ns=start + t_ns)
            writer.put(seen)
        writer.put(events.StateSampled(state=state(t_ns, 0.4 + now / 100), wall_ns=start + t_ns))
    if not finish:
        writer.file.flush(sync=True)
        writer.abandon()
        return path.with_name(path.name + ".part")
    return writer.finish()
