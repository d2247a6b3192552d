"""Rerun recordings with a layout: cameras with traces, the arm in space, plots and the log.

Rerun's own importer draws neither traces nor plans from a session file, so this writes what it does
draw. The package ``rerun-sdk`` is an extra (490 MB). Source: study-log-safety.md B2.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.export.films import stem
from core.export.job import Facts, Part, one_by_one
from core.export.pose import DELTA
from core.export.redact import redact_event, redact_text
from core.export.request import ExportRequest, Pace
from core.export.take import NS, Take
from core.session.event import Event
from core.session.events import (
    FrameSeen,
    Observed,
    Previewed,
    Reasoned,
    StateSampled,
    Steered,
    StepDone,
    describe,
)
from core.session.reader import read_session
from core.trace import to_pixels
from core.types import RobotState, StudioError, Trace, TraceSource

APPLICATION = "steering_studio"
TIMELINE = "take_time"
JPEG_QUALITY = 85

_COLOURS = {TraceSource.MODEL: (240, 228, 66), TraceSource.USER: (86, 180, 233)}


def missing() -> str:
    """Return why no recording can be written, as a sentence; nothing when one can."""
    if importlib.util.find_spec("rerun") is None:
        return (
            "Rerun recordings need the package rerun-sdk, which is an extra: "
            "pip install 'steering-studio[rerun]'"
        )
    return ""


class RrdJob:
    """A recording for every take."""

    def __init__(self, request: ExportRequest, takes: list[Take]) -> None:
        """Plan a part for every take.

        Raises:
            StudioError: If the package is not installed.
        """
        if reason := missing():
            raise StudioError(reason)
        self._rr: Any = importlib.import_module("rerun")
        self._request = request
        self.parts = one_by_one(takes)

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write the recording of a take."""
        take = part.takes[0]
        name = stem(take, self._request)
        identity = hashlib.sha256(part.key.encode()).hexdigest()[:32]
        stream = self._rr.RecordingStream(APPLICATION, recording_id=identity)
        stream.save(str(folder / f"{name}.rrd"), default_blueprint=self._blueprint(take))
        try:
            sketch = _Sketch(self._rr, stream, take, self._words)
            length = max(take.ended_ns - take.started_ns, 1)
            for event in read_session(take.path):
                pace.at((event.wall_ns - take.started_ns) / length)
                if event.wall_ns > take.ended_ns:
                    break
                if event.wall_ns >= take.started_ns:
                    sketch.add(event)
            sketch.finish()
        finally:
            stream.flush()
            stream.disconnect()
        return {"file": f"{name}.rrd"}

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Nothing spans the recordings."""

    def _words(self, event: Event) -> str:
        keep = self._request.keep
        return redact_text(describe(redact_event(event, keep)), keep)

    def _blueprint(self, take: Take) -> Any:
        """Cameras above, space beside them, plots and the log below."""
        b: Any = importlib.import_module("rerun.blueprint")
        cameras = [b.Spatial2DView(origin=f"/camera/{name}", name=name) for name in take.cameras]
        plots = [
            b.TimeSeriesView(origin="/action", name="Executed actions"),
            b.TimeSeriesView(origin="/state", name="Measured state"),
        ]
        space = b.Spatial3DView(origin="/arm", name="Arm")
        log = b.TextLogView(origin="/events", name="Events")
        return b.Blueprint(
            b.Vertical(
                b.Horizontal(*cameras, space),
                b.Horizontal(*plots, log),
                row_shares=[3, 2],
            ),
            collapse_panels=True,
        )


class _Sketch:
    """Logs one event after the other."""

    def __init__(self, rr: Any, stream: Any, take: Take, words: Callable[[Event], str]) -> None:
        self._rr, self._stream, self._take, self._words = rr, stream, take, words
        self._camera, self._size = "", (0, 0)
        self._path: list[list[float]] = []
        done = {(step.run_id, step.step): step for step in take.steps}
        self._steps = done
        stream.log("/arm", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        stream.log("/instruction", rr.TextDocument(take.instruction), static=True)
        for group, names in (("/action", DELTA), ("/state", ("x", "y", "z", "gripper"))):
            for name in names:
                stream.log(f"{group}/{name}", rr.SeriesLines(names=[name]), static=True)

    def add(self, event: Event) -> None:
        """Log an event at the time it was noted."""
        rr, stream = self._rr, self._stream
        stream.set_time(TIMELINE, duration=(event.wall_ns - self._take.started_ns) / NS)
        match event:
            case FrameSeen():
                image = rr.Image(event.frame.image).compress(jpeg_quality=JPEG_QUALITY)
                stream.log(f"/camera/{event.frame.camera}", image)
            case StateSampled():
                self._state(event.state)
            case Observed():
                frame = event.observation.frames[0]
                self._camera = frame.camera
                self._size = (frame.image.shape[1], frame.image.shape[0])
            case Reasoned():
                for trace in event.reasoning.traces:
                    self._trace("model", trace)
            case Steered():
                self._trace("user", event.trace)
            case Previewed():
                places = event.poses[:, :3, 3]
                strip = rr.LineStrips3D([places], colors=[_COLOURS[TraceSource.MODEL]])
                stream.log("/arm/plan", strip)
            case StepDone():
                self._action(event)
            case _:
                pass
        if event.decisive:
            stream.log("/events", rr.TextLog(self._words(event), level="INFO"))

    def finish(self) -> None:
        """Log the whole way of the hand, which holds for all times."""
        if len(self._path) > 1:
            strip = self._rr.LineStrips3D([np.array(self._path)], colors=[(160, 160, 160)])
            self._stream.log("/arm/way", strip, static=True)

    def _state(self, state: RobotState) -> None:
        place = state.ee_pose[:3, 3].tolist()
        self._path.append(place)
        self._stream.log("/arm/hand", self._rr.Points3D([place], radii=[0.012]))
        values = dict(zip("xyz", place, strict=True)) | {"gripper": state.gripper}
        for name, value in values.items():
            self._stream.log(f"/state/{name}", self._rr.Scalars([value]))

    def _trace(self, who: str, trace: Trace) -> None:
        if self._camera:
            # Rerun puts (0, 0) at the corner of the first pixel, a trace at its centre
            pixels = to_pixels(trace.points, self._size) + 0.5
            strip = self._rr.LineStrips2D([pixels], colors=[_COLOURS[trace.source]], radii=[1.5])
            self._stream.log(f"/camera/{self._camera}/trace/{who}", strip)

    def _action(self, event: StepDone) -> None:
        step = self._steps.get((event.run_id, event.step))
        if step is not None:
            for name, value in zip(DELTA, step.action.tolist(), strict=True):
                self._stream.log(f"/action/{name}", self._rr.Scalars([value]))
