"""The decoded depth of every answer as a coloured cloud of points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.export.films import stem
from core.export.job import SKIPPED, Facts, Part, one_by_one
from core.export.request import ExportRequest, Pace
from core.export.take import Take
from core.ply import ply_bytes, write_whole
from core.pointcloud import lift
from core.session.events import Observed, Reasoned
from core.session.reader import read_session
from core.surface import assumed_camera
from core.types import Observation, Reasoning

_OBSERVATIONS = 8
"""Observations that are kept until their answer comes; several may be asked together."""


class CloudJob:
    """A PLY file for every answer that has a depth map."""

    def __init__(self, request: ExportRequest, takes: list[Take]) -> None:
        """Plan a part for every take."""
        self.parts = one_by_one(takes)
        self._request = request

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write the clouds of a take."""
        take, count = part.takes[0], 0
        for observation, reasoning in _answers(take, pace):
            frame = observation.frames[0]
            camera = take.cameras.get(frame.camera)
            if camera is not None and camera.mounted_on_hand:
                camera = None  # its place is relative to a hand that has moved on
            height, width = frame.image.shape[:2]
            assert reasoning.depth_map is not None
            cloud = lift(reasoning.depth_map, frame.image, camera or assumed_camera(width, height))
            where = "robot base frame" if camera is not None else "camera frame, assumed angle"
            comment = f"Steering Studio; {where}; {cloud.label}"
            name = f"{stem(take, self._request)}-request-{reasoning.request_id:04d}.ply"
            write_whole(folder / name, ply_bytes(cloud.points, cloud.colours, comment))
            count += 1
        return {"clouds": count} if count else {SKIPPED: f"{take.title} has no decoded depth."}

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Nothing spans the clouds."""


def _answers(take: Take, pace: Pace) -> Iterator[tuple[Observation, Reasoning]]:
    """Yield every answer of a take that has a depth map, with what was asked about."""
    asked: dict[int, Observation] = {}
    length = max(take.ended_ns - take.started_ns, 1)
    for event in read_session(take.path, frames=False):
        if event.wall_ns > take.ended_ns:
            return
        pace.at((event.wall_ns - take.started_ns) / length)
        if isinstance(event, Observed):
            asked[event.request_id] = event.observation
            while len(asked) > _OBSERVATIONS:
                del asked[next(iter(asked))]
        elif isinstance(event, Reasoned) and event.wall_ns >= take.started_ns:
            observation = asked.get(event.reasoning.request_id)
            if observation is not None and event.reasoning.depth_map is not None:
                yield observation, event.reasoning
