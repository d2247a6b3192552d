"""A session as the studio records one: episodes, plans, runs, steps and live pictures."""

from __future__ import annotations

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

ZERO_NS = 1_790_000_000_000_000_000
SIZE = (32, 24)
NAME = "session-20261123-101112.mcap"


class Story:
    """Events with times of a clock that is turned by hand."""

    def __init__(self):
        self.now = 0.0
        self.events = []
        self.frames = 0

    def tell(self, kind, **fields):
        self.events.append(kind(wall_ns=self.wall(), t_ns=self.mono(), **fields))

    def wall(self):
        return ZERO_NS + round(self.now * 1e9)

    def mono(self):
        return 5_000_000_000 + round(self.now * 1e9)

    def state(self):
        pose = np.diag([1.0, -1.0, -1.0, 1.0])
        pose[:3, 3] = (0.4 + 0.01 * self.now, 0.0, 0.2)
        return RobotState(q=np.full(7, self.now), ee_pose=pose, gripper=1.0, t_ns=self.mono())

    def picture(self, value):
        image = np.full((SIZE[1], SIZE[0], 3), 30, np.uint8)
        image[:, : SIZE[0] // 2] = value
        return image

    def wait(self, seconds):
        """Let time pass: pictures ten times a second, brighter with time, and states."""
        for _ in range(round(seconds * 10)):
            self.events.append(events.StateSampled(state=self.state(), wall_ns=self.wall()))
            for camera in ("front", "wrist"):
                frame = Frame(
                    camera=camera,
                    image=self.picture(round(self.now * 30) + 60),
                    t_ns=self.mono(),
                    seq=self.frames,
                )
                self.events.append(events.FrameSeen(frame=frame, wall_ns=self.wall()))
            self.frames += 1
            self.now = round(self.now + 0.1, 6)

    def plan(self, request_id, instruction, drawn=None, depth=False):
        frame = Frame(camera="front", image=self.picture(90), t_ns=self.mono())
        observation = Observation(frames=(frame,), instruction=instruction, state=self.state())
        self.tell(events.Observed, request_id=request_id, observation=observation)
        if drawn is not None:
            line = Trace(points=np.array(drawn, float), source=TraceSource.USER)
            self.tell(events.Steered, request_id=request_id, trace=line)
        self.wait(0.5)
        answer = Reasoning(
            request_id=request_id,
            text="…",
            depth=DepthTokens(codes=np.arange(100)),
            depth_map=DepthMap(values=np.full((16, 16), 0.8, np.float32), metric=True)
            if depth
            else None,
            traces=(Trace(points=np.array([[10.0, 20.0], [30.0, 40.0]])),),
            chunk=self.chunk(request_id),
        )
        self.tell(events.Reasoned, reasoning=answer)

    def chunk(self, request_id, rate=5.0):
        return ActionChunk(actions=np.arange(56).reshape(8, 7) / 1000 + request_id, rate_hz=rate)

    def run(self, request_id, steps, rate=5.0):
        chunk = self.chunk(request_id, rate)
        common = {"run_id": f"r{request_id}"}
        self.tell(events.ChunkStarted, chunk=chunk, steps=8, request_id=request_id, **common)
        for step in range(steps):
            self.wait(0.2)
            self.tell(events.StepDone, step=step, state=self.state(), **common)
        self.tell(events.ChunkEnded, reason="stopped", steps_done=steps, **common)


def started(story):
    camera = CameraModel.from_fov(width=SIZE[0], height=SIZE[1], fovy=0.8, pose=np.eye(4))
    story.tell(
        events.SessionStarted,
        configuration={"sessions": "/home/berta/logs", "operator": "Berta", "theme": "dark"},
        policy="embedded",
        checkpoint="ab" * 32,
        robot="lab",
        host="arm-of-berta.example",
        cameras={"front": camera, "wrist": None},
    )


def two_episodes(rate=5.0):
    """Episode 1: three model steps and two steered ones, a success. Episode 2: other words."""
    story = Story()
    started(story)
    story.wait(1.0)
    story.tell(events.EpisodeStarted, number=1, instruction="lift the cube", rubric="Lift")
    story.plan(1, "lift the cube", depth=True)
    story.run(1, 3, rate)
    story.plan(2, "lift the cube", drawn=[[1, 2], [3, 4], [5, 6]])
    story.run(2, 2, rate)
    story.tell(events.Note, text="Berta sneezed, see /home/berta/notes.txt", author="Berta")
    story.tell(events.EpisodeNoted, number=1, remark=1, text="Berta was nervous")
    story.tell(events.EpisodeProgressed, number=1, progress=85, milestone="grasped", rubric="Lift")
    story.tell(
        events.EpisodeEnded,
        number=1,
        outcome=Outcome.SUCCESS,
        progress=85,
        note="Berta was nervous",
    )
    story.wait(1.0)
    story.tell(events.Fault, sentence="The disk of /home/berta/logs is full.", source="recorder")
    story.tell(events.EpisodeStarted, number=2, instruction="lift the cube", rubric="Lift")
    story.plan(3, "push the cube")
    story.run(3, 4, rate)
    story.tell(events.EpisodeEnded, number=2, outcome=Outcome.FAILURE)
    return story.events


def no_episodes():
    """A session in which nobody started an episode."""
    story = Story()
    started(story)
    story.wait(0.5)
    story.plan(7, "lift the cube")
    story.run(7, 2)
    return story.events


def write(path, story):
    """Write events into a session file."""
    writer = SessionWriter(path, {"program": "studio"})
    for event in story:
        writer.put(event)
    writer.finish()
    return path
